/** What the compose files say of themselves, and what the docs say of them: names, ports, variables. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const FOLDER = 'compose';
const read = (path: string): string => readFileSync(path, 'utf8');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yml'));
const compose = new Map(files.map((name) => [name, read(`${FOLDER}/${name}`)]));
const MLOPS = compose.get('docker-compose-mlops.yml')!;
const SEAWEEDFS = compose.get('docker-compose.yml')!;
const all = [...compose.values()].join('\n');

/** Of a block of the file: `services:`, `volumes:`. The files are our own, and two spaces deep. */
const keysOf = (text: string, block: string): string[] => {
  const [, body = ''] = new RegExp(`^${block}:\\n((?:  .*\\n|\\n)*)`, 'm').exec(text) ?? [];
  return [...body.matchAll(/^ {2}([\w-]+):/gm)].map(([, key]) => key!);
};
const services = (file: string): string[] => keysOf(compose.get(file) ?? '', 'services');
const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found]) => found!);
const unique = (names: readonly string[]): string[] => [...new Set(names)].sort();

/** `${NAME:?…}` */
const required = unique(matches(all, /\$\{([A-Z]\w*):\?/g));
const optional = unique(matches(all, /\$\{([A-Z]\w*):-/g));
const example = unique(matches(read(`${FOLDER}/.env.example`), /^([A-Z]\w*)=/gm));
/** Given on the command line or in .env by those who take that way. */
const ofWaysToDocker = [
  'DOCKER_CERTIFICATES',
  'DOCKER_GID',
  'DOCKER_SSH_FOLDER',
  'DOCKER_SSH_HOST',
  'DOCKER_TLS_HOST',
];

describe('the compose files', () => {
  it('have the services of the guide, each container under just that name', () => {
    const mlops = ['airflow-webserver', 'airflow-scheduler', 'airflow-worker', 'postgres', 'redis', 'mlflow'];
    const seaweedfs = ['seaweedfs-master', 'seaweedfs-volume', 'seaweedfs-filer', 'seaweedfs-s3'];
    expect(services('docker-compose-mlops.yml')).toEqual(expect.arrayContaining(mlops));
    expect(services('docker-compose.yml')).toEqual(expect.arrayContaining(seaweedfs));
    expect(matches(all, /container_name: (.*)/g)).toEqual(expect.arrayContaining([...mlops, ...seaweedfs]));
    expect(MLOPS).toContain('aliases: [airflow-apiserver]');
  });

  it('publish every port on this machine alone', () => {
    const published = matches(all, /^ {6}- '([\d.:]+)'$/gm);
    expect(unique(published)).toEqual(['127.0.0.1:5000:5000', '127.0.0.1:8080:8080', '127.0.0.1:8333:8333']);
  });

  it('name a version of every image, and no image that moves', () => {
    const images = matches(all, /\$\{[A-Z]+_(?:IMAGE|BASE):-([^}]+)\}/g);
    expect(images.length).toBeGreaterThan(6);
    for (const image of images) expect(image).toMatch(/:\d[\w.-]*$/);
    expect(matches(all, /image: (.*)/g).filter((image) => !image.startsWith('${'))).toEqual([]);
  });

  it('have no default for a secret: without .env the stack does not start', () => {
    const secret = /PASSWORD|SECRET|_KEY$/;
    expect(optional.filter((name) => secret.test(name))).toEqual([]);
    expect(required.filter((name) => secret.test(name)).length).toBeGreaterThan(8);
  });

  it('take all that they must have from .env.example, and it has nothing that nobody reads', () => {
    expect(required.filter((name) => !ofWaysToDocker.includes(name) && !example.includes(name))).toEqual([]);
    const read = [...required, ...optional, 'COMPOSE_PROJECT_NAME', 'COMPOSE_IGNORE_ORPHANS'];
    expect(example.filter((name) => !read.includes(name))).toEqual([]);
  });

  it('mount volumes that they declare', () => {
    for (const text of compose.values()) {
      const mounted = matches(text, /^ {4,6}- ([a-z][\w-]*):\//gm);
      expect(unique(mounted)).toEqual(unique(keysOf(text, 'volumes')));
    }
  });

  it('have root run Airflow by way of its image’s entrypoint, which alone makes its packages known to root', () => {
    const [, init = ''] = /^ {2}airflow-init:(.*?)^ {2}\S/ms.exec(MLOPS) ?? [];
    expect(matches(init, /^ +(\S+ )?airflow (?:db|users)/gm)).toEqual(['/entrypoint ', '/entrypoint ']);
    expect(init).toContain("_PIP_ADDITIONAL_REQUIREMENTS: ''");
  });

  it('keep SeaweedFS to itself, but for its S3, and tell nobody of it', () => {
    expect(SEAWEEDFS).toMatch(/networks:\n {2}storage:\n {4}internal: true/);
    expect(matches(SEAWEEDFS, /^ {4}networks: (.*)$/gm)).toEqual(['[storage, default]']);
    expect(SEAWEEDFS).toContain('-telemetry=false');
  });

  it('let nobody but MLflow have credentials of S3, and no worker', () => {
    const [, airflow = ''] = /^x-airflow:(.*?)^services:/ms.exec(MLOPS) ?? [];
    const [, worker = ''] = /^ {2}airflow-worker:(.*?)^ {2}\S/ms.exec(MLOPS) ?? [];
    expect(airflow).toContain('MLFLOW_TRACKING_URI: http://mlflow:5000');
    expect(airflow + worker).not.toMatch(/AWS_|S3_MLFLOW/);
    expect(MLOPS).toContain('--allowed-hosts mlflow:5000,localhost:5000,127.0.0.1:5000');
  });
});

describe.each(['docs/use_case_mnist.md', 'docs/ko/use_case_mnist.md', 'docs/security.md'])('%s', (path) => {
  const document = read(path);
  const commands = document.match(/docker compose -f .*/g) ?? [];

  it('starts services that there are, from files that there are', () => {
    for (const command of commands) {
      const named = matches(command, /-f (\S+)/g);
      for (const name of named) expect(files, command).toContain(name);
      const [, rest = ''] = /(?:up|stop|build|down)\b([^`]*)/.exec(command) ?? [];
      const wanted = rest.split(/\s+/).filter((word) => /^[a-z]/.test(word));
      const there = named.flatMap(services);
      for (const service of wanted) expect(there, command).toContain(service);
    }
  });

  it('enters containers that there are, and opens ports that are published', () => {
    for (const name of matches(document, /docker exec ([\w-]+)/g))
      expect(all).toContain(`container_name: ${name}\n`);
    for (const port of matches(document, /http:\/\/localhost:(\d+)/g))
      expect(all).toContain(`'127.0.0.1:${port}:`);
  });

  it('names variables of .env that are read', () => {
    const named = matches(document, /`((?:AIRFLOW|POSTGRES|REDIS|S3|DOCKER|COMPOSE)_[A-Z_]+)`/g);
    const ofRunner = ['DOCKER_HOST'];
    for (const name of named.filter((each) => !ofRunner.includes(each)))
      expect([...required, ...optional], name).toContain(name);
  });
});

it('the guide and its translation have the same commands, sections and tables', () => {
  const shape = (text: string): unknown => ({
    commands: matches(text, /^```bash\n([^]*?)^```/gm),
    sections: matches(text, /^(#+ [\d.]*)/gm),
    rows: text.split('\n').filter((line) => line.startsWith('|')).length,
    code: unique(matches(text, /`([^`\n]+)`/g)),
  });
  expect(shape(read('docs/ko/use_case_mnist.md'))).toEqual(shape(read('docs/use_case_mnist.md')));
});
