"""Runs `runner` for a task, and tells what came of it in few words: XCom is no place for a document."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Within the 5 s after which Airflow kills a task that it has asked to end.
STOP_SECONDS = 4.0
USAGE = 2


class RunnerFailed(Exception):
    """`runner` ended with another status than 0; `document` is what it said on stdout."""

    def __init__(self, command: Sequence[str], status: int, document: dict[str, Any]) -> None:
        error = document.get("error") or {}
        words = " ".join(filter(None, (error.get("message"), error.get("hint"))))
        super().__init__(f"{' '.join(command[:2])} ended with status {status}. {words}".strip())
        self.status = status
        self.document = document


def variable(name: str) -> str:
    """A variable that Airflow, or the DAG, sets for a task. Raises ValueError where it is not set."""
    value = os.environ.get(name)
    if value is None:
        raise ValueError(f"{name} is not set: this is for a task of Airflow")
    return value


def parse_result(text: str) -> dict[str, Any]:
    """What another task has left in XCom. Raises ValueError where it has left nothing: one marked as a success, say."""
    try:
        result = json.loads(text)
    except json.JSONDecodeError:
        result = None
    if not isinstance(result, dict):
        raise ValueError(f"the task before has left no result in XCom but {text[:100]!r}: clear it to run it again")
    return result


def runs_dir(dag_id: str, run_id: str) -> Path:
    """The folder of one DAG run, below `artifacts` beside the DAGs or below RUNNER_DAGS_ARTIFACTS.

    Raises ValueError for a name that would lead out of it.
    """
    for name in (dag_id, run_id):
        if not name or name.startswith(".") or "/" in name:
            raise ValueError(f"{name!r} is no name for a folder of runs")
    root = os.environ.get("RUNNER_DAGS_ARTIFACTS") or Path(__file__).resolve().parent.parent / "artifacts"
    return Path(root) / dag_id / run_id


def run_runner(*arguments: str, env: dict[str, str] | None = None, own_session: bool = False) -> dict[str, Any]:
    """Runs `runner ARGUMENTS --json` to its end. Progress goes to this process's stderr.

    Airflow ends a task of Python by a signal to its process group, which the runner belongs to, or by an exception,
    which the runner does not outlive. A launcher, which has no handlers of Airflow's, gives it a session of its own
    and passes on the first signal: a second one would have the runner leave before it has cleared away.

    Raises RunnerFailed unless the exit status is 0.
    """
    command = ["runner", *arguments]
    forward = Forwarding() if own_session else contextlib.nullcontext()
    with (
        forward,
        subprocess.Popen(
            [*command, "--json"],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=own_session,
        ) as process,
    ):
        try:
            if isinstance(forward, Forwarding):
                forward.to(process)
            stdout, _ = process.communicate()
        except BaseException:
            _end(process)
            raise
    document = _parse(stdout)
    if process.returncode != 0:
        raise RunnerFailed(command, _exit_status(process.returncode), document)
    return document


def launch(task: Callable[[], dict[str, Any]]) -> int:
    """The body of a launcher: the last line of stdout is what `task()` returns. Returns the exit status."""
    try:
        summary = task()
    except RunnerFailed as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return error.status
    except (ValueError, OSError) as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return USAGE
    # Airflow merges both streams and takes the last line: nothing may come after it.
    sys.stderr.flush()
    print(json.dumps(summary, separators=(",", ":")), flush=True)
    return 0


class Forwarding(contextlib.AbstractContextManager["Forwarding"]):
    """Passes on the first signal that asks this process to end, also one that came before there was a child."""

    def __enter__(self) -> Forwarding:
        self._child: subprocess.Popen[str] | None = None
        self._received: int | None = None
        self._before = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        return self

    def __exit__(self, *_exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def to(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        if self._received is not None:
            child.send_signal(self._received)

    def _on_signal(self, number: int, _frame: object) -> None:
        if self._received is not None:
            return
        self._received = number
        if self._child is not None:
            self._child.send_signal(number)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _parse(stdout: str) -> dict[str, Any]:
    """A runner that is told twice to end leaves without a document."""
    try:
        document = json.loads(stdout)
    except json.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _exit_status(returncode: int) -> int:
    return returncode if returncode >= 0 else 128 - returncode
