import { expect, test } from 'vitest';
import { connect, newRun, signal } from '../support/connect.js';
import { startMlflowServer } from '../support/mlflow-server.js';
import { readBack, sharedServers } from '../support/read-back.js';

test('a server that goes leaves no process behind; when it is back it is written to again', async () => {
  const { python } = sharedServers();
  await using first = await startMlflowServer({ python });
  const { server: tracking } = await connect({ uri: first.uri });
  const { id } = await newRun(tracking);
  expect(first.processes().length).toBeGreaterThan(0);
  await first.stop();
  expect(first.processes()).toEqual([]);
  await expect(tracking.setTags(id, [{ key: 'a', value: 'b' }], signal)).rejects.toMatchObject({
    code: 'tracking-unreachable',
    message: `Cannot set tags at ${first.uri}: nothing listens there (ECONNREFUSED).`,
  });
  const { folder, port } = first;
  const again = await startMlflowServer({ python, folder, port });
  try {
    await tracking.setTags(id, [{ key: 'a', value: 'b' }], signal);
    expect((await readBack(id, { uri: again.uri })).tags.a).toBe('b');
  } finally {
    await again.stop();
  }
});
