"""What bench/lib/track.mjs does, by MLflow's own client and by boto3: `mlflow_client.py WHAT URI EXPERIMENT ARGUMENT`.

points EVENTS        log_batch, a thousand points a call
single-points EVENTS log_metric, a point a call; the first ones only
file FILE            log_artifact, or boto3's upload_file where ARTIFACT_ROOT=s3://… is set
folder FOLDER        log_artifacts, or upload_file one after the other
"""

import json
import os
import resource
import sys
import time
from urllib.parse import urlparse

os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import boto3  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric  # noqa: E402

BATCH = 1_000
SINGLE_POINTS = 300
what, uri, name, argument = sys.argv[1:]
client = MlflowClient(uri)
known = client.get_experiment_by_name(name)
experiment = known.experiment_id if known else client.create_experiment(name)
run = client.create_run(experiment).info.run_id
root = os.environ.get("ARTIFACT_ROOT")


def points():
    """In memory before it begins."""
    for line in open(argument):
        event = json.loads(line)
        for key, value in event["values"].items():
            yield Metric(f"step/{key}", value, round(event["t"]), event["step"])


def log_batches():
    for start in range(0, len(given), BATCH):
        client.log_batch(run, metrics=given[start : start + BATCH])


def log_singly():
    for point in given[:SINGLE_POINTS]:
        client.log_metric(run, point.key, point.value, point.timestamp, point.step)


def upload():
    if root is None:
        if os.path.isdir(argument):
            client.log_artifacts(run, argument)
        else:
            client.log_artifact(run, argument)
        return
    for file in files:
        s3.upload_file(file, bucket, f"{prefix}/{run}/{os.path.basename(file)}")


if what.endswith("points"):
    given = list(points())
    count = len(given) if what == "points" else SINGLE_POINTS
    work = log_batches if what == "points" else log_singly
    client.set_tag(run, "connected", "yes")
else:
    is_folder = os.path.isdir(argument)
    files = [os.path.join(argument, file) for file in os.listdir(argument)] if is_folder else [argument]
    count = len(files)
    work = upload
    if root is None:
        client.log_artifact(run, __file__)
    else:
        where = urlparse(root)
        bucket, prefix = where.netloc, where.path.strip("/")
        s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
        s3.upload_file(__file__, bucket, f"{prefix}/{run}/first.txt")


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


before = peak_bytes()
began = time.perf_counter()
work()
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "count": count, "extraBytes": peak_bytes() - before}))
