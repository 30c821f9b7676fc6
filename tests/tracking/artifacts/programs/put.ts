/** Puts one file, and says that it begins: arguments are the S3 endpoint, the artifact URI and the file as JSON. */
import type { ArtifactFile } from '../../../../src/tracking/artifacts/artifact-store.js';
import { openS3Store } from '../../../../src/tracking/artifacts/s3-store.js';

const [endpoint, uri, file] = process.argv.slice(2);
const store = await openS3Store(uri!, {
  ...{ AWS_ACCESS_KEY_ID: 'admin', AWS_SECRET_ACCESS_KEY: 'admin-secret', MLFLOW_S3_ENDPOINT_URL: endpoint },
});
await store.put(JSON.parse(file!) as ArtifactFile, new AbortController().signal);
console.log('done');
