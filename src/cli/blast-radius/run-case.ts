/** One fault in one mode, provoked and observed, and everything of it cleared away. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toJson } from '../../common/json.js';
import { BLAST_RADIUS_JOB } from '../../contract/blast-radius.js';
import type { Fault } from '../../contract/blast-radius.js';
import type { RunMode } from '../../contract/run-spec.js';
import { listStoredRuns } from '../../orchestrator/list-runs.js';
import type { StoredRun } from '../../orchestrator/read-run.js';
import type { BlastCase, Observation } from '../../report/blast-radius/cases.js';
import type { Daemon } from '../services.js';
import { CONTAINER_BYTES, HEAP_MIB, OWN_END, setBounds } from './bounds.js';
import { bytesIn, makeCaseFolder, removeCaseFolder, wasReached } from './case-folder.js';
import type { CaseFolder } from './case-folder.js';
import { killMarked, markedProcesses } from './marked-processes.js';
import type { CaseRequest } from './request.js';
import { watchRunner } from './sacrificed-runner.js';
import type { WatchedRunner } from './sacrificed-runner.js';

export interface CaseSurroundings {
  /** Environment of the runner. */
  readonly env: NodeJS.ProcessEnv;
  /** Of the run beside the faulty one. */
  readonly dataDir: string;
  /** Where there are containers to be had. */
  readonly docker: { readonly daemon: Daemon; readonly image: string } | undefined;
  readonly signal: AbortSignal;
}

/** Of the endless loop: long enough to begin, and short enough to wait for. */
const LOOP_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 90_000;
/** From a time limit to the kill, as every run has it, and then some. */
const GRACE_MS = 15_000;
/** For what was killed to be gone, and for what was printed to have arrived. */
const SETTLE_MS = 500;

interface Case {
  readonly mode: RunMode;
  readonly fault: Fault;
}

/** @throws RunnerError of the daemon; the signal's reason, once all is cleared away */
export async function runCase(one: Case, surroundings: CaseSurroundings): Promise<BlastCase> {
  const folder = await makeCaseFolder();
  try {
    const bounds = await setBounds(one, folder);
    if (typeof bounds === 'string') return { ...one, notRun: bounds };
    try {
      return await provoke(one, folder, { ...surroundings, group: bounds.group });
    } finally {
      await killMarked(folder.token);
      await bounds.remove();
    }
  } finally {
    await removeCaseFolder(folder);
    // Of a runner that was ended before its containers: nobody has those runs any more.
    const { runsDir } = folder;
    await surroundings.docker?.daemon.collectGarbage({ dryRun: false, runsDir, signal: NEVER });
  }
}

const NEVER = new AbortController().signal;

async function provoke(
  one: Case,
  folder: CaseFolder,
  surroundings: CaseSurroundings & { readonly group: Parameters<typeof watchRunner>[0]['group'] },
): Promise<BlastCase> {
  const { env, dataDir, docker, group, signal } = surroundings;
  await using listener = await listen(folder.token);
  const { port } = listener;
  await folder.writePlan({ fault: one.fault, port, bounds: OWN_END });
  const timeoutMs = one.fault === 'endless-loop' ? LOOP_TIMEOUT_MS : TIMEOUT_MS;
  const requestPath = join(folder.path, 'request.json');
  const request: CaseRequest = {
    ...{ mode: one.mode, runsDir: folder.runsDir, planDir: folder.planDir, dataDir, timeoutMs },
    image: one.mode === 'docker' ? (docker?.image ?? null) : null,
    memoryBytes: CONTAINER_BYTES,
  };
  await writeFile(requestPath, toJson(request));
  const runner = await watchRunner({
    env: { ...env, NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`, [folder.secretVariable]: folder.secret },
    ...{ requestPath, group, signal, secret: folder.secret, longestFaultMs: timeoutMs + GRACE_MS },
  });
  await sleep(SETTLE_MS);
  if (!runner.messages.some(({ at }) => at === 'fault')) return { ...one, notRun: whyNot(runner) };
  const seen = await observe(one, folder, { runner, connected: listener.connected(), docker, signal });
  return { ...one, notRun: null, seen };
}

function whyNot({ messages, hung, signal, exitCode }: WatchedRunner): string {
  const broken = messages.find((message) => message.at === 'broken');
  if (broken !== undefined) return broken.message;
  const how = hung ? 'did not get so far in time' : `ended (${signal ?? `status ${exitCode ?? '?'}`})`;
  return `its runner ${how} before the fault`;
}

async function observe(
  { fault }: Case,
  folder: CaseFolder,
  parts: Pick<CaseSurroundings, 'docker' | 'signal'> & {
    readonly runner: WatchedRunner;
    readonly connected: boolean;
  },
): Promise<Observation> {
  const { runner, connected, docker, signal } = parts;
  const runs = (await listStoredRuns(folder.runsDir)).filter((run) => run.state !== 'unreadable');
  const isFaulty = ({ spec }: StoredRun): boolean => spec.job === BLAST_RADIUS_JOB;
  const [faulty, other] = [runs.find(isFaulty), runs.find((run) => !isFaulty(run))];
  const back = runner.messages.find((message) => message.at === 'back');
  const end = runner.messages.find((message) => message.at === 'end');
  const printed = runner.printedSecret;
  const onDisk = await wasReached(fault, folder, { faultyRun: faulty?.runDir, printed });
  const { runsDir } = folder;
  const things = (await docker?.daemon.collectGarbage({ dryRun: true, runsDir, signal })) ?? [];
  const { outcome } = faulty ?? {};
  return {
    runner: {
      end: runner.hung ? 'hung' : end !== undefined && runner.exitCode === 0 ? 'survived' : 'died',
      ...{ exitCode: runner.exitCode, signal: runner.signal },
    },
    bystander: {
      status: other?.outcome?.status ?? null,
      reason: other?.outcome?.reason ?? null,
      longestPauseMs: end?.longestPauseMs ?? null,
    },
    outcome: outcome ? { status: outcome.status, reason: outcome.reason, message: outcome.message } : null,
    error: back?.code ?? null,
    reached: fault === 'connect' ? connected : onDisk,
    left: {
      processes: (await markedProcesses(folder.token))?.length ?? null,
      containers: things.filter(({ kind }) => kind === 'container').length,
      volumes: things.filter(({ kind }) => kind === 'volume').length,
      diskBytes: await bytesIn(runsDir, other === undefined ? [] : [other.runDir]),
      printedBytes: runner.printedBytes,
    },
    backMs: runner.backMs === null ? null : Math.round(runner.backMs),
  };
}

interface Listener extends AsyncDisposable {
  readonly port: number;
  /** Whether somebody came and gave the token. */
  connected(): boolean;
}

async function listen(token: string): Promise<Listener> {
  let connected = false;
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      connected ||= bytes.includes(token);
    });
    // It came from a process that was killed.
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connected: () => connected,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
