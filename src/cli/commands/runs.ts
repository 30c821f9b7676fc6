import { toRunnerError } from '../../common/errors.js';
import { readRequest } from '../../common/run-files.js';
import { EXIT } from '../../contract/errors.js';
import { findRun, placeOf } from '../../orchestrator/find-run.js';
import { listRuns } from '../../orchestrator/list-runs.js';
import type { ListedRun } from '../../orchestrator/list-runs.js';
import { hasEnded, readEvaluation, readRun } from '../../orchestrator/read-run.js';
import type { StoredRun } from '../../orchestrator/read-run.js';
import { isAbandoned, mayGoOn } from '../../orchestrator/recover.js';
import { removeRuns } from '../../orchestrator/remove-run.js';
import { describeSelection, selectRuns, selectsAll } from '../../orchestrator/select-runs.js';
import type { RunSelection } from '../../orchestrator/select-runs.js';
import { printable } from '../../report/printable.js';
import { renderRunList } from '../../report/run-list.js';
import { renderOpenRun, renderRunSummary } from '../../report/terminal.js';
import { readRunsDir } from '../context.js';
import type { CliContext, Flags } from '../context.js';
import { wantsColour } from '../io.js';
import { describeFailure } from '../output.js';
import type { Output } from '../output.js';
import { picturesOf } from '../pictures.js';
import { readTags } from '../tags.js';

export interface ListFlags extends Flags {
  readonly tag?: readonly string[];
}

/** `runner runs ls` */
export async function listAll(context: CliContext, flags: ListFlags): Promise<number> {
  const selection = { tags: readTags(flags.tag) };
  const runsDir = await readRunsDir(context, flags);
  const runs = await selectListed(await listRuns(runsDir), selection);
  const document = runs.map((run) =>
    run.state === 'unreadable'
      ? { runId: run.runId, runDir: run.runDir, state: run.state, error: describeFailure(run.error) }
      : run,
  );
  const place = await placeOf(runsDir);
  context.output.result({ runsDir, runs: document }, () =>
    runs.length === 0
      ? `There are no runs${selectsAll(selection) ? '' : ` with ${describeSelection(selection)}`} in ${place}.`
      : renderRunList(
          runs.map((run) => (run.state === 'unreadable' ? { ...run, problem: run.error.message } : run)),
        ),
  );
  await noteUnfinished(context, runs);
  return EXIT.succeeded;
}

/** Of a run that cannot be read nobody knows what it was given: it stays, as does one whose request.json does not tell. */
async function selectListed(
  runs: readonly ListedRun[],
  selection: RunSelection,
): Promise<readonly ListedRun[]> {
  const { selected, unreadable } = await selectRuns(
    runs.filter((run) => run.state !== 'unreadable'),
    selection,
  );
  const chosen = new Set<ListedRun>([...selected, ...unreadable.map(({ run }) => run)]);
  return runs.filter((run) => run.state === 'unreadable' || chosen.has(run));
}

/** A person who sees them should know what to do about them. */
async function noteUnfinished({ output }: CliContext, runs: readonly ListedRun[]): Promise<void> {
  if (output.json) return;
  const readable = runs.filter((run) => run.state !== 'unreadable').filter(mayGoOn);
  const abandoned = await Promise.all(readable.map(isAbandoned));
  const count = abandoned.filter(Boolean).length;
  if (count === 0) return;
  const those = count === 1 ? '1 run has' : `${count} runs have`;
  output.note(
    `${those} no process any more: \`runner recover\` finishes what ${count === 1 ? 'it' : 'they'} left.`,
  );
}

/** `runner runs show RUN` */
export async function show(context: CliContext, query: string, flags: Flags): Promise<number> {
  const { io, output } = context;
  const run = await readRun(await findRun(await readRunsDir(context, flags), query));
  const evaluation = await readEvaluation(run.runDir);
  const tags = await tagsOf(run, output);
  output.result({ ...run, tags: tags ?? null, evaluation }, () => {
    if (!hasEnded(run)) return renderOpenRun({ ...run, tags });
    return renderRunSummary(
      { ...run, tags, evaluation, pictures: picturesOf(run.runDir) },
      { colour: wantsColour(io.stdout, io.env) },
    );
  });
  if (!output.json && (await isAbandoned(run))) {
    const what = mayGoOn(run) ? 'finishes it' : 'clears away what it has left on the Docker daemon';
    output.note(`This run has no process any more: \`runner runs attach ${run.runId}\` ${what}.`);
  }
  return EXIT.succeeded;
}

/** Undefined where request.json cannot be read: that hides nothing else of the run. */
async function tagsOf({ runDir, outcome }: StoredRun, output: Output): Promise<Tags | undefined> {
  try {
    return (await readRequest(runDir, { isOver: outcome !== null }))?.tags ?? {};
  } catch (thrown) {
    const error = toRunnerError(thrown, runDir);
    if (error.code === 'internal') throw error;
    output.note(printable(`Its tags are not known: ${error.message} ${error.hint}`));
    return undefined;
  }
}

type Tags = Readonly<Record<string, string>>;

/** `runner runs rm RUN...`: every run is looked up and asked before the first is removed. */
export async function remove(
  context: CliContext,
  queries: readonly string[],
  flags: Flags & { readonly force?: boolean },
): Promise<number> {
  const runsDir = await readRunsDir(context, flags);
  const found = await Promise.all(queries.map((query) => findRun(runsDir, query)));
  const runs = [...new Map(found.map((run) => [run.runId, run])).values()];
  const leaving = await removeRuns(runs, { force: flags.force ?? false });
  const removed = runs.map(({ runId }) => runId);
  context.output.result({ removed }, () => removed.map((runId) => `Removed ${runId}.`).join('\n'));
  for (const { runId } of leaving) {
    context.output.note(`\`runner gc\` removes what run ${runId} has on the Docker daemon.`);
  }
  return EXIT.succeeded;
}
