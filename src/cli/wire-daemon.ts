/** The Docker daemon as the commands see it, from the parts of runtimes/docker. Nothing loads it but a command that needs one. */
import { connect } from '../../runtimes/docker/connection/connection.js';
import { describeDaemon } from '../../runtimes/docker/connection/describe-daemon.js';
import type { DaemonDescription } from '../../runtimes/docker/connection/describe-daemon.js';
import {
  ensureImage,
  findImage,
  IMAGE_LABELS,
  listImages,
  planImage,
  removeImages,
} from '../../runtimes/docker/image/index.js';
import type { TrainerImage as FoundImage } from '../../runtimes/docker/image/index.js';
import { createDockerRuntime } from '../../runtimes/docker/index.js';
import { systemClock } from '../common/clock.js';
import type { Engine } from '../engine/engine.js';
import { isLabelledOwnerAlive, ownerLabel } from '../orchestrator/owner.js';
import type { Daemon, PreparedEngine, TrainerImage } from './services.js';

export interface ConnectOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly engineOf: (engine: PreparedEngine) => Engine;
}

export async function connectDaemon({ env, signal, engineOf }: ConnectOptions): Promise<Daemon> {
  const connection = await connect(env);
  const description = await describeDaemon(connection, signal);
  return {
    address: connection.address,
    cpus: description.cpus,
    unlimited: unlimitedBy(description),
    seccomp: description.seccomp,
    findImage: async (name, options) => toTrainerImage(await findImage(connection, name, options)),
    async ensureImage({ engine, gpu, base, ...options }) {
      const plan = await planImage({
        engine: engineOf(engine),
        kind: gpu ? 'gpu' : 'cpu',
        ...(base === undefined ? {} : { base }),
      });
      return toTrainerImage(await ensureImage(connection, plan, { ...options, env }));
    },
    async probeGpu(options) {
      const { probeGpu } = await import('../../runtimes/docker/gpu-probe.js');
      await probeGpu(connection, { ...options, owner: ownerLabel() });
    },
    listImages: (options) => listImages(connection, options),
    async removeImages({ all, ...options }) {
      if (all || options.names !== undefined) return removeImages(connection, options);
      const bases = (await listImages(connection, options)).filter(({ kind }) => kind === 'base');
      const keep = [...(await tagsOfThisVersion(env)), ...bases.flatMap(({ tags }) => tags)];
      return removeImages(connection, { ...options, keep });
    },
    createRuntime: (parts) =>
      createDockerRuntime({ ...parts, connection, clock: systemClock, owner: ownerLabel() }),
    async collectGarbage(options) {
      const [{ collectGarbage }, { lookUpRun }] = await Promise.all([
        import('../../runtimes/docker/gc.js'),
        import('../orchestrator/knowledge.js'),
      ]);
      const knowing = { clock: systemClock, lookUp: lookUpRun, isAlive: isLabelledOwnerAlive };
      return collectGarbage(connection, { ...options, ...knowing });
    },
    async keepWarm(options) {
      const { keepWarm } = await import('../../runtimes/docker/warm/index.js');
      await keepWarm(connection, { ...options, owner: ownerLabel() });
    },
  };
}

function unlimitedBy({ limits }: DaemonDescription): string[] {
  const names = { memory: limits.memory, swap: limits.swap, cpus: limits.cpu, pids: limits.pids };
  return Object.entries(names).flatMap(([name, holds]) => (holds ? [] : [name]));
}

const toTrainerImage = ({ tag, id, bytes, built, buildMs, labels }: FoundImage): TrainerImage => ({
  ...{ tag, id, bytes, built, buildMs },
  gpu: labels[IMAGE_LABELS.engine] === 'gpu',
});

/** None without an engine: which image this version would run is not known before it is built. */
async function tagsOfThisVersion(env: NodeJS.ProcessEnv): Promise<string[]> {
  const { findEngine } = await import('../engine/find-engine.js');
  const tags = (['cpu', 'gpu'] as const).map(async (kind) => {
    // What a library of the user's own leaves no room for.
    if (kind === 'gpu' && env.RUNNER_LIBTENSORFLOW) return [];
    const engine = findEngine(env, kind);
    return engine === undefined ? [] : [(await planImage({ engine, kind })).tag];
  });
  return (await Promise.all(tags)).flat();
}
