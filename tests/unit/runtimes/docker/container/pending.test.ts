import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Journal } from '../../../../../runtimes/docker/container/journal.js';
import { namesOf } from '../../../../../runtimes/docker/container/labels.js';
import { mountMemory } from '../../../../support/mount.js';
import { temporaryDirectory } from '../../../common/temporary-directory.js';
import { CLOCK } from '../../../orchestrator/specs.js';

it('a write that failed half-way leaves no half a line for the next one to be joined to', (test) => {
  using directory = temporaryDirectory();
  using _disk = mountMemory(test, directory.path, 'size=64k');
  const path = join(directory.path, 'journal.ndjson');
  const writer = Journal.open(path, CLOCK);
  const image = { tag: 'x', id: 'x', bytes: 1 };
  writer.write({ step: 'intent', attempt: 1, token: 't', names: namesOf('r', 1), warm: false, image });
  const ballast = join(directory.path, 'ballast');
  writeFileSync(ballast, new Uint8Array(56 * 1024));
  const fill = () => {
    for (;;) writer.write({ step: 'created', containerId: 'c'.repeat(100), ms: 1, gpu: false });
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'disk-full' }));
  console.log(JSON.stringify(readFileSync(path, 'utf8').slice(-40)));
  rmSync(ballast);
  writer.write({ step: 'ended', end: { exitCode: 0, oomKilled: false, error: '', daemonLost: false, usage: null, said: null } });
  expect(Journal.open(path, CLOCK).find('ended')).toMatchObject({ end: { exitCode: 0 } });
});
