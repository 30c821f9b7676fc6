#!/usr/bin/env node
/** The process edge: the only module that reads the process's state and the only one that exits. */
import process from 'node:process';
import { drained, outliveReaders } from './pipes.js';
import { runCli } from './run-cli.js';
import { wireServices } from './wiring.js';

outliveReaders(process.stdout, process.stderr);
const status = await runCli({
  args: process.argv.slice(2),
  io: {
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    exit: (code) => process.exit(code),
  },
  services: wireServices(),
  signals: process,
});
await Promise.all([drained(process.stdout), drained(process.stderr)]);
// TensorFlow's threads must not keep a finished command alive.
process.exit(status);
