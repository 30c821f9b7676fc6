"""The training of mnist_cnn_training_train_with_docker as a DAG of DockerOperator: the same image, command and data.

The container evaluates, too, which spares this DAG a task; log_to_mlflow.py records what it has left, by MLflow's own
client. What differs from run to run is below BENCH_FOLDER/<run id>.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from docker.types import Mount

FOLDER = os.environ["BENCH_FOLDER"]

with DAG(
    "docker_operator",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
) as dag:
    train = DockerOperator(
        task_id="train",
        image=os.environ["BENCH_IMAGE"],
        command=["--plan", "/in/plan.json", "--out", "/out", "--engine", "/opt/runner/engine"],
        docker_url=os.environ["DOCKER_HOST"],
        network_mode="none",
        mount_tmp_dir=False,
        auto_remove="force",
        mounts=[
            Mount("/in", FOLDER + "/{{ run_id }}/in", type="bind", read_only=True),
            Mount("/in/data", os.environ["RUNNER_DATA_DIR"], type="bind", read_only=True),
            Mount("/out", FOLDER + "/{{ run_id }}/out", type="bind"),
        ],
        execution_timeout=timedelta(hours=2),
    )
    log_to_mlflow = BashOperator(
        task_id="log_to_mlflow",
        bash_command='exec "$BENCH_PYTHON" "$BENCH_LOG" "$BENCH_RUN"',
        env={"BENCH_RUN": FOLDER + "/{{ run_id }}"},
        append_env=True,
        execution_timeout=timedelta(minutes=30),
    )
    train >> log_to_mlflow
