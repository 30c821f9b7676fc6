"""Airflow DAG train_out_of_time: trains without end, and has seconds where the real DAGs have hours."""

from __future__ import annotations

from datetime import timedelta

from runner_dags.tasks import mnist_dag, train_task

with mnist_dag(
    "train_out_of_time",
    description="for the tests",
    doc=__doc__,
    env={"MNIST_EPOCHS": 100_000, "MNIST_EARLY_STOPPING": False, "RUNNER_THREADS": 1},
) as dag:
    train = train_task("train", mode="docker")
    train.execution_timeout = timedelta(seconds=30)
    train.retries = 0
