import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BLAST_PLAN_FILE, CONSENT, type BlastPlan } from '../../../../src/contract/blast-radius.js';
import { createBlastRadius } from '../../../../src/jobs/blast-radius/index.js';
import { provoke } from '../../../../src/jobs/blast-radius/faults.js';
import { findJob, findTrainerJob } from '../../../../src/jobs/index.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

const PLAN: BlastPlan = {
  ...{ schemaVersion: 1, consent: CONSENT, fault: 'delete-files', token: '0'.repeat(32) },
  ...{ secretVariable: 'NO_SUCH_SECRET', secretFile: '/no/such/file', victimDir: '/no/such/folder' },
  ...{ port: 1, fillDirs: ['/no/such/folder'] },
  bounds: { memoryBytes: 1, logBytes: 1, diskBytes: 1, processes: 1, ms: 1 },
};
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { code: string }).code,
  );

describe('the job that goes wrong on purpose', () => {
  it('is found by the trainer alone: no command can name it', () => {
    expect(() => findJob('blast-radius')).toThrow(
      'There is no job "blast-radius": known jobs are mnist-cnn.',
    );
    expect(findTrainerJob('blast-radius').name).toBe('blast-radius');
  });

  it('does nothing without a plan that the bench has written', async () => {
    using folder = temporaryDirectory();
    const load = () => codeOf(createBlastRadius().loadData(folder.path));
    const write = (plan: object) => writeFileSync(join(folder.path, BLAST_PLAN_FILE), JSON.stringify(plan));
    expect(await load()).toBe('data-missing');
    write({ ...PLAN, consent: 'yes' });
    expect(await load()).toBe('bad-data');
    write({ ...PLAN, more: true });
    expect(await load()).toBe('bad-data');
    writeFileSync(join(folder.path, BLAST_PLAN_FILE), '{');
    expect(await load()).toBe('bad-data');
    write(PLAN);
    expect(await load()).toBe('done');
  });

  it('has the plan as its data: the digest in the spec covers it', async () => {
    using folder = temporaryDirectory();
    const job = createBlastRadius();
    const describeWith = (plan: BlastPlan) => {
      writeFileSync(join(folder.path, BLAST_PLAN_FILE), JSON.stringify(plan));
      return job.describeData(folder.path);
    };
    const [one, other] = [await describeWith(PLAN), await describeWith({ ...PLAN, fault: 'heap' })];
    expect(one).toMatchObject({ trainExamples: 32, testExamples: 8 });
    expect(one.digest).not.toBe(other.digest);
    expect(await job.dataFiles(folder.path)).toEqual([join(folder.path, BLAST_PLAN_FILE)]);
  });
});

describe('a fault', () => {
  it('deletes the folder that is named, and nothing beside it', () => {
    using folder = temporaryDirectory();
    const [victimDir, other] = [join(folder.path, 'victim'), join(folder.path, 'other')];
    mkdirSync(victimDir);
    mkdirSync(other);
    provoke({ ...PLAN, victimDir });
    expect([existsSync(victimDir), existsSync(other)]).toEqual([false, true]);
  });

  it('fills the first folder that is there, and ends at its bound', () => {
    using folder = temporaryDirectory();
    provoke({ ...PLAN, fault: 'disk-fill', fillDirs: ['/no/such/folder', folder.path] });
    const [name = ''] = readdirSync(folder.path);
    expect(name).toBe(`filler-${PLAN.token}`);
    expect(statSync(join(folder.path, name)).size).toBe(16 * 1024 ** 2);
    expect(() => provoke({ ...PLAN, fault: 'disk-fill' })).not.toThrow();
  });

  it('gives its token to whoever listens', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const came = once(server, 'connection');
    provoke({ ...PLAN, fault: 'connect', port: (server.address() as AddressInfo).port });
    const [socket] = (await came) as [AsyncIterable<Buffer>];
    let heard = '';
    for await (const chunk of socket) heard += chunk.toString();
    server.close();
    expect(heard).toBe(PLAN.token);
  });
});
