/** In a trainer image; Dockerfile.trainer puts it there. */
export const IN_IMAGE = {
  /** As HostConfig and Dockerfile want it. */
  user: '10001:10001',
  uid: 10001,
  node: '/usr/local/bin/node',
  app: '/opt/runner/app',
  /** The trainer program. */
  main: '/opt/runner/app/dist/src/trainer/main.js',
  engine: '/opt/runner/engine',
  /** Loads all that a trainer loads: `node check APP ENGINE`. */
  check: '/opt/runner/check-image.mjs',
  in: '/in',
  out: '/out',
  tmp: '/tmp',
} as const;
