"""Airflow DAG mnist_cnn_training_train_with_tensorflow: trains on the worker itself, evaluates, records to MLflow."""

from __future__ import annotations

from runner_dags.tasks import evaluate_task, log_task, mnist_dag, train_task

with mnist_dag(
    "mnist_cnn_training_train_with_tensorflow",
    description="MNIST CNN, trained on the worker",
    doc=__doc__,
    env={"MNIST_EPOCHS": 5, "MNIST_EARLY_STOPPING": True},
) as dag:
    train = train_task("train_mnist_tf_script", mode="inprocess")
    evaluate = evaluate_task("evaluate_mnist_tf_script", trained=train.task_id)
    log = log_task("log_to_mlflow", trained=train.task_id, evaluated=evaluate.task_id)
    train >> evaluate >> log
