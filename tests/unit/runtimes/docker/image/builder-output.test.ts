import { describe, expect, it } from 'vitest';
import { BuilderOutput } from '../../../../../runtimes/docker/image/builder-output.js';

/** As Docker 20.10 says it. */
const OUTPUT = [
  'Step 1/6 : ARG BASE=node',
  'Step 2/6 : FROM ${BASE} AS rootfs',
  ' ---> 4cb2b622dd50',
  'Step 3/6 : COPY a /a',
  ' ---> Using cache',
  ' ---> aaaaaaaaaaaa',
  'Step 4/6 : RUN ["/bin/sh", "x"]',
  ' ---> Running in 66fb0d46de07',
  'FROM here on',
  'Removing intermediate container 66fb0d46de07',
  ' ---> bbbbbbbbbbbb',
  'Step 5/6 : FROM scratch AS trainer',
  ' ---> ',
  'Step 6/6 : COPY --from=rootfs /a /',
  ' ---> cccccccccccc',
  'Successfully built cccccccccccc',
  '',
].join('\n');

describe("the classic builder's output", () => {
  it('tells the steps as they begin', () => {
    const output = new BuilderOutput();
    const steps = OUTPUT.split(/(?<=\n)/).map((line) => output.add(line)?.number);
    expect(steps.filter((number) => number !== undefined)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(output.step).toEqual({ number: 6, of: 6, instruction: 'COPY --from=rootfs /a /' });
  });

  it('tells the images that were made: neither the base, nor what was in the cache', () => {
    const output = new BuilderOutput();
    output.add(OUTPUT);
    expect(output.made).toEqual(['cccccccccccc', 'bbbbbbbbbbbb']);
  });

  it('is understood in any pieces', () => {
    const output = new BuilderOutput();
    for (const letter of OUTPUT) output.add(letter);
    expect(output.made).toEqual(['cccccccccccc', 'bbbbbbbbbbbb']);
  });

  it('is not understood as more than it says: of BuildKit there is nothing', () => {
    const output = new BuilderOutput();
    expect(output.add('#1 [internal] load build definition\n')).toBeUndefined();
    expect(output).toMatchObject({ made: [], step: undefined });
  });
});
