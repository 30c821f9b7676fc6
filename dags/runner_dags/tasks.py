"""The tasks that the DAGs are made of: train, evaluate, record, compare."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from runner_dags.command import USAGE, RunnerFailed, parse_result, run_runner, runs_dir
from runner_dags.compat import DAG, AirflowFailException, BashOperator, PythonOperator
from runner_dags.settings import POOL, QUEUE, params, task_env

TRAIN_WITHIN = timedelta(hours=2)
EVALUATE_WITHIN = timedelta(minutes=20)
RECORD_WITHIN = timedelta(minutes=30)
#: Before Airflow's own limit, so that the run itself says that it has run out of time.
EARLIER = timedelta(minutes=2)
#: A tracking server that is started anew is outlasted: what has been trained for hours is worth some minutes.
RECORD_RETRIES = {"retries": 5, "retry_delay": timedelta(minutes=1)}


def mnist_dag(dag_id: str, *, description: str, doc: str | None, env: dict[str, Any]) -> DAG:
    """A DAG that runs when it is triggered, with `env` as the defaults of its parameters, and `doc` on its page."""
    return DAG(
        dag_id,
        description=description,
        doc_md=doc,
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        params=params(env),
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
        tags=["mnist", "runner"],
    )


def train_task(task_id: str, *, mode: str) -> BashOperator:
    """Trains in `mode`, which is the runner's: `inprocess`, `process` or `docker`. Tried again it finds its run."""
    limit = int((TRAIN_WITHIN - EARLIER).total_seconds())
    return BashOperator(
        task_id=task_id,
        bash_command=_script("train_mnist_cnn_tf", "--mode", mode),
        env={**task_env(), "RUNNER_TIMEOUT": f"{limit}s"},
        append_env=True,
        execution_timeout=TRAIN_WITHIN,
        queue=QUEUE,
        pool=POOL,
    )


def evaluate_task(task_id: str, *, trained: str) -> BashOperator:
    """Evaluates the run that the task `trained` has trained."""
    return BashOperator(
        task_id=task_id,
        bash_command=_script("evaluate_mnist_cnn_tf"),
        env={**task_env(), "RUNNER_TRAINED": _result_of(trained)},
        append_env=True,
        execution_timeout=EVALUATE_WITHIN,
        queue=QUEUE,
        pool=POOL,
    )


def log_task(task_id: str, *, trained: str, evaluated: str) -> PythonOperator:
    """Records training and evaluation as one MLflow run; needs neither the engine nor a daemon."""
    return PythonOperator(
        task_id=task_id,
        python_callable=log_to_mlflow,
        op_kwargs={
            **_dag_run(),
            "trained": _result_of(trained),
            "evaluated": _result_of(evaluated),
        },
        execution_timeout=RECORD_WITHIN,
        **RECORD_RETRIES,
    )


def compare_task(task_id: str, *, trained: list[str]) -> PythonOperator:
    """Compares the runs of several tasks; its report is left beside them."""
    return PythonOperator(
        task_id=task_id,
        python_callable=compare,
        op_kwargs={**_dag_run(), "trained": [_result_of(task) for task in trained]},
        execution_timeout=RECORD_WITHIN,
    )


def log_to_mlflow(dag_id: str, run_id: str, trained: str, evaluated: str) -> dict[str, Any]:
    """The shared logging task. What the artifact store does not take stays on disk and is no failure.

    Raises RunnerFailed where the run could not be recorded, to be tried again; AirflowFailException where trying
    again does not help.
    """
    training, evaluation = _parsed(trained), _parsed(evaluated)
    folder = runs_dir(dag_id, run_id)
    try:
        document = run_runner("log", training["runId"], "--runs-dir", str(folder))
    except RunnerFailed as error:
        document = error.document
        if error.status == USAGE:
            raise AirflowFailException(str(error)) from error
        if not _artifacts_alone(document):
            raise
    (recorded,) = document["runs"]
    failure = recorded.get("error")
    if failure:
        print(f"Recorded without all artifacts, which stay in {folder}: {failure['message']}")
    return {
        "runId": training["runId"],
        "mode": training["mode"],
        "testAccuracy": evaluation["testAccuracy"],
        "url": recorded["url"],
        "artifacts": "recorded" if recorded["complete"] else str(folder),
    }


def compare(dag_id: str, run_id: str, trained: list[str]) -> dict[str, Any]:
    """The report as a page, as Markdown and as JSON."""
    folder = runs_dir(dag_id, run_id)
    runs = [_parsed(result)["runId"] for result in trained]
    files = {form: str(folder / f"compare.{form}") for form in ("html", "md", "json")}
    for file in files.values():
        run_runner("compare", *runs, "--runs-dir", str(folder), "--output", file)
    return {"runs": runs, **files}


def _script(name: str, *arguments: str) -> str:
    """In place of bash, so that signals reach it. The standard input would be Airflow's own connection to its task: while
    something holds that open, Airflow 3 waits for a minute before it takes a task for dead whose process is.
    """
    return " ".join([f'exec python3 "$RUNNER_DAGS_FOLDER/scripts/{name}"', *arguments, "</dev/null"])


def _dag_run() -> dict[str, str]:
    return {"dag_id": "{{ dag.dag_id }}", "run_id": "{{ run_id }}"}


def _result_of(task_id: str) -> str:
    return "{{ ti.xcom_pull(task_ids='%s') }}" % task_id


def _parsed(result: str) -> dict[str, Any]:
    """Trying again does not help where there is no result to work on."""
    try:
        return parse_result(result)
    except ValueError as error:
        raise AirflowFailException(str(error)) from error


def _artifacts_alone(document: dict[str, Any]) -> bool:
    """Whether there is a run at the server, and all that is lacking are artifacts."""
    runs = document.get("runs") or [{}]
    return "url" in runs[0]
