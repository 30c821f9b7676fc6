"""What a DAG run can be given: parameters named as the variables that `runner` reads (docs/configuration.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from runner_dags.compat import Param

DAG_FOLDER = Path(__file__).resolve().parent.parent

#: Of the tasks that train and evaluate. Both defaults are there on any Airflow; `cpu` and `gpu` are what workers of
#: their own are started for (`airflow celery worker --queues gpu`). Set alike wherever DAGs are parsed.
QUEUE = os.environ.get("RUNNER_DAGS_QUEUE") or "default"
POOL = os.environ.get("RUNNER_DAGS_POOL") or "default_pool"

#: JSON schema and description of each. An empty one is the job's own default.
SCHEMAS: dict[str, tuple[dict[str, Any], str]] = {
    "MNIST_EPOCHS": ({"type": "integer", "minimum": 1, "maximum": 100_000}, "most passes over the training data"),
    "MNIST_BATCH_SIZE": ({"type": "integer", "minimum": 1}, "examples a step"),
    "MNIST_LEARNING_RATE": ({"type": "number", "exclusiveMinimum": 0, "maximum": 10}, "initial learning rate"),
    "MNIST_VALIDATION_SPLIT": (
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "share of the training data kept for validation",
    ),
    "MNIST_EARLY_STOPPING": (
        {"type": "boolean"},
        "stop when the validation loss no longer improves, and keep the best epoch",
    ),
    "MNIST_PATIENCE": ({"type": "integer", "minimum": 1}, "epochs without improvement before an early stop"),
    "MNIST_SEED": (
        {"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
        "seeds weights, validation split, shuffling and dropout",
    ),
    "RUNNER_THREADS": (
        {"type": "integer", "minimum": 1, "maximum": 1024},
        "threads of TensorFlow; the weights depend on it, so set it where workers differ",
    ),
}


def params(env: dict[str, Any]) -> dict[str, Param]:
    """The parameters of a DAG, with its own values as defaults; one that is not in `env` is left to the job."""
    unknown = env.keys() - SCHEMAS.keys()
    if unknown:
        raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
    return {
        name: Param(env.get(name), description=text, **{**schema, "type": ["null", schema["type"]]})
        for name, (schema, text) in SCHEMAS.items()
    }


def task_env() -> dict[str, str]:
    """Environment of a task, rendered when it runs. A value only ever becomes a variable, never a part of a command."""
    given = {name: "{{ '' if params.%s is none else params.%s }}" % (name, name) for name in SCHEMAS}
    return {**given, "RUNNER_DAGS_FOLDER": str(DAG_FOLDER)}
