"""Airflow DAG docker_operator_two_tasks: the same with one container, which evaluates what it has trained: a task less."""

from __future__ import annotations

from docker_operator_tasks import bench_dag, log_task, train_task

with bench_dag("docker_operator_two_tasks") as dag:
    train_task() >> log_task()
