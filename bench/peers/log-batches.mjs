/**
 * log-batches.mjs URI EXPERIMENT EVENTS: the least that a client of MLflow can do with the points of an events.ndjson.
 * All requests are made before it begins; over one connection each is sent once the one before is answered.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

const BATCH = 1_000;
const [, , uri, experiment, events] = process.argv;
const agent = new Agent({ keepAlive: true });

async function ask(path, body) {
  const response = await new Promise((answered, failed) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    request(`${uri}/api/2.0/mlflow/${path}`, { method: 'POST', agent, headers }, answered)
      .on('error', failed)
      .end(body);
  });
  const answer = await text(response);
  if (response.statusCode !== 200)
    throw new Error(`${path} was answered with ${response.statusCode}: ${answer}`);
  return JSON.parse(answer);
}

const toBody = (value) => Buffer.from(JSON.stringify(value));
const { experiment_id } = await ask('experiments/create', toBody({ name: `${experiment}-${Date.now()}` }));
const { run } = await ask('runs/create', toBody({ experiment_id, start_time: Date.now() }));
const points = readFileSync(events, 'utf8')
  .trim()
  .split('\n')
  .flatMap((line) => {
    const { t, step, values } = JSON.parse(line);
    return Object.entries(values).map(([key, value]) => ({ key: `step/${key}`, value, timestamp: t, step }));
  });
const bodies = [];
for (let from = 0; from < points.length; from += BATCH) {
  bodies.push(toBody({ run_id: run.info.run_id, metrics: points.slice(from, from + BATCH) }));
}

const began = performance.now();
for (const body of bodies) await ask('runs/log-batch', body);
const seconds = (performance.now() - began) / 1000;
agent.destroy();
process.stdout.write(`${JSON.stringify({ seconds, count: points.length })}\n`);
