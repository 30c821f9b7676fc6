/**
 * `--mode kubernetes` against a stand-in for a cluster, which runs the real trainer as a child process, and a real S3.
 * No control plane: docs/kubernetes.md says what that leaves open.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connectCluster } from '../../runtimes/kubernetes/cluster/cluster.js';
import type { Job } from '../../runtimes/kubernetes/cluster/plain.js';
import { createKubernetesRuntime } from '../../runtimes/kubernetes/index.js';
import type { KubernetesTiming } from '../../runtimes/kubernetes/parts.js';
import { DIST } from '../../scripts/lib/paths.mjs';
import { systemClock } from '../../src/common/clock.js';
import { readEvents } from '../../src/common/event-log.js';
import type { RunEvent } from '../../src/contract/run-event.js';
import type { RunSpec } from '../../src/contract/run-spec.js';
import type { Engine } from '../../src/engine/engine.js';
import { prepareEngine } from '../../src/engine/prepare-engine.js';
import { mnistCnn } from '../../src/jobs/mnist-cnn/index.js';
import { processMeter } from '../../src/orchestrator/resources.js';
import { runJob } from '../../src/orchestrator/run-job.js';
import { S3Exchange } from '../../src/tracking/artifacts/s3-exchange.js';
import { readNewestCheckpoint } from '../../src/trainer/checkpoints/folder.js';
import { StandInCluster, until, type ClusterOptions } from '../support/cluster/api-server.js';
import { writeMnistSubset } from '../support/mnist-subset.js';
import { runJson, startRunner } from '../support/runner.js';
import { ADMIN, BUCKET } from './support/seaweed.js';

const IMAGE = 'registry.test/runner-trainer:cpu';
const STORAGE = `s3://${BUCKET}/kubernetes`;
let folder: string;
let dataDir: string;
let engine: Engine;
let images: ClusterOptions['images'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'runner-kubernetes-'));
  dataDir = join(folder, 'data');
  mkdirSync(dataDir);
  writeMnistSubset(dataDir, { train: 600, test: 100 });
  engine = await prepareEngine();
  const program = join(DIST, 'src', 'trainer', 'main.js');
  images = { [IMAGE]: { program, folders: { '/opt/runner/engine': dirname(engine.bindingPath) } } };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMMON = ['--threads', '1', '--batch-size', '60', '--no-track'];
const SHORT = [...COMMON, '--epochs', '2', '--evaluate'];
const ENDLESS = [...COMMON, '--epochs', '100000', '--no-early-stopping'];

/** A cluster of the test's own, and the command line that uses it. */
async function onCluster(options: Partial<ClusterOptions> = {}) {
  const cluster = await StandInCluster.start({ images, ...options });
  const place = mkdtempSync(join(folder, 'test-'));
  const [kubeconfig, runsDir] = [join(place, 'kubeconfig.json'), join(place, 'runs')];
  mkdirSync(runsDir);
  writeFileSync(kubeconfig, cluster.kubeconfig);
  const servers = inject('trackingServers');
  if ('lacking' in servers) throw new Error(servers.lacking);
  const env = { ...ADMIN, MLFLOW_S3_ENDPOINT_URL: servers.s3Endpoint, KUBECONFIG: kubeconfig };
  const common = ['--runs-dir', runsDir];
  return {
    ...{ cluster, env, runsDir },
    run: (...args: string[]) => runJson([...args, ...common], { env }),
    start: (...args: string[]) => startRunner([...args, ...common, '--json'], { env }),
    direct: ['train', '--data-dir', dataDir],
    train: [
      ...['train', '--mode', 'kubernetes', '--image', IMAGE, '--storage', STORAGE],
      ...['--service-account', 'runner-trainer', '--data-dir', dataDir],
    ],
    runDir: () => join(runsDir, readdirSync(runsDir).find((name) => !name.startsWith('.')) ?? 'none'),
    left: () => [cluster.jobs.size, cluster.secrets.size, cluster.pods.size],
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}
type Here = Awaited<ReturnType<typeof onCluster>>;

const filesIn = (runDir: string): string[] =>
  ['artifacts', 'checkpoints'].flatMap((name) =>
    readdirSync(join(runDir, name), { recursive: true })
      .map((file) => join(name, String(file)))
      .sort(),
  );
const eventsIn = (runDir: string) => readEvents(join(runDir, 'events.ndjson'));
const hasCheckpoint = (here: Here) => (): boolean =>
  readIfThere(join(here.runDir(), 'events.ndjson')).includes('"checkpoint"');
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

describe('a run on a cluster', () => {
  it('has the weights of a run in this process, to the bit, and leaves nothing on the cluster', async () => {
    // Its log breaks off again and again.
    await using here = await onCluster({ cutLogsAfter: 15 });
    const { document: direct } = await here.run(...here.direct, ...SHORT);
    const { document, exitCode, stderr } = await here.run(...here.train, ...SHORT);
    expect([exitCode, document.status], stderr).toEqual([0, 'succeeded']);
    expect(document.weightsDigest).toMatch(/^sha256:/);
    expect(document.weightsDigest).toBe(direct.weightsDigest);
    const [runDir, expected] = [String(document.runDir), String(direct.runDir)];
    expect(filesIn(runDir)).toEqual(filesIn(expected));
    const shape = (event: RunEvent) => [event.seq, event.type];
    expect((await eventsIn(runDir)).map(shape)).toEqual((await eventsIn(expected)).map(shape));
    // The pod was given no credential, and the cluster none but for a Secret that is gone.
    const given = here.cluster.given.join();
    expect(given).toContain('--transfers');
    for (const secret of Object.values(ADMIN)) expect(given).not.toContain(`"${secret}"`);
    expect(given).not.toContain('X-Amz-Signature');
    expect(here.left()).toEqual([0, 0, 0]);
    expect(here.cluster.asked.filter((line) => / [45]\d\d$/.test(line))).toEqual([]);
  });

  it('goes on when its runner is killed, and is finished by another one', async () => {
    await using here = await onCluster();
    const killed = here.start(...here.train, ...COMMON, '--epochs', '3', '--no-early-stopping');
    await until(hasCheckpoint(here), 'a checkpoint');
    killed.kill('SIGKILL');
    await killed;
    const { document, exitCode } = await here.run('recover');
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ runs: [{ how: 'finished', status: 'succeeded' }] });
    const events = await eventsIn(here.runDir());
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(3);
    expect(here.left()).toEqual([0, 0, 0]);
  });

  it('is kept by `runner gc` while it may go on, and removed once its directory is', async () => {
    // No trainer is needed for it.
    await using here = await onCluster({ unschedulable: '0/3 nodes are available' });
    const stranger: Job = {
      metadata: { name: 'stranger', uid: 's', labels: { 'app.kubernetes.io/managed-by': 'runner' } },
      spec: { template: { spec: { containers: [{ name: 'c' }] } } },
    };
    here.cluster.jobs.set('stranger', stranger);
    const gc = async (...args: string[]) => {
      const { document } = await runJson(['gc', '--mode', 'kubernetes', ...args], { env: here.env });
      const things = document.things as { name: string; verdict: string; why: string }[];
      return things.map(({ name, verdict, why }) => [name, verdict, why]);
    };
    const killed = here.start(...here.train, ...ENDLESS);
    await until(() => here.cluster.pods.size === 1, 'a pod');
    const job = `runner-${basename(here.runDir())}`;
    expect(await gc()).toEqual([[job, 'kept', 'the process that made it lives']]);
    killed.kill('SIGKILL');
    await killed;
    expect(await gc()).toEqual([[job, 'kept', 'its run can be finished: `runner recover`']]);
    rmSync(here.runDir(), { recursive: true });
    expect(await gc('--dry-run')).toEqual([[job, 'would-remove', 'its run was removed']]);
    expect(here.left()).toEqual([2, 1, 1]);
    expect(await gc()).toEqual([[job, 'removed', 'its run was removed']]);
    expect([...here.cluster.jobs.keys(), ...here.left()]).toEqual(['stranger', 1, 0, 0]);
  });

  it('is cancelled with a checkpoint of where it stopped', async () => {
    await using here = await onCluster();
    const running = here.start(...here.train, ...ENDLESS);
    await until(hasCheckpoint(here), 'a checkpoint');
    running.kill('SIGINT');
    const { exitCode, stdout } = await running;
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled', reason: 'interrupted' });
    expect(await readNewestCheckpoint(here.runDir())).not.toBeNull();
    expect(here.left()).toEqual([0, 0, 0]);
  });
});

