import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

/**
 * Certificates for a daemon at 127.0.0.1 and its client, of one authority: `ca.pem`, `cert.pem`, `key.pem` (both sides
 * use the same). Skips the test where there is no openssl; with CI set it fails.
 */
export function makeCertificates(test: TestContext, folder: string): void {
  const openssl = (...args: readonly string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  try {
    openssl('version');
  } catch (error) {
    if (process.env.CI) throw error;
    test.skip('openssl is not installed');
  }
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  openssl(...request, '-subj', '/CN=test authority', '-keyout', 'ca-key.pem', '-out', 'ca.pem');
  openssl(
    ...[...request, '-subj', '/CN=daemon', '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem'],
    ...['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')],
  );
}
