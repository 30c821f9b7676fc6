/** The part of the table of errors (errors.ts) that is about recording runs at a tracking server. */
import { EXIT } from './exit-status.js';
import type { ErrorEntry } from './exit-status.js';

export const TRACKING_ERRORS = {
  'bad-tracking-uri': {
    exit: EXIT.usage,
    hint: 'Give the address of an MLflow server, such as http://localhost:5000 (docs/tracking.md).',
  },
  'bad-credentials': {
    exit: EXIT.usage,
    hint: 'docs/tracking.md lists where a user name, a password, a token and certificates are looked for.',
  },
  'tracking-required': {
    exit: EXIT.trackingFailed,
    hint: 'Correct the address or the credentials of the tracking server, or leave out --require-tracking.',
  },
  'tracking-unreachable': {
    exit: EXIT.trackingFailed,
    hint: 'The run is complete on this machine; `runner sync` sends it once the server answers.',
    hints: {
      reading: 'Start the server, or correct its address (--tracking-uri, MLFLOW_TRACKING_URI).',
      recording:
        'Start the server, or correct its address (--tracking-uri, MLFLOW_TRACKING_URI); then run this again.',
    },
  },
  'tracking-forbidden': {
    exit: EXIT.trackingFailed,
    hint: 'Check the credentials of the tracking server; then `runner sync`.',
    hints: { reading: 'Check the credentials of the tracking server (docs/tracking.md).' },
  },
  'tracking-refused': {
    exit: EXIT.trackingFailed,
    hint: "The server's own words are in the message; `runner sync` tries again.",
    hints: {
      reading: "The server's own words are in the message.",
      recording: "The server's own words are in the message: see to what they say, then run this again.",
    },
  },
  'tracking-conflict': {
    exit: EXIT.trackingFailed,
    hint: 'Somebody has written to that run besides: delete it on the server, then `runner log RUN --again` records it anew.',
  },
  'tracking-busy': {
    exit: EXIT.trackingFailed,
    hint: 'Another process records this run: wait for it to end; a lock that a killed process left expires after 5 s.',
  },
  'tracking-incomplete': {
    exit: EXIT.trackingFailed,
    hint: '`runner sync` goes on with what is left.',
    hints: { recording: 'Run this again: it goes on with what is left.' },
  },
  'experiment-deleted': {
    exit: EXIT.trackingFailed,
    hint: 'Restore it (`mlflow experiments restore --experiment-id ID`), or give another with --experiment.',
  },
  'run-deleted': {
    exit: EXIT.trackingFailed,
    hint: 'Restore it on the server (`mlflow runs restore --run-id ID`), or record it anew with `runner log RUN --again`.',
  },
  'artifact-store-unreachable': {
    exit: EXIT.trackingFailed,
    hint: 'Metrics and parameters are recorded, the artifacts stay here; `runner sync` sends them later.',
    hints: {
      reading: 'Start the artifact store, or wait until it answers; then try again.',
      recording:
        'Metrics and parameters are recorded, the artifacts stay here: start the store, then run this again.',
    },
  },
  'artifact-store-forbidden': {
    exit: EXIT.trackingFailed,
    hint: 'Check the credentials of the artifact store (docs/tracking.md); then `runner sync`.',
    hints: { reading: 'Check the credentials of the artifact store (docs/tracking.md).' },
  },
  'artifact-store-unsupported': {
    exit: EXIT.trackingFailed,
    hint: 'docs/tracking.md lists the artifact stores that runner writes to.',
  },
  'bucket-missing': {
    exit: EXIT.trackingFailed,
    hint: 'Create the bucket, or correct the artifact root of the tracking server; then `runner sync`.',
    hints: { reading: 'Check which S3 it is to be (MLFLOW_S3_ENDPOINT_URL, docs/tracking.md).' },
  },
  'artifact-changed': {
    exit: EXIT.trackingFailed,
    hint: 'Everything else was recorded. Restore the file, or evaluate the run anew; then `runner sync`.',
  },
  'clock-skewed': {
    exit: EXIT.trackingFailed,
    hint: "Set this machine's clock (NTP); then `runner sync`.",
    hints: { reading: "Set this machine's clock (NTP); then try again." },
  },
  'mlflow-missing': {
    exit: EXIT.environment,
    hint: 'Install it: `pip install mlflow`, or name a Python that has it in RUNNER_PYTHON.',
  },
  'mlflow-failed': {
    exit: EXIT.environment,
    hint: 'Its own last words are in the message; all of them are in .mlflow/server.log of the runs directory.',
  },
} as const satisfies Record<string, ErrorEntry>;