const QUICK: Partial<KubernetesTiming> = { pollMs: 20, scheduleMs: 0, startMs: 0, retryMs: 20 };

/** The runtime itself, to its outcome. */
async function runOn(here: Here, onEvent: (event: RunEvent) => void = () => undefined, image = IMAGE) {
  const { digest, trainExamples, testExamples } = await mnistCnn.describeData(dataDir);
  const { seed, ...defaults } = mnistCnn.defaults;
  const spec: RunSpec = {
    ...{ schemaVersion: 1, job: mnistCnn.name, mode: 'kubernetes', seed, threads: 1 },
    hyperparameters: { ...defaults, epochs: 1000, earlyStopping: false },
    engine: { name: 'tensorflow', version: engine.version, step: 'auto' },
    data: { dir: dataDir, digest, trainExamples, testExamples },
    container: { image },
    kubernetes: { namespace: 'runner', storage: STORAGE },
  };
  process.env.KUBECONFIG = here.env.KUBECONFIG;
  const [cluster, storage] = await Promise.all([
    connectCluster({}),
    S3Exchange.open(STORAGE, { env: here.env }),
  ]);
  try {
    const parts = { cluster, storage, job: mnistCnn, clock: systemClock, owner: 'test', timing: QUICK };
    const { signal } = new AbortController();
    return await runJob(
      { spec, runsDir: here.runsDir, evaluate: false, signal, onEvent },
      { runtime: createKubernetesRuntime(parts), clock: systemClock, meter: processMeter },
    );
  } finally {
    delete process.env.KUBECONFIG;
    storage.close();
  }
}

