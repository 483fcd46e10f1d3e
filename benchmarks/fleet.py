"""Dagster with 1, 20 and 200 migrations: memory of its processes, and time until a page is painted.

    .venv/bin/python -m benchmarks.fleet [--migrations 1 20 200] [--openings 5]

Makes so many homes, writes what a whole migration leaves in Dagster for each (every partition of
every asset materialized, every check passed), serves them as `flitstack ui` does, and prints what
code server, web server and daemon hold after two rounds of the sensors, how long a round took, and
how long three pages take in Chromium from the click to the rows of a migration, the best of some
openings. The floor is the first number of migrations, in the same run; flat is 200 within 20 % of
20.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa

from flitstack_pipeline import migrations
from flitstack_pipeline.dagster.catch_up import STEPS
from flitstack_pipeline.dagster.checks import CHECKS
from flitstack_pipeline.dagster.partitions import MIGRATION, partition_of
from flitstack_pipeline_tests.browser.conftest import CHROMIUM, QUIET
from flitstack_pipeline_tests.browser.server import REPOSITORY, DagsterDev

FIRST = "m000"
#: What a process is called in the table, and what its command line says.
PROCESSES = {"code server": "grpc", "web server": "dagster_webserver", "daemon": "dagster._daemon"}
PAGES = {
    "migrations and object types": "/assets/clean?view=partitions",
    "migrations alone": "/assets/source_audit?view=partitions",
    "fleet": "/assets/fleet",
}


def main() -> None:
    """Measure each number of migrations, and print them beside one another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--migrations", type=int, nargs="+", default=[1, 20, 200])
    parser.add_argument("--openings", type=int, default=5)
    chosen = parser.parse_args()
    found = {n: measure(n, chosen.openings) for n in chosen.migrations}
    floor = found[chosen.migrations[0]]
    print(f"{'':34}" + "".join(f"{n:>22}" for n in found))
    for what in floor:
        cells = [f"{row[what]:,.1f} ({row[what] / floor[what]:.2f})" for row in found.values()]
        print(f"{what:34}" + "".join(f"{cell:>22}" for cell in cells))


def measure(count: int, openings: int) -> dict[str, float]:
    """What Dagster takes for so many migrations, by name."""
    with tempfile.TemporaryDirectory(prefix="fleet-") as scratch:
        top = Path(scratch)
        names = [f"m{n:03}" for n in range(count)]
        for name in names:
            (top / "all" / name / "exports").mkdir(parents=True)
            migrations.write(top / "all" / name, {"country": "US"})
        events = fill(top / "home", names)
        os.environ["XDG_STATE_HOME"] = str(top / "state")
        with DagsterDev(top / "home", top / "all", top / "log", "FLITSTACK_MIGRATIONS") as ui:
            rounds = sensor_rounds(ui)
            painted = dict(paint(ui, openings))
            used = memory(ui.process.pid)
        return {"events": events, **used, "a round of the sensor, s": rounds, **painted}


def fill(home: Path, names: list[str]) -> int:
    """Write what whole migrations leave in Dagster: the first by its API, the others as copies."""
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text((REPOSITORY / "dagster.yaml").read_text())
    os.environ["FLITSTACK_DAGSTER"] = str(home / "kept")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        for event in _of_one(FIRST):
            instance.report_runless_asset_event(event)
        instance.add_dynamic_partitions(MIGRATION, names)
        storage: Any = instance.event_log_storage
        with storage.index_connection() as con:
            for table in ("event_logs", "asset_check_executions"):
                _copy(con, table, names[1:])
            return int(con.execute(sa.text("SELECT count(*) FROM event_logs")).scalar_one())


def _of_one(name: str) -> Iterator[dg.AssetMaterialization | dg.AssetCheckEvaluation]:
    for step in STEPS:
        for key in step.objects or ("",):
            metadata = {"dagster/row_count": 100, "seconds": 1.5, "report": "reports/audit.html"}
            yield dg.AssetMaterialization(
                step.key, partition=partition_of(name, key), metadata=metadata
            )
    for check in CHECKS:
        for key in check.step.objects or ("",):
            yield dg.AssetCheckEvaluation(
                asset_key=check.step.key, check_name=check.name, passed=True,
                partition=partition_of(name, key),
            )  # fmt: skip


def _copy(con: sa.Connection, table: str, names: list[str]) -> None:
    """The rows of the first migration once more for each of the others, under their names."""
    columns = [c["name"] for c in sa.inspect(con).get_columns(table) if c["name"] != "id"]
    named = {"partition", "event", "evaluation_event"}
    taken = ", ".join(f"replace({c}, '{FIRST}', :name)" if c in named else c for c in columns)
    copied = sa.text(
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {taken} FROM {table} WHERE partition LIKE '{FIRST}%'"
    )
    con.execute(copied, [{"name": name} for name in names]) if names else None


def sensor_rounds(ui: DagsterDev) -> float:
    """Wait for the second tick of the sensor that looks at every home; seconds a tick takes."""
    question = """query ($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor {
      sensorState { ticks(limit: 5) { status timestamp endTimestamp } } } } }"""
    selector = {"repositoryLocationName": "flitstack_pipeline",
                "repositoryName": "__repository__", "sensorName": "new_export_session"}  # fmt: skip
    while True:
        state = ui.ask(question, s=selector)["sensorOrError"]["sensorState"]
        ended = [t for t in state["ticks"] if t["endTimestamp"]]
        if len(ended) >= 2:
            return float(ended[0]["endTimestamp"] - ended[0]["timestamp"])
        time.sleep(1)


def memory(pid: int) -> dict[str, float]:
    """Resident megabytes of Dagster's processes."""
    used = dict.fromkeys(PROCESSES, 0.0)
    for process in _below(pid):
        command = (Path("/proc") / str(process) / "cmdline").read_text().replace("\0", " ")
        pages = int((Path("/proc") / str(process) / "statm").read_text().split()[1])
        for name, words in PROCESSES.items():
            if words in command:
                used[name] = max(used[name], pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
    return {f"{name}, MB": size for name, size in used.items()}


def _below(pid: int) -> Iterator[int]:
    """A process and those it started."""
    yield pid
    for task in (Path("/proc") / str(pid) / "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _below(int(child))


def paint(ui: DagsterDev, openings: int) -> Iterator[tuple[str, float]]:
    """Milliseconds until each page shows a migration, the best of some openings."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(120_000)
        for name, path in PAGES.items():
            took = []
            for _ in range(openings):
                page.goto("about:blank")
                begun = time.monotonic()
                page.goto(ui.url + path, wait_until="commit")
                page.get_by_text(FIRST).locator("visible=true").first.wait_for()
                took.append((time.monotonic() - begun) * 1000)
            yield f"{name}, ms", min(took)
        browser.close()


if __name__ == "__main__":
    main()
