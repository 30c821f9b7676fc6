/** `npm start`: all of the set-up, then the main job: MNIST in this process, two epochs, evaluated. */
import './setup.mjs';
import { CLI, run } from './lib/checkout.mjs';

process.exitCode = run(process.execPath, [
  CLI,
  'train',
  '--mode',
  'inprocess',
  '--epochs',
  '2',
  '--evaluate',
  ...process.argv.slice(2),
]);
