"""log_to_mlflow.py FOLDER: records in/plan.json and out/ of a run as people write it, epochs and not steps."""

import json
import os
import sys
from pathlib import Path

os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"

import mlflow  # noqa: E402

folder = Path(sys.argv[1])
plan = json.loads((folder / "in" / "plan.json").read_text())
out = folder / "out"
evaluation = json.loads((out / "artifacts" / "eval" / "metrics.json").read_text())
mlflow.set_experiment("docker-operator")
with mlflow.start_run():
    mlflow.log_params({"seed": plan["spec"]["seed"], **plan["spec"]["hyperparameters"]})
    for line in (out / "events.ndjson").read_text().splitlines():
        event = json.loads(line)
        if event["type"] == "epoch":
            figures = {name: value for name, value in event.items() if isinstance(value, float)}
            mlflow.log_metrics(figures, step=event["epoch"])
    mlflow.log_metrics({name: evaluation[name] for name in ("testLoss", "testAccuracy", "macroF1")})
    mlflow.log_artifacts(str(out / "artifacts"))
