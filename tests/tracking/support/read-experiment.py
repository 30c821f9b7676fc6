"""Every run of an experiment as MLflow's own client and boto3 find it: `read-experiment.py URI NAME`, JSON on stdout.

Deleted runs are told too. Points are told as their number and a digest: there may be hundreds of thousands.
"""

import hashlib
import json
import os
import struct
import sys
import tempfile
from urllib.parse import urlparse

import boto3
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.entities import ViewType


def points(client, run):
    lines = []
    for key in run.data.metrics:
        for point in client.get_metric_history(run.info.run_id, key):
            value = struct.pack(">d", point.value).hex()
            lines.append(f"{key} {point.timestamp} {point.step} {value}")
    lines.sort()
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return {"count": len(lines), "distinct": len(set(lines)), "digest": digest}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def in_bucket(uri):
    """By boto3 itself, whatever MLflow's client makes of it."""
    where = urlparse(uri)
    prefix = where.path.lstrip("/") + "/"
    s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=where.netloc, Prefix=prefix)
    keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
    return {key[len(prefix):]: sha256(s3.get_object(Bucket=where.netloc, Key=key)["Body"].read()) for key in keys}


def through_proxy(uri):
    # What is not there cannot be downloaded.
    if not list_artifacts(artifact_uri=uri):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        root = download_artifacts(artifact_uri=uri, dst_path=folder)
        files = [os.path.join(at, name) for at, _, names in os.walk(root) for name in names]
        return {os.path.relpath(file, root): sha256(open(file, "rb").read()) for file in files}


def artifacts(uri):
    return in_bucket(uri) if uri.startswith("s3:") else through_proxy(uri)


def read(client, run):
    info = run.info
    models = client.search_logged_models([info.experiment_id], f"source_run_id = '{info.run_id}'")
    return {
        "id": info.run_id,
        "key": run.data.tags.get("runner.run_id"),
        "status": info.status,
        "lifecycleStage": info.lifecycle_stage,
        "points": points(client, run),
        "params": run.data.params,
        "artifacts": artifacts(info.artifact_uri),
        "models": [
            {"id": m.model_id, "status": str(m.status), "artifacts": artifacts(m.artifact_location)} for m in models
        ],
        "outputs": len(run.outputs.model_outputs) if run.outputs else 0,
        "versions": [
            {"name": v.name, "version": str(v.version)}
            for v in client.search_model_versions(f"run_id = '{info.run_id}'")
        ],
    }


def main(uri, name):
    os.environ["MLFLOW_TRACKING_URI"] = uri
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1000)
    json.dump([read(client, run) for run in runs], sys.stdout)


main(*sys.argv[1:])
