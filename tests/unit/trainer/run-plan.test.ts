import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_TRAINING } from '../../../src/contract/run-outcome.js';
import { trainerExitSchema } from '../../../src/contract/trainer-program.js';
import { compileProgram, type Program, type Running } from '../common/run-program.js';
import { temporaryDirectory } from '../common/temporary-directory.js';
import { SPEC } from '../orchestrator/specs.js';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const PLAN = {
  ...{ schemaVersion: 1, runId: 'r', evaluate: false, dataDir: '/in/data' },
  spec: { ...SPEC, job: 'digest-only', mode: 'process', data: { ...SPEC.data, digest: DIGEST } },
};

let program: Program;
beforeAll(() => void (program = compileProgram('programs/run-plan.ts', import.meta.url)));
afterAll(() => program[Symbol.dispose]());

/** Folders for results and an engine that is finished, by its papers. */
function surroundings() {
  const directory = temporaryDirectory();
  const [out, engine] = [join(directory.path, 'out'), join(directory.path, 'engine')];
  for (const folder of [out, engine, join(engine, 'lib')]) mkdirSync(folder);
  const manifest = {
    schemaVersion: 1,
    source: 'wheel',
    tensorflowVersion: '2.21.0',
    logLevel: false,
    files: [],
  };
  writeFileSync(join(engine, 'engine.json'), JSON.stringify(manifest));
  const write = (plan: unknown): string => {
    const path = join(directory.path, 'plan.json');
    writeFileSync(path, typeof plan === 'string' ? plan : JSON.stringify(plan));
    return path;
  };
  return {
    ...{ out, engine, write, path: directory.path },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

/** How it ended: its exit status, its last message, exit.json if there is one. All three agree. */
async function endOf({ ended }: Running, out: string) {
  const { code, stdout, stderr } = await ended;
  const last: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  const exit = trainerExitSchema.parse((last as { exit?: unknown }).exit);
  return {
    code,
    exit,
    stdout,
    stderr,
    written: () => JSON.parse(readFileSync(join(out, 'exit.json'), 'utf8')) as unknown,
  };
}

const NOTHING = { phases: {}, training: NO_TRAINING };

describe('a plan that cannot be carried out', () => {
  it.each([
    ['is no JSON', 'nonsense', /^The plan cannot be read: .*JSON/],
    ['is cut short', JSON.stringify(PLAN).slice(0, -1), /^The plan cannot be read: .*JSON/],
    [
      'does not fit its schema',
      JSON.stringify({ ...PLAN, spec: { ...PLAN.spec, threads: 0 } }),
      /^The plan does not fit its schema: spec\.threads: .*\.$/,
    ],
    ['is of a later version', JSON.stringify({ ...PLAN, schemaVersion: 2 }), /schema: schemaVersion: /],
    ['holds more than it may', JSON.stringify({ ...PLAN, command: 'x' }), /command/],
  ])('since it %s is a bad spec', async (_what, text, message) => {
    using here = surroundings();
    const { code, exit, written } = await endOf(
      program.run([here.write(text), here.out, here.engine]),
      here.out,
    );
    expect(code).toBe(2);
    expect(exit).toMatchObject({
      ...NOTHING,
      status: 'failed',
      reason: 'bad-spec',
      error: { code: 'bad-spec' },
    });
    expect(exit.message).toMatch(message);
    expect(written()).toEqual(exit);
    expect(exit.usage.cpuSeconds).toBeGreaterThan(0);
    expect(exit.usage.peakMemoryBytes).toBeGreaterThan(1e6);
  });

  it('since it is not there is a bad spec', async () => {
    using here = surroundings();
    const { code, exit } = await endOf(
      program.run([join(here.path, 'none'), here.out, here.engine]),
      here.out,
    );
    expect(code).toBe(2);
    expect(exit).toMatchObject({ status: 'failed', reason: 'bad-spec' });
    expect(exit.message).toMatch(/^The plan cannot be read: ENOENT/);
  });

  it('since it never comes is a bad spec', async () => {
    using here = surroundings();
    const running = program.run(['-', here.out, here.engine]);
    running.child.stdin.end();
    const { code, exit } = await endOf(running, here.out);
    expect({ code, message: exit.message }).toEqual({
      ...{ code: 2, message: 'The standard input ended before a plan came.' },
    });
  });

  it('since it names an unknown job', async () => {
    using here = surroundings();
    const plan = here.write({ ...PLAN, spec: { ...PLAN.spec, job: 'none' } });
    const { code, exit } = await endOf(program.run([plan, here.out, here.engine]), here.out);
    expect(code).toBe(2);
    expect(exit).toMatchObject({ reason: 'bad-spec', message: 'There is no job "none".' });
  });

  it('since there is no finished engine', async () => {
    using here = surroundings();
    const empty = join(here.path, 'empty');
    const { code, exit } = await endOf(program.run([here.write(PLAN), here.out, empty]), here.out);
    expect(code).toBe(3);
    expect(exit).toMatchObject({
      ...{ status: 'failed', reason: 'engine-missing', error: { code: 'engine-missing' } },
      message: `There is no finished engine in ${empty}.`,
    });
  });

  it('since the data are not those of the spec', async () => {
    using here = surroundings();
    const wrong = `sha256:${'2'.repeat(64)}`;
    const plan = here.write({ ...PLAN, spec: { ...PLAN.spec, data: { ...PLAN.spec.data, digest: wrong } } });
    const { code, exit, stderr } = await endOf(program.run([plan, here.out, here.engine]), here.out);
    expect(code).toBe(2);
    expect(exit).toMatchObject({
      ...{ status: 'failed', reason: 'bad-data', error: { code: 'bad-data' } },
      message: `The data in /in/data are not those of the spec: expected ${wrong}, found ${DIGEST}.`,
    });
    expect(stderr).toContain('loading /in/data\n');
  });

  it('is told by message and exit status though it cannot be written', async () => {
    using here = surroundings();
    const nowhere = join(here.path, 'nowhere');
    const { code, exit, written } = await endOf(
      program.run([here.write('x'), nowhere, here.engine]),
      nowhere,
    );
    expect({ code, reason: exit.reason }).toEqual({ code: 2, reason: 'bad-spec' });
    expect(written).toThrow('ENOENT');
  });
});

describe('a trainer that is asked to end', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s while it waits for a plan was cancelled',
    async (signal) => {
      using here = surroundings();
      const running = program.run(['-', here.out, here.engine]);
      await once(running.child.stderr, 'data');
      running.child.kill(signal);
      const { code, exit, written } = await endOf(running, here.out);
      expect(code).toBe(143);
      expect(exit).toMatchObject({ ...NOTHING, status: 'cancelled', reason: 'interrupted', error: null });
      expect(written()).toEqual(exit);
    },
  );

  it('by the end of whoever started it ends, with the plan it got in pieces', async () => {
    using here = surroundings();
    const running = program.run(['-', here.out, here.engine, 'lifeline']);
    const text = `${JSON.stringify(PLAN)}\n`;
    const loading = untilSaid(running, /loading/);
    for (let at = 0; at < text.length; at += 100) running.child.stdin.write(text.slice(at, at + 100));
    await loading;
    running.child.stdin.end();
    const { code, exit, written } = await endOf(running, here.out);
    expect({ code, status: exit.status }).toEqual({ code: 143, status: 'cancelled' });
    expect(written()).toEqual(exit);
  });
});

async function untilSaid({ child }: Running, words: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve) => {
    child.stderr.on('data', (more: string) => {
      text += more;
      if (words.test(text)) resolve();
    });
  });
}
