import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectTracking } from '../../../src/cli/services.js';
import { RunnerError } from '../../../src/contract/errors.js';
import type { LocalServer, StartLocalServer } from '../../../src/tracking/local-server/local-server.js';
import type { Recorded, RunToRecord, Tracking } from '../../../src/tracking/tracking.js';
import { commandLine } from './command-line.js';

const ADDRESS = 'http://127.0.0.1:5000';
const NAME = 'local:3b241101-e2bb-4255-8caf-4136c566a962';

/** A server that holds what it was given, and is over when the command says so. */
function scriptedServer(server: Partial<LocalServer> = {}) {
  const held = new Map<string, RunToRecord>();
  const seen: { start?: StartLocalServer; connect?: ConnectTracking; disposed: number; asked: number } = {
    disposed: 0,
    asked: 0,
  };
  /** By id of a run: what keeps it from being recorded. */
  const trouble = new Map<string, RunnerError>();
  const tracking: Tracking = {
    uri: ADDRESS,
    probe: () => Promise.resolve({ clockSkewMs: null }),
    isPending: ({ runId }) => {
      seen.asked += 1;
      return Promise.resolve(!held.has(runId));
    },
    record: (run) => {
      const problem = trouble.get(run.runId);
      if (problem !== undefined) return Promise.reject(problem);
      held.set(run.runId, run);
      return Promise.resolve(recorded(run.runId));
    },
    follow: () => ({ end: () => Promise.resolve() }),
    close: () => undefined,
  };
  return {
    held,
    seen,
    trouble,
    script: {
      startTrackingServer: (options: StartLocalServer) => {
        seen.start = options;
        return Promise.resolve<LocalServer>({
          ...{ address: ADDRESS, version: '3.17.2', name: NAME, keptBy: undefined },
          lost: new AbortController().signal,
          [Symbol.asyncDispose]: () => {
            seen.disposed += 1;
            return Promise.resolve();
          },
          ...server,
        });
      },
      connectTracking: (options: ConnectTracking) => {
        seen.connect = options;
        return Promise.resolve(tracking);
      },
    },
  };
}

const recorded = (runId: string): Recorded => ({
  ...{ server: ADDRESS, url: `${ADDRESS}/#/experiments/1/runs/${runId}`, mlflowRunId: runId, points: 12 },
  experiment: { id: '1', name: 'mnist-cnn' },
  artifacts: { sent: 3, sentBytes: 2_000_000, recorded: 3 },
  ...{ modelId: null, version: null, problem: null },
});

/** A command line whose `ui` is ended by Ctrl-C once it says that it waits for it. */
function uiLine(scripted: ReturnType<typeof scriptedServer>, env: Readonly<Record<string, string>> = {}) {
  const cli = commandLine({
    ...{ script: scripted.script, env },
    onStderr: (text) => {
      if (text.startsWith('Ctrl-C ends it')) cli.signals.emit('SIGINT', 'SIGINT');
    },
  });
  return cli;
}

describe('runner ui', () => {
  it('brings all runs to its server, those too that were kept to this machine, and ends it with Ctrl-C', async () => {
    const server = scriptedServer();
    using cli = uiLine(server, { MLFLOW_TRACKING_TOKEN: 'for another server' });
    await cli.run('train', '--batch-size', '16', '--quiet');
    await cli.run('train', '--batch-size', '16', '--quiet', '--no-track');
    const { status, stdout, stderr } = await cli.run('ui', '--port', '5641');
    const ids = [...server.held.keys()];
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `${ADDRESS} shows the runs of ${cli.runsDir}.\n`,
    });
    expect(ids).toHaveLength(2);
    expect(stderr.split('\n')).toEqual([
      ...ids.map(
        (id) => `${id} ${ADDRESS}/#/experiments/1/runs/${id} (12 points, 3 artifacts, 3 sent (2.0 MB))`,
      ),
      'Ctrl-C ends it; what it shows is kept for the next time.',
      'Ending the server; press Ctrl-C again to leave at once.',
      '',
    ]);
    const folder = join(cli.runsDir, '.mlflow');
    expect(server.seen).toMatchObject({
      disposed: 1,
      start: { folder, port: 5641 },
      // Nothing of the user's environment: its credentials are for others.
      connect: { uri: ADDRESS, destination: NAME, env: { HOME: folder }, hurried: false },
    });
  });

  it('is one document with --json', async () => {
    const server = scriptedServer();
    using cli = uiLine(server);
    expect(await cli.json('ui')).toEqual({
      ...{ address: ADDRESS, runsDir: cli.runsDir, folder: join(cli.runsDir, '.mlflow') },
      ...{ mlflowVersion: '3.17.2', started: true },
    });
  });

  it('shows the server that another process keeps, and leaves the runs to that', async () => {
    const server = scriptedServer({ keptBy: 4711 });
    using cli = uiLine(server);
    await cli.run('train', '--batch-size', '16', '--quiet');
    expect(await cli.run('ui')).toMatchObject({
      status: 0,
      stdout: `${ADDRESS} shows the runs of ${cli.runsDir}.\n`,
      stderr: 'Process 4711 keeps the server of these runs already, and brings new ones to it.\n',
    });
    expect(server.held.size).toBe(0);
    expect((await cli.run('ui', '--port', '5028')).stderr.split('\n')[1]).toBe(
      'It listens there, not at port 5028: end it with Ctrl-C, where it was started, to have that one.',
    );
    expect((await cli.run('ui', '--port', '5000')).stderr).not.toContain('listens');
  });

  it('goes on with the others where one run cannot be recorded, and says so', async () => {
    const server = scriptedServer();
    using cli = uiLine(server);
    const first = await cli.json('train', '--batch-size', '16', '--quiet');
    const second = await cli.json('train', '--batch-size', '16', '--quiet');
    const [bad, good] = [first.runId as string, second.runId as string];
    server.trouble.set(bad, new RunnerError('artifact-changed', 'model.json has changed.'));
    const { status, stderr } = await cli.run('ui');
    expect(status).toBe(0);
    expect([...server.held.keys()]).toEqual([good]);
    expect(stderr).toContain(
      `runner: Run ${bad}: model.json has changed.\n  It is tried again every minute, and once the run changes.\n`,
    );
  });

  it('fails when its server ends by itself', async () => {
    const lost = new AbortController();
    const server = scriptedServer({ lost: lost.signal });
    using cli = commandLine({
      script: server.script,
      onStderr: (text) => {
        if (!text.startsWith('Ctrl-C ends it')) return;
        lost.abort(new RunnerError('mlflow-failed', 'The MLflow server has ended. Its last words:\nKilled'));
      },
    });
    expect(await cli.run('ui')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('runner: The MLflow server has ended. Its last words:') as string,
    });
    expect(server.seen.disposed).toBe(1);
  });

  it.each(['0', '65536', '80a', ''])('refuses port %j', async (port) => {
    using cli = commandLine();
    const { status, stderr } = await cli.run('ui', '--port', port);
    expect(status).toBe(2);
    expect(stderr).toContain('--port: expected a whole number from 1 to 65535');
  });

  it('says what to install where there is no MLflow, and makes no runs directory for it', async () => {
    using cli = commandLine({
      script: {
        startTrackingServer: () => Promise.reject(new RunnerError('mlflow-missing', 'There is no MLflow.')),
      },
    });
    expect(await cli.run('ui')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('pip install mlflow') as string,
    });
    expect(existsSync(cli.runsDir)).toBe(false);
  });
});
