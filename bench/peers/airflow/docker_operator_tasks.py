"""The tasks of the DAGs of DockerOperator, which run the trainer's image as people do who have no runner.

What differs from run to run is below BENCH_FOLDER/<run id>: in/plan.json, and what the containers leave in out/.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from docker.types import Mount

RUN = os.environ["BENCH_FOLDER"] + "/{{ run_id }}"
PLAN, OUT, ENGINE = "/in/plan.json", "/out", "/opt/runner/engine"


def bench_dag(dag_id: str) -> DAG:
    return DAG(
        dag_id,
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    )


def train_task() -> DockerOperator:
    """With the image's own command, which is what `runner` gives its containers, too."""
    return _container("train", command=["--plan", PLAN, "--out", OUT, "--engine", ENGINE])


def evaluate_task() -> DockerOperator:
    """The image has no command for that: the program is mounted."""
    program = Mount("/evaluate.mjs", os.environ["BENCH_EVALUATE"], type="bind", read_only=True)
    return _container(
        "evaluate",
        entrypoint=["/usr/local/bin/node", "/evaluate.mjs"],
        command=[PLAN, OUT, ENGINE],
        mounts=(program,),
    )


def log_task() -> BashOperator:
    """By MLflow's own client, from a Python of its own."""
    return BashOperator(
        task_id="log_to_mlflow",
        bash_command='exec "$BENCH_PYTHON" "$BENCH_LOG" "$BENCH_RUN"',
        env={"BENCH_RUN": RUN},
        append_env=True,
        execution_timeout=timedelta(minutes=30),
    )


def _container(task_id: str, *, mounts: tuple[Mount, ...] = (), **options) -> DockerOperator:
    return DockerOperator(
        task_id=task_id,
        image=os.environ["BENCH_IMAGE"],
        docker_url=os.environ["DOCKER_HOST"],
        network_mode="none",
        mount_tmp_dir=False,
        auto_remove="force",
        mounts=[
            Mount("/in", RUN + "/in", type="bind", read_only=True),
            Mount("/in/data", os.environ["RUNNER_DATA_DIR"], type="bind", read_only=True),
            Mount(OUT, RUN + "/out", type="bind"),
            *mounts,
        ],
        execution_timeout=timedelta(hours=2),
        **options,
    )
