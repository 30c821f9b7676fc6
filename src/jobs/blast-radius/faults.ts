/**
 * The faults themselves. Each is the real thing, and each ends by itself where nothing else stops it. One that harms
 * nobody's life returns: its run then goes on as if nothing had been.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isErrno } from '../../common/errors.js';
import type { BlastPlan, Fault } from '../../contract/blast-radius.js';

const MIB = 1024 ** 2;
const STDERR = 2;

export const provoke = (plan: BlastPlan): void => FAULTS[plan.fault](plan);

const FAULTS: Readonly<Record<Fault, (plan: BlastPlan) => void>> = {
  heap({ bounds }) {
    const hoard: unknown[] = [];
    while (process.memoryUsage.rss() < bounds.memoryBytes) {
      for (let n = 0; n < 100_000; n += 1) hoard.push({ more: [n, `${n}`] });
    }
  },
  /** Outside of the JavaScript heap, and every page of it used: for the kernel to end. */
  memory({ bounds }) {
    const hoard: Buffer[] = [];
    while (hoard.length * 16 * MIB < bounds.memoryBytes) hoard.push(Buffer.alloc(16 * MIB, 1));
  },
  segfault({ bounds }) {
    process.kill(process.pid, 'SIGSEGV');
    // Not every signal comes at once.
    spin(bounds.ms);
  },
  'endless-loop': ({ bounds }) => spin(bounds.ms),
  'log-flood'({ bounds }) {
    const page = Buffer.from(`${'flood '.repeat(170)}\n`.repeat(1024));
    for (let done = 0; done < bounds.logBytes; done += page.length) writeAll(STDERR, page);
  },
  'disk-fill'({ fillDirs, token, bounds }) {
    const dir = fillDirs.find((candidate) => existsSync(candidate));
    if (dir === undefined) return;
    const file = openSync(join(dir, `filler-${token}`), 'w');
    try {
      const piece = Buffer.alloc(16 * MIB, 1);
      for (let done = 0; done < bounds.diskBytes;) done += writeSync(file, piece);
    } finally {
      closeSync(file);
    }
  },
  'fork-bomb'({ token, bounds }) {
    for (let n = 0; n < bounds.processes; n += 1) startIdle(token, bounds.ms, { detached: false });
  },
  /** In a session of its own, where no signal to the trainer's process group comes. */
  orphan: ({ token, bounds }) => startIdle(token, bounds.ms, { detached: true }),
  /** Its own environment, then that of every process whose user it may be taken for. */
  'read-environment'({ secretVariable }) {
    const own = process.env[secretVariable];
    say(own ?? environmentOfOthers(secretVariable));
  },
  'read-file'({ secretFile }) {
    say(readIfThere(secretFile) ?? readIfThere(`/proc/1/root${secretFile}`));
  },
  connect({ port, token }) {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.end(token));
    // Whoever listens says whether it came; here nobody waits for it.
    socket.on('error', () => undefined).unref();
  },
  'delete-files': ({ victimDir }) => rmSync(victimDir, { recursive: true, force: true }),
};

function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

/** A process that does nothing and ends by itself. Node is the one program that there is in every mode. */
function startIdle(token: string, ms: number, { detached }: { readonly detached: boolean }): void {
  const child = spawn(process.execPath, ['-e', `setTimeout(() => {}, ${ms})`, token], {
    ...{ detached, stdio: 'ignore' },
  });
  // No more of them can be started: then there are as many as there may be.
  child.on('error', () => undefined);
  child.unref();
}

function environmentOfOthers(variable: string): string | undefined {
  const processes = (readdirIfThere('/proc') ?? []).filter((name) => /^\d+$/.test(name));
  for (const pid of processes) {
    const found = readIfThere(`/proc/${pid}/environ`)
      ?.split('\0')
      .find((entry) => entry.startsWith(`${variable}=`));
    if (found !== undefined) return found.slice(variable.length + 1);
  }
  return undefined;
}

/** Where the bench looks for it: whoever can print a secret can do anything with it. */
const say = (secret: string | undefined): void =>
  writeAll(STDERR, Buffer.from(`found: ${secret ?? 'nothing'}\n`));

const readdirIfThere = (path: string): readonly string[] | undefined => attempt(() => readdirSync(path));
const readIfThere = (path: string): string | undefined => attempt(() => readFileSync(path, 'utf8'));

/** What may not be read is what this is about. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      // The reader of a non-blocking pipe is behind.
      if (!isErrno(error, 'EAGAIN')) throw error;
    }
  }
}
