/**
 * The composition root: together with wire-daemon.ts the only module that knows every part. Each part is imported
 * when it is first needed, so that a command loads what it uses and nothing else.
 */
import { systemClock } from '../common/clock.js';
import type { Engine } from '../engine/engine.js';
import type { PreparedEngine, Services } from './services.js';

export function wireServices(): Services {
  return {
    async findJob(name) {
      const { findJob } = await import('../jobs/index.js');
      return findJob(name);
    },
    async prepareEngine({ variant, webgpuAdapter, ...options }) {
      if (variant === 'webgpu') {
        const { prepareWebgpu } = await import('../engine/webgpu/prepare.js');
        const { engine, webgpu } = await prepareWebgpu(options, webgpuAdapter);
        const { name, version } = engine;
        return { name, version, handle: engine, ...(webgpu && { webgpu }) };
      }
      const { prepareEngine } = await import('../engine/prepare-engine.js');
      const engine = await prepareEngine({ ...options, ...(variant && { variant }) });
      return { name: engine.name, version: engine.version, handle: engine };
    },
    async requireGpu({ env, signal, ...wish }) {
      const { requireGpu } = await import('../engine/gpu/index.js');
      await requireGpu({ env, signal }, wish);
    },
    async createRuntime({ engine, ...parts }) {
      const { createInProcessRuntime } = await import('../../runtimes/inprocess/index.js');
      return createInProcessRuntime({ ...parts, engine: engineOf(engine), clock: systemClock });
    },
    async createProcessRuntime({ engine, earlierPhases }) {
      const { createProcessRuntime } = await import('../../runtimes/process/index.js');
      return createProcessRuntime({ engine: engineOf(engine), clock: systemClock, earlierPhases });
    },
    async connectDaemon(options) {
      const { connectDaemon } = await import('./wire-daemon.js');
      return connectDaemon({ ...options, engineOf });
    },
    async connectCluster(options) {
      const { connectCluster } = await import('./wire-cluster.js');
      return connectCluster(options);
    },
    async sweepCluster(options) {
      const { sweepCluster } = await import('./wire-cluster.js');
      return sweepCluster(options);
    },
    async connectTracking(options) {
      const { connectTracking } = await import('./wire-tracking.js');
      return connectTracking(options);
    },
    async openRecordedRuns(options) {
      const { openRecordedRuns } = await import('../tracking/read/index.js');
      return openRecordedRuns(options);
    },
    async startTrackingServer(options) {
      const { startLocalServer } = await import('../tracking/local-server/start-local-server.js');
      return startLocalServer(options);
    },
    async evaluateRun({ runId, runDir, spec, outcome }, { job, engine, dataDir, signal }) {
      const [{ evaluateRun }, { loadEngine }] = await Promise.all([
        import('../trainer/evaluate-run.js'),
        import('../engine/load.js'),
      ]);
      const { weightsDigest, stepsCompleted } = outcome.training;
      return evaluateRun(
        { runId, runDir, spec, weightsDigest, stepsCompleted },
        {
          job,
          dataDir,
          clock: systemClock,
          loadTensorFlow: () => loadEngine(engineOf(engine), { threads: spec.threads }),
        },
        signal,
      );
    },
    async inspect() {
      const { inspectEngine } = await import('../engine/inspect-engine.js');
      return inspectEngine();
    },
    async inspectGpu({ env }) {
      const { inspectGpu } = await import('../engine/inspect/inspect-gpu.js');
      return inspectGpu({ env, signal: new AbortController().signal });
    },
    async inspectWebgpu({ env, adapter }) {
      const { inspectWebgpu } = await import('../engine/inspect/inspect-webgpu.js');
      return inspectWebgpu({ env, signal: new AbortController().signal }, adapter);
    },
    async inspectDaemon(options) {
      const { inspectDaemon } = await import('../../runtimes/docker/inspect-daemon.js');
      const { findings, daemon, connection } = await inspectDaemon(options);
      if (daemon === undefined || connection === undefined) return { findings, document: null };
      const { inspectTrainerImage } = await import('../../runtimes/docker/inspect-image.js');
      const image = await inspectTrainerImage(connection, options);
      return {
        findings: [...findings, image.finding],
        document: { ...daemon, trainerImage: image.document },
      };
    },
    async inspectTracking(options) {
      const { inspectTracking } = await import('../tracking/inspect/index.js');
      return inspectTracking(options);
    },
  };
}

/** `handle` is what `prepareEngine` above put there. */
const engineOf = ({ handle }: PreparedEngine): Engine => handle as Engine;
