/** The runner of a case as a process that may do what it likes: watched, timed, and ended when it does not end. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ControlGroup } from './control-group.js';
import { caseMessageSchema, MESSAGES_FD } from './request.js';
import type { CaseMessage } from './request.js';

const PROGRAM = fileURLToPath(new URL('./sacrifice.js', import.meta.url));
/** To the fault: engine, image and two runs that begin. */
const LONGEST_START_MS = 120_000;
/** From the end of the faulty run to that of the other, which then has a step to finish. */
const LONGEST_STOP_MS = 30_000;
const LONGEST_OUTPUT_MS = 2000;

export interface WatchOptions {
  readonly requestPath: string;
  readonly env: NodeJS.ProcessEnv;
  readonly group: ControlGroup | undefined;
  /** What to look for in all that it prints. */
  readonly secret: string;
  /** From the fault to the end of its run; then it is taken for hung. */
  readonly longestFaultMs: number;
  readonly signal: AbortSignal;
}

export interface WatchedRunner {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** It had to be killed, for it did not end in time. */
  readonly hung: boolean;
  readonly messages: readonly CaseMessage[];
  /** From the fault to the end of its run; null: never. */
  readonly backMs: number | null;
  readonly printedBytes: number;
  readonly printedSecret: boolean;
}

/** To its end, whichever that is. @throws the signal's reason, once it has ended */
export async function watchRunner(options: WatchOptions): Promise<WatchedRunner> {
  const { requestPath, env, group, signal, longestFaultMs } = options;
  const child = spawn(process.execPath, [PROGRAM, requestPath], {
    ...{ env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
    // Ctrl-C is for the bench.
    detached: true,
  });
  const [exited, closed] = [once(child, 'exit'), once(child, 'close')];
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  let hung = false;
  const deadline = new Deadline(() => {
    hung = true;
    kill();
  });
  try {
    deadline.set(LONGEST_START_MS);
    if (child.pid !== undefined) await group?.add(child.pid);
    const output = readOutput(child, options.secret);
    const at = new Map<CaseMessage['at'], number>();
    const messages: CaseMessage[] = [];
    const lines = createInterface({ input: child.stdio[MESSAGES_FD] as Readable });
    lines.on('line', (line) => {
      const message = caseMessageSchema.safeParse(parse(line)).data;
      if (message === undefined) return;
      messages.push(message);
      at.set(message.at, performance.now());
      if (message.at === 'fault') deadline.set(longestFaultMs);
      if (message.at === 'back') deadline.set(LONGEST_STOP_MS);
    });
    const [exitCode, signalName] = (await exited) as [number | null, string | null];
    // What it has printed last is still on its way; what it has started may hold its output open for longer.
    await Promise.race([closed, sleep(LONGEST_OUTPUT_MS)]);
    lines.close();
    signal.throwIfAborted();
    const [fault, back] = [at.get('fault'), at.get('back')];
    return {
      ...{ exitCode, signal: signalName, hung, messages, ...output() },
      backMs: fault === undefined || back === undefined ? null : back - fault,
    };
  } finally {
    deadline.clear();
    if (child.exitCode === null && child.signalCode === null) kill();
    signal.removeEventListener('abort', kill);
    for (const stream of child.stdio) stream?.destroy();
  }
}

class Deadline {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly onOver: () => void) {}

  set(ms: number): void {
    this.clear();
    this.#timer = setTimeout(this.onOver, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** Counts what it prints, looks for the secret in it, and keeps nothing. */
function readOutput(child: ChildProcess, secret: string) {
  let printedBytes = 0;
  let printedSecret = false;
  for (const stream of [child.stdout, child.stderr]) {
    let end: Buffer = Buffer.alloc(0);
    stream?.on('data', (chunk: Buffer) => {
      printedBytes += chunk.length;
      // It may be cut between two chunks.
      printedSecret ||= Buffer.concat([end, chunk]).includes(secret);
      end = chunk.subarray(-secret.length);
    });
  }
  return () => ({ printedBytes, printedSecret });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Half a line of one that was killed.
    return undefined;
  }
}
