#!/usr/bin/env node
/** The process edge: the only module that reads the process's state and the only one that exits. */
import process from 'node:process';
import { isErrno } from '../common/errors.js';
import { runCli } from './run-cli.js';
import { wireServices } from './wiring.js';

// `runner runs ls | head` closes the pipe early: that is no failure.
process.stdout.on('error', (error) => {
  if (!isErrno(error, 'EPIPE')) throw error;
  process.exit();
});

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
// TensorFlow's threads must not keep a finished command alive; writes to pipes and files have been made by now.
process.exit(status);
