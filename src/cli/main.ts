#!/usr/bin/env node
/** The process edge: the only module that reads the process's state and the only one that exits. */
import process from 'node:process';
import { interpretSchemas } from '../common/interpreted-schemas.js';
import { closeLostTerminals, openTerminals } from './lost-terminals.js';
import { drained, lostResult, outliveReaders } from './pipes.js';
import { runCli } from './run-cli.js';
import { wireServices } from './wiring.js';

interpretSchemas();
const terminals = openTerminals();
const exit = (status: number): never => {
  closeLostTerminals(terminals);
  process.exit(status);
};
outliveReaders(process.stdout, process.stderr);
const status = await runCli({
  args: process.argv.slice(2),
  io: {
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    resultLost: () => drained(process.stdout).then(() => lostResult(process.stdout)),
    exit,
  },
  services: wireServices(),
  signals: process,
});
await drained(process.stderr);
// TensorFlow's threads must not keep a finished command alive.
exit(status);
