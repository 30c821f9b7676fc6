import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groupFolders, makeControlGroup } from '../../../../src/cli/blast-radius/control-group.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const V1 = '9:name=systemd:/\n8:pids:/\n5:memory,hugetlb:/user/me\n1:cpu,cpuacct:/\n0::/\n';
const V2 = '0::/user.slice/user-0.slice/session-1.scope\n';

describe('the folders of a new control group', () => {
  it('are one a controller with v1, each below that of this process', () => {
    expect(groupFolders('new', V1, '/sys/fs/cgroup')).toEqual([
      '/sys/fs/cgroup/memory/user/me/new',
      '/sys/fs/cgroup/pids/new',
    ]);
  });

  it('are one with v2, beside that of this process: a group with processes has none below', () => {
    expect(groupFolders('new', V2, '/sys/fs/cgroup')).toEqual(['/sys/fs/cgroup/user.slice/user-0.slice/new']);
  });
});

describe('a control group that cannot be made', () => {
  const LIMITS = { memoryBytes: 1, processes: 1 };
  /** As the system would show it. */
  function places(own: string | undefined, controllers?: string) {
    const directory = temporaryDirectory();
    const root = join(directory.path, 'cgroup');
    mkdirSync(root);
    if (own !== undefined) writeFileSync(join(directory.path, 'own'), own);
    if (controllers !== undefined) writeFileSync(join(root, 'cgroup.subtree_control'), controllers);
    return {
      ...{ own: join(directory.path, 'own'), root },
      [Symbol.dispose]: () => directory[Symbol.dispose](),
    };
  }

  it('says so where the system has none, and where its group is not to be divided', async () => {
    using none = places(undefined);
    expect(await makeControlGroup('new', LIMITS, none)).toBe(
      'it has no control groups for memory and processes',
    );
    using undivided = places('0::/init\n', 'cpu pids\n');
    expect(await makeControlGroup('new', LIMITS, undivided)).toBe(
      'its control groups are not to be divided here',
    );
  });

  it('leaves nothing behind where its limits cannot be set', async () => {
    // A folder that is none of the kernel's has no files for limits.
    using here = places('0::/init\n', 'memory pids\n');
    expect(await makeControlGroup('new', LIMITS, here)).toBe(
      'it has no control groups for memory and processes',
    );
    expect(readdirSync(here.root)).toEqual(['cgroup.subtree_control']);
  });
});
