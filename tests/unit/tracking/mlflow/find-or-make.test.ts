import { expect, it } from 'vitest';
import { TrackingFailure } from '../../../../src/tracking/mlflow/failure.js';
import { findOrMake } from '../../../../src/tracking/mlflow/find-or-make.js';

const { signal } = new AbortController();
const unclear = new TrackingFailure('tracking-unreachable', 'It broke.', { clarity: 'unclear' });

/** @param foundAt which look finds it, the one before any attempt being the first; never by default */
function server({ foundAt = Infinity, unclearAttempts = 1 } = {}) {
  const asked: string[] = [];
  let looks = 0;
  let attempts = 0;
  const options = {
    find() {
      asked.push('find');
      return Promise.resolve((looks += 1) >= foundAt ? 'late' : null);
    },
    make() {
      asked.push('make');
      return (attempts += 1) <= unclearAttempts ? Promise.reject(unclear) : Promise.resolve('made');
    },
    settle(made: string) {
      asked.push('settle');
      return Promise.resolve(made);
    },
    ...{ attempts: 3, unclearWaitMs: 1, signal },
  };
  return { asked, options };
}

it('takes what is there', async () => {
  const { asked, options } = server({ foundAt: 1 });
  expect(await findOrMake(options)).toEqual({ value: 'late', made: false });
  expect(asked).toEqual(['find']);
});

it('makes what is not there, and asks for no twins of what it has made once', async () => {
  const { asked, options } = server({ unclearAttempts: 0 });
  expect(await findOrMake(options)).toEqual({ value: 'made', made: true });
  expect(asked).toEqual(['find', 'make']);
});

it('looks three times for what a slow server may still be making', async () => {
  const { asked, options } = server({ foundAt: 4 });
  expect(await findOrMake(options)).toEqual({ value: 'late', made: false });
  expect(asked).toEqual(['find', 'make', 'find', 'find', 'find']);
});

it('makes it again after that, and asks whether it is there twice now', async () => {
  const { asked, options } = server();
  expect(await findOrMake(options)).toEqual({ value: 'made', made: true });
  expect(asked).toEqual(['find', 'make', 'find', 'find', 'find', 'make', 'settle']);
});

it('has not made the twin that stays', async () => {
  const { options } = server();
  expect(await findOrMake({ ...options, settle: () => Promise.resolve('twin') })).toEqual({
    ...{ value: 'twin', made: false },
  });
});

it('tells the last failure once all attempts are used up', async () => {
  const { asked, options } = server({ unclearAttempts: 3 });
  await expect(findOrMake(options)).rejects.toBe(unclear);
  expect(asked.filter((what) => what === 'make')).toHaveLength(3);
});

it('ends a wait with the reason of the signal', async () => {
  const abort = new AbortController();
  const reason = new Error('The time is up.');
  const { options } = server();
  const waiting = findOrMake({ ...options, unclearWaitMs: 60_000, signal: abort.signal });
  setTimeout(() => abort.abort(reason), 5);
  await expect(waiting).rejects.toBe(reason);
});
