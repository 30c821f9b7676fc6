/** What MLflow has of the DAGs' runs. */
export interface RecordedRun {
  readonly id: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Those of the experiment `mnist-cnn`, newest first. */
export async function recordedRuns(uri: string): Promise<RecordedRun[]> {
  const { experiment } = (await ask(
    `${uri}/api/2.0/mlflow/experiments/get-by-name?experiment_name=mnist-cnn`,
  )) as {
    experiment: { experiment_id: string };
  };
  const { runs } = (await ask(`${uri}/api/2.0/mlflow/runs/search`, {
    experiment_ids: [experiment.experiment_id],
  })) as { runs: { info: { run_id: string }; data: { tags: { key: string; value: string }[] } }[] };
  return runs.map(({ info, data }) => ({
    id: info.run_id,
    tags: Object.fromEntries(data.tags.map(({ key, value }) => [key, value])),
  }));
}

/** Paths of a run's artifacts in one folder. */
export async function artifacts(uri: string, id: string, path: string): Promise<string[]> {
  const { files = [] } = (await ask(`${uri}/api/2.0/mlflow/artifacts/list?run_id=${id}&path=${path}`)) as {
    files?: { path: string }[];
  };
  return files.map(({ path: name }) => name);
}

async function ask(url: string, body?: object): Promise<unknown> {
  const init = body && {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  };
  return (await fetch(url, init)).json();
}
