"""What MLflow's own client downloads below an artifact URI: {path: sha256}."""

import hashlib
import json
import os
import pathlib
import sys
import tempfile

os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
import mlflow

tracking_uri, artifact_uri = sys.argv[1:]
mlflow.set_tracking_uri(tracking_uri)
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(mlflow.artifacts.download_artifacts(artifact_uri=artifact_uri, dst_path=folder))
    files = [path for path in root.rglob("*") if path.is_file()]
    print(json.dumps({str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}))
