/** MLflow's API on the shared server, past all code under test. */
import { fresh } from './connect.js';
import { sharedServers } from './read-back.js';

/** @throws Error with the server's words */
export async function callServer(path: string, body: object): Promise<void> {
  const answer = await fetch(`${sharedServers().uri}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
}

/** Name of a new experiment whose artifacts go to `location`, wherever those of its server go. */
export async function experimentIn(location: string): Promise<string> {
  const name = fresh('elsewhere');
  await callServer('experiments/create', { name, artifact_location: location });
  return name;
}
