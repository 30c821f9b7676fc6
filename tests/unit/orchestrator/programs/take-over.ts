/** Tries to take over each run that a line of the standard input names, and prints whether it has. */
import { createInterface } from 'node:readline';
import { takeOver } from '../../../../src/orchestrator/take-over.js';

process.stdout.write('ready\n');
for await (const runDir of createInterface({ input: process.stdin })) {
  process.stdout.write(`${(await takeOver({ runId: '', runDir })) ? 'taken' : 'refused'}\n`);
}
