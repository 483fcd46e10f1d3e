"""Runs of the room as runs in Dagster, where its web server is named.

Belongs here: which job a command is, launching it over GraphQL, waiting for its end, its reasons.
Does not: jobs (`dagster`), the process that waits (`review.runs`). Nothing of Dagster is imported:
the room asks a server, as a browser does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import requests

from flitstack_pipeline.errors import Exit, Stopped
from flitstack_pipeline.job_names import JOB
from flitstack_pipeline.settings import Project

ADDRESS = "FLITSTACK_DAGSTER_URL"
ASSET_JOB, LOCATION = "__ASSET_JOB", "flitstack_pipeline"
POLL_S, TIMEOUT_S = 1.0, 30
DONE, ENDED = "SUCCESS", ("SUCCESS", "FAILURE", "CANCELED")
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  name locationOrLoadError { ... on RepositoryLocation { repositories { name } } } } } } }"""
_MIGRATIONS = """{ assetNodeOrError(assetKey: {path: ["source_audit"]}) {
  ... on AssetNode { partitionKeys } } }"""
_LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""
_STATUS = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_WHY = """query ($id: ID!) { logsForRun(runId: $id, limit: 5000) { ... on EventConnection {
  events { ... on ExecutionStepFailureEvent { stepKey error { message causes { message } } }
           ... on RunFailureEvent { message } } } } }"""


class DagsterUnusable(Stopped):
    """Dagster's web server does not answer, or does not know this migration."""


@dataclass(frozen=True)
class Job:
    """A job, or assets to materialize, with its config."""

    name: str
    assets: tuple[str, ...] = ()
    config: dict[str, Any] | None = None


#: What a run says that waits for a person.
REFUSED = " was refused; nothing ran."
MAP = Job(JOB["propose_map"])


def address() -> str:
    """Where Dagster's web server is, as the environment says; "" for nowhere."""
    return os.environ.get(ADDRESS, "").strip().rstrip("/")


def run_command(command: Sequence[str], partition: str, log: TextIO) -> int | None:
    """Carry out a command of the room as runs of Dagster, one after the other.

    Args:
        command: Its words, without `flitstack`.
        partition: What the migration is called in Dagster.
        log: Where addresses, outcomes and reasons go.

    Returns:
        The exit code, or None for a command that takes a moment and is no job.

    Raises:
        DagsterUnusable: The server does not answer, or has no such migration.
    """
    if tuple(command) == ("migrate",):
        return _migrate(partition, log)
    job = _job_of(command)
    return None if job is None else run(job, partition, log)


def _job_of(command: Sequence[str]) -> Job | None:
    if command[0] == "approve":
        told = {"approved_by": command[-1], "note": command[1].removeprefix("--note=")}
        config = {"ops": {"sample_approval": {"config": told}}}
        return Job(ASSET_JOB, ("sample_approval",), config)
    return {
        ("audit",): Job(JOB["audit"]),
        ("map", "propose"): MAP,
        ("delta",): Job(JOB["delta"]),
        ("reconcile",): Job(JOB["reconcile"]),
        ("resolve",): Job(ASSET_JOB, ("conflict_decisions",)),
        ("rollback", "--dry-run"): Job(JOB["rollback_dry_run"]),
        ("rollback", "--yes"): Job(JOB["rollback"]),
    }.get(tuple(command))


def _migrate(partition: str, log: TextIO) -> int:
    """As the command: up to the gate, and through it when the sample is approved."""
    from flitstack_pipeline import services

    project = Project.from_environment()
    waits: list[tuple[tuple[Job, ...], Callable[[], list[str]]]] = [
        (
            (Job(JOB["audit"]), MAP),
            lambda: [
                *services.unconfirmed_entries(project),
                *services.open_matters(project, mapped=False),
            ],
        ),
        ((Job(JOB["prepare"]), Job(JOB["sample"])), lambda: services.gate_reasons(project)),
        ((Job(JOB["cutover"]),), list),
    ]
    for jobs, reasons in waits:
        for job in jobs:
            if code := run(job, partition, log):
                return code
        if found := reasons():
            print("This is to be settled first:", *found, sep="\n  - ", file=log, flush=True)
            return Exit.WAITING
    return Exit.DONE


