/** `runner ui` as a process, with the MLflow of the tests' Python. */
import { readdirSync, readlinkSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { ARTIFACT_FILES } from '../../src/contract/run-directory.js';
import { readDestinations } from '../../src/tracking/tracking-state.js';
import { runJson, startRunner } from '../support/runner.js';
import { temporaryDirectory } from '../unit/common/temporary-directory.js';
import { freePort } from './support/mlflow-server.js';
import { readBack, sharedServers } from './support/read-back.js';
import { writeRunFixture } from './support/run-fixture.js';

const directory = temporaryDirectory();
afterAll(() => directory[Symbol.dispose]());
/** With everything that means something in an address. */
const runsDir = join(directory.path, 'my runs #1%20?x');
const folder = join(runsDir, '.mlflow');
const env = (): Record<string, string> => ({
  RUNNER_PYTHON: sharedServers().python,
  // Would make it another server, and another's credentials.
  MLFLOW_BACKEND_STORE_URI: 'sqlite:////nonexistent/mlflow.db',
  MLFLOW_TRACKING_TOKEN: 'for another server',
});

/** Processes that work in the server's folder: nobody else's do. */
const processes = (): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === folder;
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });

/** Longer than a killed runner's server takes to end. */
const GONE = { timeout: 20_000, interval: 50 };

/** Starts it; lines that it has for a person, as they come. */
async function startUi(...args: readonly string[]) {
  const ui = startRunner(['ui', '--runs-dir', runsDir, ...args], { env: env() });
  // Where a test fails before it has ended it.
  onTestFinished(async () => {
    ui.kill('SIGKILL');
    await ui;
    await expect.poll(processes, GONE).toEqual([]);
  });
  const notes: string[] = [];
  createInterface(ui.stderr).on('line', (line) => notes.push(line));
  const [said] = await Promise.race([
    createInterface(ui.stdout)
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value as string | undefined]),
    ui.then(() => [undefined]),
  ]);
  if (said === undefined) throw new Error(`It has ended: ${notes.join('\n')}`);
  return { ui, notes, address: said.split(' ')[0] ?? '' };
}

const mlflowRunId = async (runDir: string): Promise<string> => {
  for (;;) {
    const [known] = await readDestinations(runDir);
    if (known?.complete != null) return known.runId;
    await sleep(50);
  }
};

describe('a server of one’s own', () => {
  it('has all runs, gets those that end while it is there, and is gone after Ctrl-C', async () => {
    const first = await writeRunFixture({ runsDir, request: { tracking: { track: false } } });
    const port = await freePort();
    const { ui, address } = await startUi('--port', String(port));
    expect(address).toBe(`http://127.0.0.1:${port}`);
    const recorded = await readBack(await mlflowRunId(first.runDir), { uri: address, artifacts: true });
    expect(recorded).toMatchObject({
      status: 'FINISHED',
      tags: { 'runner.run_id': first.runId },
      models: [{ status: 'READY' }],
    });
    expect(recorded.artifacts.map(({ path }) => path)).toContain(
      `${ARTIFACT_FILES.savedModel}/saved_model.pb`,
    );

    const second = await writeRunFixture({ runsDir, mode: 'docker' });
    const added = await readBack(await mlflowRunId(second.runDir), { uri: address });
    expect(added.tags['runner.run_id']).toBe(second.runId);

    const again = await runJson(['ui', '--runs-dir', runsDir], { env: env() });
    expect(again).toMatchObject({
      exitCode: 0,
      document: { address, started: false, mlflowVersion: '3.17.2' },
    });

    ui.kill('SIGINT');
    expect((await ui).exitCode).toBe(0);
    // Those that were killed last may take a moment.
    await expect.poll(processes, GONE).toEqual([]);
    await expect(fetch(address)).rejects.toThrow();
    expect(readdirSync(folder).sort()).toEqual(['artifacts', 'mlflow.db', 'name.json', 'server.log']);
  });

  it('still has them at another port, and is gone when runner is killed', async () => {
    const third = await writeRunFixture({ runsDir, mode: 'process' });
    const port = await freePort();
    const { ui, address, notes } = await startUi('--port', String(port));
    // The others are there already.
    expect(notes.filter((line) => line.includes('/runs/'))).toEqual([expect.stringContaining(third.runId)]);
    const kept = await readBack(await mlflowRunId(third.runDir), { uri: address });
    expect(kept.tags['runner.mode']).toBe('process');
    expect(processes().length).toBeGreaterThanOrEqual(2);
    ui.kill('SIGKILL');
    await ui;
    await expect.poll(processes, GONE).toEqual([]);
  });

  it('is made anew, with all runs, where its folder was removed', async () => {
    await rm(folder, { recursive: true });
    const { ui, notes } = await startUi('--port', String(await freePort()));
    expect(notes.filter((line) => line.includes('/runs/'))).toHaveLength(3);
    ui.kill('SIGINT');
    expect((await ui).exitCode).toBe(0);
  });

  it('that does not start says why', async () => {
    await writeFile(join(folder, 'mlflow.db'), 'no database');
    const { exitCode, document } = await runJson(['ui', '--runs-dir', runsDir], { env: env() });
    expect(exitCode).toBe(3);
    expect(document).toMatchObject({
      error: {
        code: 'mlflow-failed',
        message: expect.stringContaining('file is not a database') as string,
        hint: `All of its words are in ${join(folder, 'server.log')}.`,
      },
    });
  });
});
