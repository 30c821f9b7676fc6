/** The logging task and Python's clients, each doing one thing in a process of its own against the same servers. */
import { fileURLToPath } from 'node:url';
import { lastJson, runTimed } from './processes.mjs';

const TRACK = fileURLToPath(new URL('track.mjs', import.meta.url));
const PEER = fileURLToPath(new URL('../peers/mlflow_client.py', import.meta.url));

/**
 * @param {string} what as both programs name it
 * @param {string} argument
 * @param {{ toBucket?: boolean, peer?: string }} [options] `toBucket`: artifacts go to S3 itself; `peer`: what the other
 *   side does, if that has another name
 * @returns two contestants for `runRounds`
 */
export function trackingContestants(context, what, argument, { toBucket = false, peer = what } = {}) {
  const { dist, python, servers, signal } = context;
  const { uri, bucket } = servers;
  const env = { ...servers.env, ...(toBucket ? { ARTIFACT_ROOT: `s3://${bucket}/${what}` } : {}) };
  const run = async (command, args) => lastJson((await runTimed(command, args, { env, signal })).stdout);
  const ofRunner = () =>
    run(process.execPath, ['--expose-gc', TRACK, dist, what, uri, `bench-${what}`, argument]);
  const ofPython = () => run(python, [PEER, peer, uri, `bench-${what}`, argument]);
  const name = toBucket ? 'boto3' : 'Python client';
  return [
    { name: 'runner', warmUp: ofRunner, run: ofRunner },
    { name, warmUp: ofPython, run: ofPython },
  ];
}
