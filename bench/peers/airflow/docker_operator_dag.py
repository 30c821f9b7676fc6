"""Airflow DAG docker_operator: the tasks, image and data of mnist_cnn_training_train_with_docker, by DockerOperator.

A file that does not have the word Airflow in it is not looked at for DAGs.
"""

from __future__ import annotations

from docker_operator_tasks import bench_dag, evaluate_task, log_task, train_task

with bench_dag("docker_operator") as dag:
    train_task() >> evaluate_task() >> log_task()
