/** Runs a trainer in a process of its own: run directory, program and job are the arguments. */
import { createProcessRuntime } from '../../../../../runtimes/process/index.js';
import { systemClock } from '../../../../../src/common/clock.js';
import type { Engine } from '../../../../../src/engine/engine.js';
import { SPEC } from '../../../orchestrator/specs.js';

const [runDir = '', program = '', job = ''] = process.argv.slice(2);
const engine = { bindingPath: '/engine/tfjs_binding.node' } as Engine;
await createProcessRuntime({ engine, clock: systemClock, program }).run(
  { runId: 'r', runDir, spec: { ...SPEC, mode: 'process', job }, evaluate: true },
  { signal: new AbortController().signal, onEvent: () => process.stdout.write('event\n') },
);
