"""Requests of a whole migration beside the fewest the API allows, verification included.

    .venv/bin/python -m benchmarks.requests_floor [--clients 150] [--profile live]
    .venv/bin/python -m benchmarks.requests_floor --exports data/exports

Makes example exports (or takes a folder's), runs the customer's steps against the embedded sandbox
in a folder that is thrown away, and counts every request by purpose. The floor is one request per
record, fifty company links in one, several files of a contact in one
(docs/highlevel.md#floor). What is done once per account whatever its size, making fields and
objects, is shown apart.

`POST /notes/search` is named in HighLevel's change log and absent from its OpenAPI, so the
verification is counted twice: with it, and against a sandbox that answers it with 404, where notes
are read contact by contact. The aim is for the profile `documented`; on `live` searches show
records in part, and what they leave out is read by id.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import requests

AIM = 1.03


#: Requests by purpose where notes are found by search, and for a verification where they are not.
Used = tuple[dict[str, int], int]


def migrate(
    folder: Path, clients: int, seed: int, exports: Path | None = None
) -> tuple[Used, int, int]:
    """Run everything; returns the requests, the floor, and the records written."""
    os.environ["FLITSTACK_DATA"] = str(folder)
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    os.environ.pop("HIGHLEVEL_TOKEN", None)
    from flitstack_pipeline import services
    from flitstack_pipeline.migration.journal.store import Journal
    from flitstack_pipeline.sandbox_process import module_command
    from flitstack_pipeline.services.project_context import accounts, accounts_kept_open
    from flitstack_pipeline.settings import Project

    if exports is None:
        size = ("--clients", str(clients), "--seed", str(seed))
        subprocess.run(module_command("examples", str(folder / "exports"), *size), check=True)
    else:
        shutil.copytree(exports, folder / "exports")
    project = Project.from_environment().prepare()
    services.run_audit(project)
    services.run_map(project, confirm_as="benchmark")
    services.acknowledge(project, services.LISTED, "benchmark")
    with accounts_kept_open(project):
        services.run_prepare(project)
        services.run_sample(project)
        services.approve(project, "benchmark", "")
        services.run_cutover(project)
        services.run_reconcile(project)
        (account,) = accounts(project)
        used = _used(project.journal_url, account.location_id)
        _without_notes_search(project.sandbox_state.parent / "address.json")
        services.run_reconcile(project)
        again = _used(project.journal_url, account.location_id)
    with Journal(project.journal_url) as journal:
        runs = [run["summary"] or {} for run in journal.runs(account.location_id)]
    problems = services.reconciliation_problems(project)
    assert not problems, problems[:3]
    floor = sum(summary.get("floor", 0) for summary in runs)
    without = again["reconcile"] - used["reconcile"]
    return (used, without), floor, sum(summary.get("created", 0) for summary in runs)


def _used(journal_url: str, location: str) -> dict[str, int]:
    from flitstack_pipeline.migration.journal.store import Journal

    with Journal(journal_url) as journal:
        return journal.requests_by_purpose(location)


def _without_notes_search(address: Path) -> None:
    """From now on the sandbox knows no search of notes."""
    url = json.loads(address.read_text())["url"]
    spec = {"http_404_before": 1.0, "only": "POST:/notes/search"}
    requests.post(f"{url}/_sandbox/faults", json=spec, timeout=10).raise_for_status()


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clients", type=int, default=150)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--exports", type=Path, help="a folder of exports instead of made ones")
    options.add_argument("--profile", choices=("documented", "live"), default="documented")
    chosen = options.parse_args()
    os.environ["FLITSTACK_SANDBOX_PROFILE"] = chosen.profile
    with tempfile.TemporaryDirectory() as name:
        (used, without), floor, records = migrate(
            Path(name), chosen.clients, chosen.seed, chosen.exports
        )
    loads = used.get("sample", 0) + used.get("cutover", 0)
    verify = used.get("reconcile", 0)
    print(f"{chosen.profile}: {records:,} records, fewest requests possible: {floor:,}")
    for name, count in (
        ("loads (sample, cutover)", loads),
        ("verification", verify),
        ("loads and verification", loads + verify),
        ("verification, no search of notes", without),
        ("loads and that verification", loads + without),
    ):
        print(f"{name:<34}{count:>9,}{count / floor:>9.3f} of the floor")
    once = {k: v for k, v in used.items() if k not in ("sample", "cutover", "reconcile")}
    print(f"once per account: {once}")
    if chosen.profile != "documented":
        return
    for name, count in (("with", loads + verify), ("without", loads + without)):
        verdict = "kept" if count / floor <= AIM else "missed"
        print(f"aim, {name} the search of notes: {AIM} of the floor: {verdict}")


if __name__ == "__main__":
    main()
