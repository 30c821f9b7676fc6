import { expect, it } from 'vitest';
import { serverArguments, serverEnvironment } from '../../../../src/tracking/local-server/server-command.js';

it('serves this machine alone, over stores that are named from its own folder', () => {
  expect(serverArguments(5000)).toEqual([
    'server',
    ...['--host', '127.0.0.1', '--port', '5000', '--workers', '1'],
    ...['--backend-store-uri', 'sqlite:///mlflow.db', '--artifacts-destination', './artifacts'],
    ...['--uvicorn-opts', '--no-access-log'],
  ]);
});

it('takes nothing of what is set for other servers, and tells nobody of itself', () => {
  const env = {
    PATH: '/usr/bin',
    HTTPS_PROXY: 'http://proxy:3128',
    MLFLOW_TRACKING_URI: 'https://team.example',
    MLFLOW_TRACKING_TOKEN: 'secret',
    MLFLOW_BACKEND_STORE_URI: 'postgresql://team.example',
    MLFLOW_DISABLE_TELEMETRY: 'false',
    _MLFLOW_SERVER_ARTIFACT_ROOT: 's3://team',
    UVICORN_WORKERS: '9',
    GUNICORN_CMD_ARGS: '--workers 9',
  };
  expect(serverEnvironment(env)).toEqual({
    PATH: '/usr/bin',
    HTTPS_PROXY: 'http://proxy:3128',
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_DISABLE_TELEMETRY: 'true',
  });
});
