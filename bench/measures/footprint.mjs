/** What one run takes: its time, and what it leaves on the disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { runTimed } from '../lib/processes.mjs';

/**
 * Trains as it is by default, with evaluation.
 * @returns {Promise<{ runDir: string, wallSeconds: number, cpuSeconds: number, peakBytes: number, threads: number,
 *   disk: Record<string, number> }>} `disk`: bytes by what they are
 */
export async function measureRun(context) {
  const { scratch, threads, tell } = context;
  const runDir = await train(context, join(scratch, 'runs'), ['--evaluate']);
  const { resources } = JSON.parse(readFileSync(join(runDir, 'outcome.json'), 'utf8'));
  const disk = bytesByKind(runDir);
  const wallSeconds = resources.wallMs / 1000;
  const all = Object.values(disk).reduce((sum, bytes) => sum + bytes, 0);
  tell(`  ${wallSeconds.toFixed(0)} s, ${(all / 1e6).toFixed(1)} MB`);
  return {
    ...{ runDir, wallSeconds, threads, disk },
    ...{ cpuSeconds: resources.cpuSeconds, peakBytes: resources.peakRssBytes },
  };
}

/** @returns {Promise<string>} the run's directory */
export async function train({ cli, dataDir, threads, signal }, runsDir, settings) {
  const where = ['--runs-dir', runsDir, '--data-dir', dataDir, '--threads', String(threads)];
  const args = ['train', '--mode', 'inprocess', ...where, '--no-track', '--json', '--quiet', ...settings];
  return JSON.parse((await runTimed(process.execPath, [cli, ...args], { signal })).stdout).runDir;
}

/** Checkpoints alone are nothing that a later reader needs once the run has ended well. */
function bytesByKind(runDir) {
  const disk = { checkpoints: 0, model: 0, 'other artifacts': 0, 'events and log': 0 };
  for (const entry of readdirSync(runDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    disk[kindOf(relative(runDir, path))] += statSync(path).size;
  }
  return disk;
}

function kindOf(path) {
  const [folder, part] = path.split(sep);
  if (folder === 'checkpoints') return folder;
  if (folder !== 'artifacts') return 'events and log';
  return part === 'model' ? part : 'other artifacts';
}
