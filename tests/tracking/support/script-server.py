"""Runs scripts in forks of a process that has loaded MLflow and boto3, which would take each of them two seconds.

`script-server.py SOCKET`: a connection sends {"script", "args", "env"} as a line of JSON, and is answered with
{"status", "stdout", "stderr"}. A script has arguments and an environment of its own, and leaves nothing to the next.
Ends when its standard input does.
"""

import contextlib
import io
import json
import os
import runpy
import select
import socketserver
import sys
import traceback

import boto3  # noqa: F401
import mlflow.artifacts  # noqa: F401
import mlflow.tracking  # noqa: F401


def run(script, args, env):
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [script, *args]
    stdout, stderr = io.StringIO(), io.StringIO()
    status = 0
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            runpy.run_path(script, run_name="__main__")
        except BaseException:
            traceback.print_exc()
            status = 1
    return {"status": status, "stdout": stdout.getvalue(), "stderr": stderr.getvalue()}


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(json.dumps(run(**json.loads(self.rfile.readline()))).encode())


class Server(socketserver.ForkingMixIn, socketserver.UnixStreamServer):
    pass


with Server(sys.argv[1], Handler) as server:
    print("ready", flush=True)
    while True:
        readable, _, _ = select.select([server, sys.stdin], [], [])
        if sys.stdin in readable:
            break
        server.handle_request()
        server.collect_children()