describe('a run that a cluster cannot start says why', () => {
  it.each([
    [
      'there is no such image',
      {},
      'nowhere/at-all:1',
      'image-missing',
      'The node cannot get the trainer\'s image (ImagePullBackOff: Back-off pulling image "nowhere/at-all:1": not found).',
    ],
    [
      'no node has room',
      { unschedulable: '0/3 nodes are available: 3 Insufficient memory.' },
      IMAGE,
      'unschedulable',
      'No node can take the pod (0/3 nodes are available: 3 Insufficient memory).',
    ],
    [
      'a quota is used up',
      { refusesPods: 'pods "x" is forbidden: exceeded quota' },
      IMAGE,
      'unschedulable',
      'The cluster makes no pod (FailedCreate: pods "x" is forbidden: exceeded quota).',
    ],
  ])('%s', async (_, options, image, reason, message) => {
    await using here = await onCluster(options);
    const { outcome } = await runOn(here, undefined, image);
    expect(outcome).toMatchObject({ status: 'failed', reason, message });
    expect(here.left()).toEqual([0, 0, 0]);
  });

  it('a Job that somebody else has made bears its name', async () => {
    await using here = await onCluster({ hasEveryName: true });
    const { outcome } = await runOn(here);
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'job-conflict' } });
    // It is left as it is.
    expect(here.left()).toEqual([1, 0, 0]);
  });
});

describe('a pod that is ended from outside', () => {
  it.each([
    [
      'for its memory',
      (cluster: StandInCluster) => cluster.outOfMemory(),
      { reason: 'out-of-memory', exitCode: 137, signal: 'SIGKILL' },
    ],
    [
      'by its node',
      (cluster: StandInCluster) => cluster.evict('The node was low on resource: memory.'),
      {
        reason: 'evicted',
        message: 'The pod was evicted (TerminationByKubelet: The node was low on resource: memory).',
      },
    ],
  ])('%s', async (_, end, expected) => {
    await using here = await onCluster();
    const { outcome } = await runOn(here, ({ type }) => type === 'epoch' && end(here.cluster));
    expect(outcome).toMatchObject({ status: 'failed', ...expected });
    expect(outcome.training.epochsCompleted).toBeGreaterThan(0);
    expect(here.left()).toEqual([0, 0, 0]);
  });
});
