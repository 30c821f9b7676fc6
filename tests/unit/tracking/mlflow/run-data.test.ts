/** Parameters and tags of a run that is there already. */
import { expect, it } from 'vitest';
import { fakeServer, RUN, type Reply, type Seen, signal } from './fake-server.js';

type Entries = readonly { readonly key: string; readonly value: string }[];

/** A server that holds these, and refuses other values of parameters. */
async function serverWith({
  params = [],
  tags = [],
}: {
  readonly params?: Entries;
  readonly tags?: Entries;
}) {
  const reply = ({ path, body }: Seen): Reply => {
    if (path.includes('runs/get')) return { body: { run: { ...RUN.run, data: { params, tags } } } };
    if (!path.includes('runs/log-batch')) return {};
    const { params: sent } = JSON.parse(body) as { readonly params: Entries };
    const refused = sent.some(({ key, value }) =>
      params.some((there) => there.key === key && there.value !== value),
    );
    return refused ? { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE', message: 'No.' } } : {};
  };
  const { connection, seen } = await fakeServer(reply);
  const bodies = (path: string): unknown[] =>
    seen.filter((request) => request.path.includes(path)).map(({ body }) => JSON.parse(body) as unknown);
  return { server: connection.server, bodies };
}

it('a parameter with another value there is named, and the others are logged', async () => {
  const { server, bodies } = await serverWith({ params: [{ key: 'seed', value: '7' }] });
  const params = [
    { key: 'seed', value: '8' },
    { key: 'epochs', value: '2' },
  ];
  await expect(server.logParams('r1', params, signal)).rejects.toMatchObject({
    code: 'tracking-conflict',
    message: expect.stringMatching(/^Parameter seed of run r1 on \S+ is "7" there and "8" here\.$/) as string,
  });
  expect(bodies('log-batch').at(-1)).toEqual({ run_id: 'r1', params: [{ key: 'epochs', value: '2' }] });
});

it('of tags those are deleted that are there', async () => {
  const { server, bodies } = await serverWith({ tags: [{ key: 'runner.reason', value: 'lost' }] });
  await server.deleteTags('r1', ['runner.reason', 'runner.message'], signal);
  expect(bodies('delete-tag')).toEqual([{ run_id: 'r1', key: 'runner.reason' }]);
});

it('a tag that is gone by then was deleted, and that is all right', async () => {
  const gone = { status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'No tag.' } };
  const { connection } = await fakeServer(({ path }) =>
    path.includes('delete-tag')
      ? gone
      : { body: { run: { ...RUN.run, data: { tags: [{ key: 'a', value: 'b' }] } } } },
  );
  await expect(connection.server.deleteTags('r1', ['a'], signal)).resolves.toBeUndefined();
});

it('a name that the search language cannot say is called a misuse', async () => {
  const { connection } = await fakeServer([{}]);
  await expect(connection.server.findModel('1', 'r1', `a'b"c`, signal)).rejects.toMatchObject({
    code: 'usage',
  });
});
