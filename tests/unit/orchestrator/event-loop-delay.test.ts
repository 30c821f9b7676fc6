import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/contract/run-event.js';
import { watchEventLoop } from '../../../src/orchestrator/event-loop-delay.js';

const phase = (name: string, state: 'start' | 'end'): RunEvent => ({
  ...{ type: 'phase', seq: 0, t: 0, name, state },
});

/** Within one turn of the real event loop: its own timer never comes between. */
function watched() {
  let now = 0;
  const watch = watchEventLoop({ elapsed: () => now });
  const pass = (ms: number): void => void (now += ms);
  /** A loop that answers as soon as a task is due. */
  const idle = (tasks: number): void => {
    for (let task = 0; task < tasks; task += 1) {
      pass(100);
      watch.read();
    }
  };
  return { watch, pass, idle };
}

describe('the watch over the event loop', () => {
  it('has nothing to tell before its first task was due', () => {
    const { watch, pass } = watched();
    using _ = watch;
    pass(99);
    expect(watch.read()).toEqual({ maxMs: 0 });
  });

  it('counts each task that fell due during a stall, by how long it waited', () => {
    const { watch, pass, idle } = watched();
    using _ = watch;
    watch.onEvent(phase('train', 'start'));
    // 400, 300, 200, 100 and 0 ms late: of 300 tasks, 297 were at most 100 ms late.
    pass(500);
    watch.read();
    idle(295);
    expect(watch.read()).toEqual({ trainP99Ms: 100, maxMs: 400 });
    idle(200);
    expect(watch.read()).toEqual({ trainP99Ms: 0, maxMs: 400 });
  });

  it('keeps apart what stalls while it trains, and what stalls before and after', () => {
    const { watch, pass } = watched();
    using _ = watch;
    watch.onEvent(phase('engine', 'start'));
    pass(1100);
    watch.onEvent(phase('train', 'start'));
    pass(200);
    watch.onEvent(phase('train', 'end'));
    pass(500);
    expect(watch.read()).toEqual({ trainP99Ms: 100, maxMs: 1000 });
  });

  it('counts a stall once, however often it is read', () => {
    const { watch, pass } = watched();
    using _ = watch;
    pass(200);
    expect([watch.read(), watch.read()]).toEqual([{ maxMs: 100 }, { maxMs: 100 }]);
  });
});
