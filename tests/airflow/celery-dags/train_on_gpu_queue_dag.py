"""Airflow DAG train_on_gpu_queue: one short training on the queue `gpu`, as RUNNER_DAGS_QUEUE=gpu has the real DAGs."""

from __future__ import annotations

from runner_dags.tasks import mnist_dag, train_task

with mnist_dag(
    "train_on_gpu_queue",
    description="for the tests",
    doc=__doc__,
    env={"MNIST_EPOCHS": 1, "RUNNER_THREADS": 1},
) as dag:
    train = train_task("train", mode="inprocess")
    train.queue = "gpu"
