/** The logging task and Python's clients, each doing one thing in a process of its own against the same servers. */
import { fileURLToPath } from 'node:url';
import { lastJson, runTimed } from './processes.mjs';

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const TRACK = path('track.mjs');
const PEER = path('../peers/mlflow_client.py');
const BARE = path('../peers/log-batches.mjs');

/**
 * @param {string} what as both programs name it
 * @param {string} argument
 * @param {{ toBucket?: boolean, peer?: string }} [options] `toBucket`: artifacts go to S3 itself; `peer`: what the other
 *   side does, if that has another name
 * @returns two contestants for `runRounds`
 */
export function trackingContestants(context, what, argument, { toBucket = false, peer = what } = {}) {
  const { dist, python, servers } = context;
  const { uri, bucket } = servers;
  const env = { ...servers.env, ...(toBucket ? { ARTIFACT_ROOT: `s3://${bucket}/${what}` } : {}) };
  const ofRunner = [process.execPath, '--expose-gc', TRACK, dist, what, uri, `bench-${what}`, argument];
  const ofPython = [python, PEER, peer, uri, `bench-${what}`, argument];
  return [
    contestant(context, 'runner', ofRunner, env),
    contestant(context, toBucket ? 'boto3' : 'Python client', ofPython, env),
  ];
}

/** A client that has no work of its own: what the server allows. @param {string} events events.ndjson */
export const bareLoop = (context, events) =>
  contestant(context, 'bare loop', [process.execPath, BARE, context.servers.uri, 'bench-bare', events], {});

function contestant({ signal }, name, [command, ...args], env) {
  const run = async () => lastJson((await runTimed(command, args, { env, signal })).stdout);
  return { name, warmUp: run, run };
}
