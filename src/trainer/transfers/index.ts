/** A plan that is fetched, and results that are sent away: for a trainer that shares no folder with the runner. */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { endOfAbort } from '../../common/abort-cause.js';
import { describeError } from '../../common/errors.js';
import { RunnerError } from '../../contract/errors.js';
import { NO_TRAINING } from '../../contract/run-outcome.js';
import type { TrainerExit } from '../../contract/runtime.js';
import { transfersSchema, type Transfers } from '../../contract/transfers.js';
import { createMessenger } from '../messenger.js';
import { runPlan, type PlanRequest } from '../run-plan.js';
import { exitStatus, failure, toRecord } from '../tell-exit.js';
import { fetchInputs } from './fetch-inputs.js';
import { sendResults } from './send-results.js';

/**
 * Fetches plan and data, trains, and sends what came of it away, exit.json last. What keeps it from that is told as its
 * last message: without exit.json at its place, a success is none.
 * @returns the exit status
 */
export async function runWithTransfers(path: string, request: PlanRequest): Promise<number> {
  const asked = new AbortController();
  // As process 1 of a container it would not even be ended by a signal that it does not listen to.
  process.on('SIGTERM', () => asked.abort(new Error('cancelled')));
  let transfers: Transfers;
  try {
    transfers = await readTransfers(path);
    await fetchInputs(transfers.inputs, dirname(request.planPath), asked.signal);
  } catch (error) {
    return tell(asked.signal.aborted ? endOfAbort(asked.signal) : failure(error));
  }
  const status = await runPlan(request);
  try {
    await sendResults(request.outDir, transfers);
    return status;
  } catch (error) {
    return tell(failure(error));
  }
}

function tell(end: Pick<TrainerExit, 'status' | 'reason' | 'message' | 'error'>): number {
  const exit = { ...end, exitCode: null, signal: null, phases: {}, training: NO_TRAINING };
  createMessenger(process.stdout.fd).send({ exit: toRecord(exit) });
  return exitStatus(exit);
}

async function readTransfers(path: string): Promise<Transfers> {
  try {
    return transfersSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // Not the cause's own words: they may hold an address, and with it the right to use it.
    const why =
      error instanceof Error && 'code' in error ? describeError(error) : 'it does not fit its schema';
    throw new RunnerError('bad-spec', `The list of transfers cannot be read: ${why}.`);
  }
}
