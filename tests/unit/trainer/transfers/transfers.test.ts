import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { RESULTS_FOLDER } from '../../../../src/contract/transfers.js';
import { extractFiles } from '../../../../src/isolation/results/extract.js';
import { RESULT_RULES } from '../../../../src/isolation/results/take-over.js';
import { fetchInputs } from '../../../../src/trainer/transfers/fetch-inputs.js';
import { sendResults } from '../../../../src/trainer/transfers/send-results.js';
import { temporaryDirectory } from '../../common/temporary-directory.js';

/** A store that answers each path with these statuses, one after the other, and then with what it has. */
async function store(objects: Record<string, string> = {}, statuses: Record<string, number[]> = {}) {
  const put: [string, string, Buffer][] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const path = new URL(request.url ?? '', 'http://x').pathname;
      const status = statuses[path]?.shift() ?? (request.method === 'GET' && !(path in objects) ? 404 : 200);
      if (request.method === 'PUT' && status === 200)
        put.push([path, request.headers['content-length'] ?? 'none', body]);
      response.writeHead(status).end(objects[path] ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    put,
    url: (path: string) => `http://127.0.0.1:${port}${path}?X-Amz-Signature=secret`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
type Store = Awaited<ReturnType<typeof store>>;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const inputOf = ({ url }: Store, path: string, text: string) => ({
  ...{ path, url: url(`/${path}`), bytes: text.length, sha256: sha256(text) },
});
const { signal } = new AbortController();

describe('what a trainer fetches', () => {
  it('lies in its folders, although the store falters', async () => {
    using directory = temporaryDirectory();
    await using from = await store({ '/plan.json': '{}', '/data/x': 'images' }, { '/plan.json': [503] });
    const inputs = [inputOf(from, 'plan.json', '{}'), inputOf(from, 'data/x', 'images')];
    await fetchInputs(inputs, directory.path, signal);
    expect(readFileSync(join(directory.path, 'data/x'), 'utf8')).toBe('images');
    expect(readdirSync(directory.path).sort()).toEqual(['data', 'plan.json']);
  });

  it('is refused if it is not what was put there', async () => {
    using directory = temporaryDirectory();
    await using from = await store({ '/plan.json': 'other' });
    const fetched = fetchInputs([inputOf(from, 'plan.json', '{}')], directory.path, signal);
    await expect(fetched).rejects.toMatchObject({
      code: 'bad-data',
      message: 'plan.json is not the file that was put there: it has 5 bytes.',
    });
  });

  it('is not tried again where the address is no longer good; and the address is told to nobody', async () => {
    using directory = temporaryDirectory();
    await using from = await store({}, { '/plan.json': [403] });
    const error = await fetchInputs([inputOf(from, 'plan.json', '{}')], directory.path, signal).catch(
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({
      code: 'storage-refused',
      message: 'The store would not get plan.json: HTTP 403.',
    });
    expect(JSON.stringify([error, String((error as Error).stack)])).not.toContain('Signature');
  });
});

describe('what a trainer sends', () => {
  it('is an archive of its results that the runner takes, with its length, and exit.json last', async () => {
    using directory = temporaryDirectory();
    await using to = await store();
    const out = join(directory.path, 'out');
    for (const folder of ['', 'artifacts/model', 'checkpoints'])
      mkdirSync(join(out, folder), { recursive: true });
    writeFileSync(join(out, 'events.ndjson'), '{}\n');
    writeFileSync(join(out, 'exit.json'), '{"status":"succeeded"}');
    writeFileSync(join(out, 'artifacts/model/weights.bin'), 'weights');
    writeFileSync(join(out, 'artifacts/model/empty'), '');
    writeFileSync(join(out, 'of-the-job-itself'), 'x');
    symlinkSync('/etc/passwd', join(out, 'artifacts/link'));
    const before = readdirSync(out).sort();
    await sendResults(out, {
      schemaVersion: 1,
      inputs: [],
      results: to.url('/results'),
      exit: to.url('/exit'),
    });
    expect(to.put.map(([path, length, body]) => [path, length === String(body.length)])).toEqual([
      ['/results', true],
      ['/exit', true],
    ]);
    expect(readdirSync(out).sort()).toEqual(before);
    const files = await extractFiles(() => Promise.resolve(Readable.from([to.put[0]![2]])), {
      ...{ into: join(directory.path, 'into'), top: RESULTS_FOLDER, ...RESULT_RULES, signal },
      cutShort: (why) => new Error(why) as never,
    });
    expect(files.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['events.ndjson', 3],
      ['artifacts/model/empty', 0],
      ['artifacts/model/weights.bin', 7],
    ]);
  });

  it('has no exit.json where the results did not get through', async () => {
    using directory = temporaryDirectory();
    await using to = await store({}, { '/results': [403] });
    writeFileSync(join(directory.path, 'exit.json'), '{}');
    const transfers = {
      schemaVersion: 1,
      inputs: [],
      results: to.url('/results'),
      exit: to.url('/exit'),
    } as const;
    await expect(sendResults(directory.path, { ...transfers, inputs: [] })).rejects.toMatchObject({
      code: 'storage-refused',
    });
    expect(to.put).toEqual([]);
  });
});