def run(job: Job, partition: str, log: TextIO) -> int:
    """Launch a job and wait for its end; the exit code its command would have."""
    run_id = _launched(job, partition)
    print(f"Dagster: {job.name} {' '.join(job.assets)}".rstrip(), f"at {address()}/runs/{run_id}",
          file=log, flush=True)  # fmt: skip
    status = ""
    while status not in ENDED:
        time.sleep(POLL_S)
        status = _ask(_STATUS, id=run_id)["runOrError"].get("status", "CANCELED")
    print(f"Dagster: {status.lower()}", file=log, flush=True)
    if status == DONE:
        return Exit.DONE
    reasons = _reasons(run_id)
    print(*reasons, sep="\n", file=log, flush=True)
    refused = any(REFUSED in reason for reason in reasons)
    return Exit.WAITING if refused else Exit.INCOMPLETE


def _launched(job: Job, partition: str) -> str:
    name, repository = _place(partition)
    selector: dict[str, Any] = {
        "repositoryLocationName": name, "repositoryName": repository, "jobName": job.name,
    }  # fmt: skip
    if job.assets:
        selector["assetSelection"] = [{"path": asset.split("/")} for asset in job.assets]
    told = {"flitstack/from": "review", "flitstack/migration": partition,
            "dagster/partition": partition}  # fmt: skip
    tags = [{"key": key, "value": value} for key, value in told.items()]
    params = {"selector": selector, "runConfigData": job.config or {}, "mode": "default",
              "executionMetadata": {"tags": tags}}  # fmt: skip
    answer = _ask(_LAUNCH, params=params)["launchRun"]
    if answer["__typename"] != "LaunchRunSuccess":
        said = [answer.get("message", "")] + [e["message"] for e in answer.get("errors", ())]
        raise DagsterUnusable(f"Dagster did not start {job.name}: {' '.join(filter(None, said))}")
    return str(answer["run"]["runId"])


def _place(partition: str) -> tuple[str, str]:
    """(location, repository) of our code. Raises DagsterUnusable where it knows no such migration.

    Dagster would start a run of a partition that is none.
    """
    entries = _ask(_LOCATIONS)["workspaceOrError"].get("locationEntries", [])
    found = {
        entry["name"]: repositories[0]["name"]
        for entry in entries
        if (repositories := (entry["locationOrLoadError"] or {}).get("repositories"))
    }
    known = _ask(_MIGRATIONS)["assetNodeOrError"].get("partitionKeys", [])
    if not found or partition not in known:
        there = ", ".join(known) or "none yet"
        raise DagsterUnusable(
            f"Dagster at {address()} has no migration {partition!r}; there are: {there}. Is it "
            "started with the same FLITSTACK_MIGRATIONS or FLITSTACK_DATA as this room?"
        )
    ours = LOCATION if LOCATION in found else next(iter(found))
    return ours, found[ours]


def _reasons(run_id: str) -> list[str]:
    events = _ask(_WHY, id=run_id)["logsForRun"].get("events", ())
    errors = [(e["stepKey"], e["error"]) for e in events if e.get("error")]
    return [
        f"{step}: {' '.join([error['message'], *(c['message'] for c in error['causes'])])}"
        for step, error in errors
    ]


def _ask(query: str, **variables: Any) -> dict[str, Any]:
    try:
        answer = requests.post(
            f"{address()}/graphql", json={"query": query, "variables": variables}, timeout=TIMEOUT_S
        )
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise DagsterUnusable(
            f"Dagster at {address()} does not answer ({type(error).__name__}): start `make ui`, or "
            f"unset {ADDRESS}."
        ) from error
    if found.get("errors"):
        raise DagsterUnusable(f"Dagster refused a question: {found['errors'][0]['message']}")
    data: dict[str, Any] = found["data"]
    return data
