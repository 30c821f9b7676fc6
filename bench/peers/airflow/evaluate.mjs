/**
 * evaluate.mjs PLAN OUT ENGINE: evaluates what a training has left in OUT as `runner evaluate` does, inside the trainer's
 * image and by its modules. The image has no command for that: whoever evaluates by DockerOperator brings one.
 */
import { readFileSync } from 'node:fs';

const [planPath, out, engineDir] = process.argv.slice(2);
const load = (module) => import(`/opt/runner/app/dist/src/${module}.js`);
const [{ systemClock }, { findJob }, { readEngine }, { loadOptionsOf, loadTensorFlow }] = await Promise.all([
  load('common/clock'),
  load('jobs/index'),
  load('engine/find-engine'),
  load('engine/load'),
]);
const [{ readNewestCheckpoint }, { createStep }, { evaluateModel }, { ArtifactStore }, { writeEvaluation }] =
  await Promise.all([
    load('trainer/checkpoints/folder'),
    load('trainer/create-step'),
    load('trainer/evaluate-model'),
    load('trainer/artifacts/artifact-store'),
    load('trainer/artifacts/evaluation'),
  ]);

const { runId, spec, dataDir } = JSON.parse(readFileSync(planPath, 'utf8'));
const job = findJob(spec.job);
const dataset = await job.loadData(dataDir);
const { state } = await readNewestCheckpoint(out);
const tf = await loadTensorFlow(readEngine(engineDir), loadOptionsOf(spec));
const step = createStep(tf, job.buildModel(tf, spec.seed), spec, {
  temporaryFolder: out,
  onFallback: (message) => console.error(message),
});
await step.writeState(state);
const signal = new AbortController().signal;
const evaluation = await evaluateModel(step, dataset, { clock: systemClock, signal });
const store = await ArtifactStore.open(out, () => undefined);
await writeEvaluation(store, evaluation, { dataset, title: `${spec.job} ${runId}` });
await store.writeManifest();
