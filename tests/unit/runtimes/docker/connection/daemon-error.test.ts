import { expect, it } from 'vitest';
import {
  isConnectionLost,
  isStatus,
  toDaemonError,
} from '../../../../../runtimes/docker/connection/daemon-error.js';
import { DeadlineError } from '../../../../../runtimes/docker/connection/deadline.js';
import { SshError } from '../../../../../runtimes/docker/connection/ssh-agent.js';
import { RunnerError } from '../../../../../src/contract/errors.js';

const CONNECTION = { address: 'tcp://far:1', source: 'context far' };
const DAEMON = 'the Docker daemon at tcp://far:1 (context far)';

/** As dockerode makes it of an answer. */
const answer = (statusCode: number, message: string, reason = 'server error') =>
  Object.assign(new Error(`(HTTP code ${statusCode}) ${reason} - ${message} `), {
    ...{ statusCode, reason, json: { message } },
  });
/** As dockerode makes it where it asked for a stream: the words are in the text alone. */
const streamAnswer = (statusCode: number, message: string, reason = 'server error') =>
  Object.assign(answer(statusCode, message, reason), { json: null });
const errno = (code: string, syscall: string, message = `${syscall} ${code}`) =>
  Object.assign(new Error(message), { code, syscall });

const toError = (error: unknown) => toDaemonError(error, CONNECTION, 'container a');

it.each([
  [404, 'No such image: a:b', 'image-missing'],
  [409, 'Conflict. The container name "/a" is already in use by container "f00".', 'container-conflict'],
  [500, 'could not select device driver "" with capabilities: [[gpu]]', 'gpu-unavailable'],
  [500, 'could not select device driver "cdi" with capabilities: []', 'gpu-unavailable'],
  [400, 'Unknown runtime specified nvidia', 'gpu-unavailable'],
  [500, 'CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=0', 'gpu-unavailable'],
  [
    500,
    "Auto-detected mode as 'legacy'\nnvidia-container-cli: device error: 7: unknown device: unknown",
    'gpu-unknown',
  ],
  [500, 'nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8', 'gpu-driver-too-old'],
  [500, 'nvidia-container-cli: initialization error: nvml error: driver not loaded', 'gpu-unavailable'],
  [500, 'write /var/lib/docker/x: no space left on device', 'disk-full'],
  [400, 'Minimum memory limit allowed is 6MB', 'limit-too-low'],
  [400, 'Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', 'bad-spec'],
  [400, 'client version 1.41 is too new. Maximum supported API version is 1.30', 'daemon-too-old'],
  [400, 'Client sent an HTTP request to an HTTPS server', 'daemon-unreachable'],
  [403, 'Forbidden', 'daemon-forbidden'],
  [502, 'Bad Gateway', 'daemon-unreachable'],
  [404, 'No such container: a', 'daemon-failed'],
  [409, 'volume is in use', 'daemon-failed'],
  [500, 'OCI runtime create failed', 'daemon-failed'],
])('reads %i %s as %s, and keeps the daemon’s words', (status, words, code) => {
  const cause = answer(status, words);
  const error = toError(cause);
  expect(error).toMatchObject({ code, cause });
  expect(error.message).toContain(words.replace(/\.$/, ''));
  expect(error.message).toContain(`(HTTP ${status}).`);
  expect(error.message).toContain('container a');
  expect(toError(streamAnswer(status, words)).message).toBe(error.message);
});

it('says which daemon says what of what', () => {
  expect(toError(answer(500, 'It is on fire.')).message).toBe(
    'The Docker daemon at tcp://far:1 (context far) says of container a: It is on fire (HTTP 500).',
  );
});

it.each([
  [errno('ECONNREFUSED', 'connect', 'connect ECONNREFUSED 10.0.0.1:1'), 'connect ECONNREFUSED 10.0.0.1:1'],
  [errno('ENOENT', 'connect', 'connect ENOENT /a.sock'), 'connect ENOENT /a.sock'],
  [errno('ECONNRESET', 'read', 'socket hang up'), 'socket hang up'],
  [errno('ENOTFOUND', 'getaddrinfo', 'getaddrinfo ENOTFOUND far'), 'getaddrinfo ENOTFOUND far'],
  [new DeadlineError(15_000), 'no answer within 15 s'],
  [new SshError('ssh far: Permission denied (publickey).'), 'ssh far: Permission denied (publickey)'],
  [
    Object.assign(
      new AggregateError([
        errno('ECONNREFUSED', 'connect', 'connect ECONNREFUSED ::1:1'),
        errno('ECONNREFUSED', 'connect', 'connect ECONNREFUSED 127.0.0.1:1'),
      ]),
      { code: 'ECONNREFUSED' },
    ),
    'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
  ],
])('takes $0.message for a lost connection', (cause, why) => {
  expect(isConnectionLost(cause)).toBe(true);
  expect(toError(cause)).toMatchObject({
    ...{ code: 'daemon-unreachable', exitCode: 3, cause },
    message: `No answer about container a from ${DAEMON}: ${why}.`,
  });
});

it('takes no permission on the socket for daemon-forbidden, which waiting does not mend', () => {
  const cause = errno('EACCES', 'connect', 'connect EACCES /a.sock');
  expect(isConnectionLost(cause)).toBe(false);
  expect(toError(cause)).toMatchObject({
    code: 'daemon-forbidden',
    message: `This user may not use ${DAEMON}: connect EACCES /a.sock.`,
    hint: expect.stringContaining('usermod -aG docker') as string,
  });
});

it.each(['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'EPROTO'])(
  'sends the user to the certificates for %s, and does not wait',
  (code) => {
    const cause = errno(code, 'connect');
    expect(isConnectionLost(cause)).toBe(false);
    expect(toError(cause)).toMatchObject({
      code: 'daemon-unreachable',
      hint: expect.stringContaining('DOCKER_CERT_PATH') as string,
    });
  },
);

it('leaves errors of its own alone, and those that are not of a connection to others', () => {
  const own = new RunnerError('bad-data', 'x');
  expect(toError(own)).toBe(own);
  // A file, not a socket.
  const file = Object.assign(errno('ENOENT', 'open'), { path: '/a' });
  expect(isConnectionLost(file)).toBe(false);
  expect(toError(file).code).toBe('internal');
  expect(toError(Object.assign(errno('EACCES', 'open'), { path: '/a' })).code).toBe('file-unusable');
  expect(toError(new TypeError('x is undefined')).code).toBe('internal');
});

it('tells statuses apart', () => {
  expect(isStatus(answer(404, 'x'), 404)).toBe(true);
  expect(isStatus(answer(404, 'x'), 409, 304)).toBe(false);
  expect(isStatus(new Error('404'), 404)).toBe(false);
  expect(isStatus(undefined, 404)).toBe(false);
  expect([500, 502, 503, 504].map((status) => isConnectionLost(answer(status, 'x')))).toEqual([
    ...[false, true, true, true],
  ]);
});
