/** What a kubelet does, on this machine: a container of a pod as a child process, its folders as folders of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Pod, Secret } from '../../../runtimes/kubernetes/cluster/plain.js';

/** An image: the program that it starts, and where folders of it lie on this machine. */
export interface StandInImage {
  readonly program: string;
  readonly folders: Readonly<Record<string, string>>;
}

export interface LogEntry {
  readonly time: number;
  readonly text: string;
}

export interface RunningContainer {
  readonly log: readonly LogEntry[];
  readonly child: ChildProcess;
  /** As a shell has it. */
  readonly exitCode: Promise<number>;
  /** All that it was given: arguments and environment. */
  readonly given: string;
}

const SIGNALS: Readonly<Record<string, number>> = { SIGKILL: 9, SIGTERM: 15, SIGABRT: 6, SIGSEGV: 11 };

export function runContainer(
  { spec }: Pod,
  {
    image,
    secrets,
    onLine,
  }: { image: StandInImage; secrets: ReadonlyMap<string, Secret>; onLine: () => void },
): RunningContainer {
  const container = spec!.containers[0]!;
  const root = mkdtempSync(join(tmpdir(), 'runner-pod-'));
  const places = new Map(Object.entries(image.folders));
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = spec!.volumes!.find((one) => one.name === name);
    if (volume === undefined) throw new Error(`the pod has no volume ${name}`);
    const folder = join(root, name);
    mkdirSync(folder);
    places.set(mountPath, folder);
    if (volume.secret === undefined) continue;
    const data = secrets.get(volume.secret.secretName ?? '')?.stringData;
    // A kubelet would wait for it; the Job is to be started after it was made.
    if (data === undefined) throw new Error(`there is no secret ${volume.secret.secretName}`);
    for (const [file, content] of Object.entries(data)) writeFileSync(join(folder, file), content);
  }
  const here = (text: string): string => {
    for (const [path, folder] of places) {
      if (text === path || text.startsWith(`${path}/`)) return folder + text.slice(path.length);
    }
    return text;
  };
  const args = [image.program, ...(container.args ?? []).map(here)];
  const env = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']));
  const child = spawn(process.execPath, args, {
    env: { ...env, TMPDIR: root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: LogEntry[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (text) => {
      log.push({ time: Date.now(), text });
      onLine();
    });
  }
  const exitCode = new Promise<number>((resolve) => {
    // All of its output has come then, too.
    child.once('close', (code, signal) => {
      rmSync(root, { recursive: true, force: true });
      resolve(code ?? 128 + (SIGNALS[signal ?? ''] ?? 0));
    });
  });
  return { log, child, exitCode, given: JSON.stringify({ args: container.args, env }) };
}

/** `2026-11-26T02:00:00.123000000Z alpha`, as a kubelet writes it. */
export const stamped = ({ time, text }: LogEntry): string =>
  `${new Date(time).toISOString().replace('Z', '000000Z')} ${text}\n`;
