/**
 * track.mjs DIST WHAT URI EXPERIMENT ARGUMENT: does with the build's logging task what bench/peers/mlflow_client.py does
 * with MLflow's and Amazon's clients; prints what it took as a JSON document. The process is new, its connection is not.
 *
 *   points EVENTS      records the metrics of an events.ndjson
 *   file FILE          sends one artifact
 *   folder FOLDER      sends all files of a folder
 *
 * ARTIFACT_ROOT=s3://…: artifacts go there, otherwise to where the tracking server says.
 */
import { createReadStream, readdirSync } from 'node:fs';
import { mkdtemp, copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , dist, what, uri, experiment, argument] = process.argv;
const load = (path) => import(pathToFileURL(join(dist, 'src', path)).href);
const [
  { ContentHash },
  { connectTrackingServer, PATIENT },
  { RunRecorder },
  { openArtifactStore },
  { uploadArtifacts },
] = await Promise.all([
  load('common/content-digest.js'),
  load('tracking/mlflow/index.js'),
  load('tracking/run-recorder.js'),
  load('tracking/artifacts/open-store.js'),
  load('tracking/artifacts/upload-all.js'),
]);
const { signal } = new AbortController();
const env = process.env;
const { server, http } = await connectTrackingServer({ uri, env, home: '/', patience: PATIENT });

globalThis.gc();
/** All is loaded, and nothing read yet. */
const idle = process.memoryUsage.rss();

/** @returns seconds, and the memory that it took on top of what was there before */
async function timed(work) {
  let peak = idle;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  clearInterval(watch);
  return { seconds, extraBytes: Math.max(peak, process.memoryUsage.rss()) - idle };
}

async function sendPoints(events) {
  const runDir = await mkdtemp(join(dirname(events), 'run-'));
  await copyFile(events, join(runDir, 'events.ndjson'));
  const record = { key: basename(runDir), name: basename(runDir), startTimeMs: Date.now() };
  const options = { destination: uri, experiment, again: false, attempts: 1, signal };
  const recorder = await RunRecorder.open(runDir, record, server, options);
  const result = await timed(() => recorder.sendEvents());
  return { ...result, count: recorder.state.events.points };
}

async function sendFiles(files) {
  const { id } = await server.ensureExperiment(experiment, signal);
  const run = await server.createRun(
    { experimentId: id, name: 'runner', startTimeMs: Date.now(), tags: [] },
    signal,
  );
  const root = env.ARTIFACT_ROOT;
  const store = await openArtifactStore({
    ...{ artifactUri: root === undefined ? run.artifactUri : `${root}/${run.id}`, http, env },
  });
  // Connected, as the peer is.
  await store.put(await describe(import.meta.filename, 'first.txt'), signal);
  const result = await timed(async () => {
    const { failed } = await uploadArtifacts(store, files, {
      ...{ alreadyThere: () => false, onUploaded: () => Promise.resolve(), signal },
    });
    if (failed.length > 0) throw failed[0].error;
  });
  const missing = await store.verify(files, { deep: false, signal });
  store.close();
  if (missing.length > 0) throw new Error(`${missing.length} artifacts did not arrive`);
  return { ...result, count: files.length };
}

/** As the manifest of a run has it: the digests are there before anything is sent. */
async function describe(file, path = basename(file)) {
  const hash = new ContentHash();
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return { path, file, ...hash.digest() };
}

const WORK = {
  points: () => sendPoints(argument),
  file: async () => sendFiles([await describe(argument)]),
  folder: async () =>
    sendFiles(await Promise.all(readdirSync(argument).map((name) => describe(join(argument, name))))),
};
const result = await WORK[what]();
server.close();
process.stdout.write(`${JSON.stringify(result)}\n`);
