"""What a tracking server holds of a run, told by MLflow's own client: `read-back.py URI RUN_ID`, JSON on stdout."""

import json
import math
import sys

from mlflow import MlflowClient


def number(value):
    """JSON has no NaN and no infinities."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def artifacts(client, run_id, path=None):
    for file in client.list_artifacts(run_id, path):
        if file.is_dir:
            yield from artifacts(client, run_id, file.path)
        else:
            yield {"path": file.path, "bytes": file.file_size}


def read(client, run_id):
    run = client.get_run(run_id)
    info = run.info
    history = {key: client.get_metric_history(run_id, key) for key in run.data.metrics}
    models = client.search_logged_models([info.experiment_id], f"source_run_id = '{run_id}'")
    versions = client.search_model_versions(f"run_id = '{run_id}'")
    return {
        "name": info.run_name,
        "status": info.status,
        "lifecycleStage": info.lifecycle_stage,
        "startTimeMs": info.start_time,
        "endTimeMs": info.end_time,
        "artifactUri": info.artifact_uri,
        "params": run.data.params,
        "tags": run.data.tags,
        "latest": {key: number(value) for key, value in run.data.metrics.items()},
        "metrics": {
            key: [
                {"value": number(point.value), "timestamp": point.timestamp, "step": point.step}
                for point in sorted(points, key=lambda p: (p.step, p.timestamp))
            ]
            for key, points in history.items()
        },
        "datasets": [
            {
                "name": given.dataset.name,
                "digest": given.dataset.digest,
                "sourceType": given.dataset.source_type,
                "source": given.dataset.source,
                "schema": given.dataset.schema,
                "profile": given.dataset.profile,
                "context": {tag.key: tag.value for tag in given.tags}.get("mlflow.data.context"),
            }
            for given in run.inputs.dataset_inputs
        ],
        "outputs": [{"modelId": o.model_id, "step": o.step} for o in (run.outputs.model_outputs if run.outputs else [])],
        "models": [
            {"id": m.model_id, "name": m.name, "status": str(m.status), "params": m.params, "tags": m.tags}
            for m in models
        ],
        "versions": [
            {"name": v.name, "version": str(v.version), "source": v.source, "status": v.status, "tags": v.tags}
            for v in versions
        ],
        "artifacts": list(artifacts(client, run_id)) if "--artifacts" in sys.argv else [],
    }


json.dump(read(MlflowClient(sys.argv[1]), sys.argv[2]), sys.stdout)
