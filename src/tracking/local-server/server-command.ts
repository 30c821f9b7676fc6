/** How the server of one's own is started: MLflow as it comes, for one user of this machine. */

export const DATABASE = 'mlflow.db';

/** In the server's folder, so that no character of the folder's path can mean anything in a URI. */
const STORES = ['--backend-store-uri', `sqlite:///${DATABASE}`, '--artifacts-destination', './artifacts'];

/** @param port of the loopback interface; nobody else's machine gets to it */
export const serverArguments = (port: number): readonly string[] => [
  'server',
  ...['--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
  ...STORES,
  // A line for each request would soon be all of the log.
  ...['--uvicorn-opts', '--no-access-log'],
];

/** Variables that would make it another server: another store, other workers, other hosts. */
const FOREIGN = /^(_?MLFLOW|UVICORN|GUNICORN)_/;

export const serverEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => !FOREIGN.test(name))),
  // The jobs are for evaluating language models, and take six processes more.
  MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
  MLFLOW_DISABLE_TELEMETRY: 'true',
});
