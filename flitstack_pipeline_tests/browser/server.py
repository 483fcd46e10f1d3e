"""One `dagster dev` over a data folder or many, and the few GraphQL calls the browser tests make.

What a person clicks is clicked in the browser; this launches the bulk in between and waits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

REPOSITORY = Path(__file__).parents[2]
ARTIFACTS = REPOSITORY / "artifacts" / "browser"
LOCATION = {
    "repositoryLocationName": "flitstack_pipeline",
    "repositoryName": "__repository__",
}
ENDED = ("SUCCESS", "FAILURE", "CANCELED")

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
RUN = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"""
RUNS = """
query ($filter: RunsFilter) {
  runsOrError(filter: $filter, limit: 50) {
    ... on Runs { results { runId status jobName tags { key value } } }
  }
}"""
EVENTS = """
query ($id: ID!) {
  logsForRun(runId: $id, limit: 2000) {
    ... on EventConnection {
      events {
        __typename
        ... on MessageEvent { message stepKey }
        ... on ExecutionStepFailureEvent { error { message } }
      }
    }
  }
}"""
SENSOR = """
query ($selector: SensorSelector!) {
  sensorOrError(sensorSelector: $selector) {
    ... on Sensor { sensorState { status ticks(limit: 5) {
      status skipReason runIds error { message } } } }
  }
}"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class DagsterDev:
    """`dagster dev` on loopback with its own home; stops with the block.

    `variable` is what names what it serves: FLITSTACK_DATA or FLITSTACK_MIGRATIONS.
    """

    def __init__(
        self, home: Path, served: Path, log: Path, variable: str = "FLITSTACK_DATA"
    ) -> None:
        self.home, self.log, self.served = home, log, {variable: str(served)}
        self.url = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> DagsterDev:
        self.home.mkdir(parents=True, exist_ok=True)
        for name in ("dagster.yaml", "workspace.yaml"):
            text = (REPOSITORY / name).read_text()
            (self.home / name).write_text(
                text.replace("working_directory: .", f"working_directory: {REPOSITORY}")
            )
        environment = {
            k: v for k, v in os.environ.items() if not k.startswith(("HIGHLEVEL", "DAGSTER"))
        }
        environment |= {**self.served, "PYTHONPATH": str(REPOSITORY)}
        environment["FLITSTACK_DAGSTER"] = str(self.home / "kept")
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "dagster", "dev", "--host", "127.0.0.1",
             "--port", self.url.rsplit(":", 1)[1], "-w", "workspace.yaml"],
            cwd=self.home, env=environment, start_new_session=True,
            stdout=self.log.open("w"), stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            self._wait_until_loaded()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        finally:
            # its code servers outlive it by a heartbeat; all of the group is ours
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _wait_until_loaded(self, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        question = "{ workspaceOrError { ... on Workspace { locationEntries { loadStatus } } } }"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"dagster dev ended:\n{self.log.read_text()[-3000:]}")
            try:
                entries = self.ask(question)["workspaceOrError"]["locationEntries"]
                if entries and all(e["loadStatus"] == "LOADED" for e in entries):
                    return
            except requests.RequestException:
                pass
            time.sleep(0.3)
        raise TimeoutError(f"dagster dev does not answer:\n{self.log.read_text()[-3000:]}")

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """One GraphQL question."""
        answer = requests.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30
        )
        answer.raise_for_status()
        found = answer.json()
        assert not found.get("errors"), found["errors"]
        return dict(found["data"])

    def launch(
        self,
        job: str,
        *,
        config: dict[str, Any] | None = None,
        assets: list[str] | None = None,
        partition: str,
    ) -> str:
        """Launch a job, or assets of the asset job, of a migration; returns the run id."""
        selector: dict[str, Any] = {**LOCATION, "jobName": job}
        if assets:
            selector["assetSelection"] = [{"path": a.split("/")} for a in assets]
        tags = [{"key": "dagster/partition", "value": partition}]
        params = {
            "selector": selector,
            "runConfigData": config or {},
            "executionMetadata": {"tags": tags},
            "mode": "default",
        }
        answer = self.ask(LAUNCH, params=params)["launchRun"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def wait(self, run_id: str, seconds: float = 240) -> str:
        """Wait for the end of a run; returns its status."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.ask(RUN, id=run_id)["runOrError"]["status"]
            if status in ENDED:
                return str(status)
            time.sleep(0.3)
        raise TimeoutError(f"run {run_id} is still {status}")

    def runs(self, job: str = "") -> list[dict[str, Any]]:
        """Runs (of one job), newest first."""
        wanted = {"pipelineName": job} if job else {}
        return list(self.ask(RUNS, filter=wanted)["runsOrError"]["results"])

    def messages(self, run_id: str) -> str:
        """Everything the log of a run says."""
        events = self.ask(EVENTS, id=run_id)["logsForRun"]["events"]
        return "\n".join(
            f"{e.get('stepKey')} {e.get('message')} {(e.get('error') or {}).get('message', '')}"
            for e in events
        )

    def sensor(self, name: str) -> dict[str, Any]:
        """State and last ticks of a sensor."""
        selector = {**LOCATION, "sensorName": name}
        return dict(self.ask(SENSOR, selector=selector)["sensorOrError"]["sensorState"])
