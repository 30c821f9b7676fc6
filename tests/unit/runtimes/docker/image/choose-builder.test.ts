import { describe, expect, it } from 'vitest';
import { connect } from '../../../../../runtimes/docker/connection/connection.js';
import type { BuildOptions } from '../../../../../runtimes/docker/image/build.js';
import {
  buildByChoice,
  preferredBuilder,
  type BuilderChoice,
} from '../../../../../runtimes/docker/image/choose-builder.js';
import type { ImagePlan } from '../../../../../runtimes/docker/image/plan.js';
import { RunnerError } from '../../../../../src/contract/errors.js';
import { fakeDaemon } from '../connection/fake-daemon.js';

const NEVER = new AbortController().signal;
const BASE = { name: 'base:1', id: `sha256:${'b'.repeat(64)}`, nodeVersion: '22.0.0' };
const failed = (message: string) => new RunnerError('image-build-failed', message);

/** A daemon that prefers a builder, and says so as real ones do. */
const daemonOf = (header: string | undefined) =>
  fakeDaemon((_request, response) => {
    if (header !== undefined) response.setHeader('Builder-Version', header);
    response.end('OK');
  });

/** @param outcome what becomes of a build by a builder: undefined for an image */
async function build(
  builder: BuilderChoice,
  header: string | undefined,
  outcome: (by: BuildOptions['builder']) => Error | undefined = () => undefined,
  signal = NEVER,
) {
  const [builds, notices]: [string[], string[]] = [[], []];
  await using daemon = await daemonOf(header);
  const connection = await connect({ HOME: '/nowhere', ...daemon.env });
  const error = await buildByChoice(
    ...([connection, {} as ImagePlan, BASE] as const),
    {
      ...{ builder, anew: false, onProgress: () => undefined, signal },
      onNotice: (text) => notices.push(text),
    },
    (_connection, _plan, _base, { builder: by }) => {
      builds.push(by);
      const thrown = outcome(by);
      return thrown === undefined ? Promise.resolve() : Promise.reject(thrown);
    },
  ).catch((thrown: unknown) => thrown);
  return { builds, notices, error };
}

describe('the builder that a daemon prefers', () => {
  it.each([
    ['2', 'buildkit'],
    ['1', 'classic'],
    [undefined, 'classic'],
    ['', 'classic'],
  ] as const)('with Builder-Version %s is %s', async (header, builder) => {
    await using daemon = await daemonOf(header);
    const connection = await connect({ HOME: '/nowhere', ...daemon.env });
    expect(await preferredBuilder(connection, NEVER)).toBe(builder);
    expect(daemon.asked).toEqual(['/_ping']);
  });

  it('is not known of a daemon that does not answer', async () => {
    const connection = await connect({ HOME: '/nowhere', DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    await expect(preferredBuilder(connection, NEVER)).rejects.toMatchObject({ code: 'daemon-unreachable' });
  });
});

describe('a build', () => {
  it.each([
    ['auto', '2', 'buildkit'],
    ['auto', undefined, 'classic'],
    ['classic', '2', 'classic'],
    ['buildkit', undefined, 'buildkit'],
  ] as const)('by %s on a daemon that says %s is one by %s', async (builder, header, by) => {
    expect(await build(builder, header)).toEqual({ builds: [by], notices: [], error: undefined });
  });

  it('that BuildKit could not do is done by the classic builder, and that is said', async () => {
    const noSession = failed('No active session.');
    expect(await build('auto', '2', (by) => (by === 'buildkit' ? noSession : undefined))).toEqual({
      builds: ['buildkit', 'classic'],
      notices: ['By BuildKit: No active session. The classic builder is tried instead.'],
      error: undefined,
    });
  });

  it('that neither could do tells the classic builder’s words, and keeps BuildKit’s', async () => {
    const { error } = await build('auto', '2', (by) => failed(by));
    expect(error).toMatchObject({ message: 'classic', suppressed: [{ message: 'buildkit' }] });
  });

  it.each([
    ['classic', '2', failed('No.')],
    ['buildkit', '2', failed('No.')],
    ['auto', undefined, failed('No.')],
    ['auto', '2', new RunnerError('disk-full', 'Full.')],
    ['auto', '2', new RunnerError('daemon-unreachable', 'Gone.')],
  ] as const)(
    'by %s on a daemon that says %s is not tried again after: %s',
    async (builder, header, error) => {
      const ended = await build(builder, header, () => error);
      expect(ended).toMatchObject({ builds: { length: 1 }, notices: [], error });
    },
  );

  it('that is cancelled is not begun again', async () => {
    const controller = new AbortController();
    const { builds } = await build(
      ...(['auto', '2'] as const),
      () => {
        controller.abort(new Error('SIGINT'));
        return failed('Cancelled.');
      },
      controller.signal,
    );
    expect(builds).toEqual(['buildkit']);
  });
});
