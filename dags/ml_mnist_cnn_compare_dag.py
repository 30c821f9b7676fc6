"""Airflow DAG mnist_cnn_compare: trains on the worker, then in a container, records both, and tells what isolation costs."""

from __future__ import annotations

from runner_dags.tasks import compare_task, evaluate_task, log_task, mnist_dag, train_task

with mnist_dag(
    "mnist_cnn_compare",
    description="MNIST CNN on the worker and in a container, compared",
    doc=__doc__,
    env={"MNIST_EPOCHS": 5, "MNIST_EARLY_STOPPING": True},
) as dag:
    train = [
        train_task("train_on_worker", mode="inprocess"),
        train_task("train_in_container", mode="docker"),
    ]
    # Neither is to have the other, or an evaluation, beside it while it is timed.
    train[0] >> train[1]
    compare = compare_task("compare", trained=[task.task_id for task in train])
    for task in train:
        place = task.task_id.removeprefix("train_")
        evaluate = evaluate_task(f"evaluate_{place}", trained=task.task_id)
        log = log_task(f"log_to_mlflow_{place}", trained=task.task_id, evaluated=evaluate.task_id)
        train[1] >> evaluate >> log >> compare
