import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../contract/errors.js';
import { printable } from '../../report/printable.js';
import type { LocalServer } from '../../tracking/local-server/local-server.js';
import { readSettings, runsDirOf } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { openBrowser } from '../open-browser.js';
import { listenForSignals } from '../signals.js';
import { nameRun } from '../tell-each.js';
import { RunMirror } from '../tracking/mirror-runs.js';
import { recordedLine } from '../tracking/tell-recorded.js';
import { wholeNumber } from '../whole-number.js';

export interface UiFlags extends Flags {
  readonly port?: string;
  readonly open?: boolean;
}

/** In the runs directory: a name with a dot first is no run's. */
export const SERVER_FOLDER = '.mlflow';
const LOOK_EVERY_MS = 3_000;
const TRIED_AGAIN = 'It is tried again every minute, and once the run changes.';

/**
 * `runner ui`: MLflow's pages for the runs of this machine, with a server of one's own, until it is told to end. All
 * runs that have ended are there, those too that were kept to this machine: so is the server.
 */
export async function ui(context: CliContext, flags: UiFlags): Promise<number> {
  const { io, output, services, signals, clock } = context;
  const port =
    flags.port === undefined ? undefined : wholeNumber('--port', flags.port, { least: 1, most: 65_535 });
  const given = await readSettings(context, flags, ['runsDir', 'experiment']);
  const runsDir = runsDirOf(context, given);
  const note = (text: string): void => output.note(printable(text));
  using interruption = listenForSignals(signals, {
    clock,
    onFirst: () => note('Ending the server; press Ctrl-C again to leave at once.'),
    onSecond: (status) => io.exit(status),
  });
  await using server = await services.startTrackingServer({
    ...{ folder: join(runsDir, SERVER_FOLDER), port },
    ...{ env: io.env, signal: interruption.signal, onNotice: note },
  });
  const told = (): void => {
    output.result(documentOf(server, runsDir), () => `${server.address} shows the runs of ${runsDir}.`);
  };
  const show = async (): Promise<void> => {
    told();
    if (flags.open === true) await openBrowser(server.address, io.env);
  };
  if (server.keptBy !== undefined) {
    note(`Process ${server.keptBy} keeps the server of these runs already, and brings new ones to it.`);
    if (port !== undefined && new URL(server.address).port !== String(port)) {
      note(
        `It listens there, not at port ${port}: end it with Ctrl-C, where it was started, to have that one.`,
      );
    }
    await show();
    return EXIT.succeeded;
  }
  const signal = AbortSignal.any([interruption.signal, server.lost]);
  const tracking = await services.connectTracking({
    ...{ uri: server.address, destination: server.name, cwd: io.cwd, hurried: false },
    // Credentials are for other servers: none are looked for in the environment, none in the user's home.
    env: { HOME: join(runsDir, SERVER_FOLDER) },
  });
  try {
    const mirror = new RunMirror({
      ...{ runsDir, tracking, elapsed: () => clock.elapsed() },
      record: {
        ...(given.experiment?.value == null ? {} : { experiment: given.experiment.value }),
        signal,
      },
      onRecorded: (runId, recorded) => note(`${runId} ${recordedLine(recorded)}`),
      onFailed: (runId, error) => output.explain(nameRun(error, runId, TRIED_AGAIN)),
    });
    await mirror.round();
    await show();
    note('Ctrl-C ends it; what it shows is kept for the next time.');
    for (;;) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
      await mirror.round();
    }
  } catch (error) {
    // That is how it ends well.
    if (interruption.signal.aborted) return EXIT.succeeded;
    throw error;
  } finally {
    tracking.close();
  }
}

const documentOf = ({ address, version, keptBy }: LocalServer, runsDir: string) => ({
  ...{ address, runsDir, folder: join(runsDir, SERVER_FOLDER), mlflowVersion: version },
  started: keptBy === undefined,
});
