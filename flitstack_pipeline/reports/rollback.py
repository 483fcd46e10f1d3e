"""What a rollback did, for a person: one page with the proof, and a CSV line per record."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flitstack_pipeline.migration.rollback.result import RollbackResult
from flitstack_pipeline.reports.document import (
    Document,
    Section,
    csv_cell,
    private_file,
    write_html,
)

SHOWN = 500
COLUMNS = ("record_key", "kind", "hl_id", "what", "why", "fields")


@contextmanager
def record_lines(path: Path) -> Iterator[Callable[[dict[str, str]], None]]:
    """A CSV with one line per record, written as the rollback goes: call it with each line."""
    with private_file(path) as file:
        writer = csv.DictWriter(file, fieldnames=COLUMNS)
        writer.writeheader()

        def write(line: dict[str, str]) -> None:
            writer.writerow({name: csv_cell(line[name]) for name in COLUMNS})

        yield write


def write_rollback(
    result: RollbackResult,
    accounts: Sequence[str],
    undone: str,
    path: Path,
) -> Path:
    """Write the page a person reads after a rollback; `undone` says what it was about."""
    return write_html(
        Document(
            "Rollback (dry run)" if result.dry_run else "Rollback",
            _verdict(result),
            result.clean,
            {
                "undone": undone,
                "account": "; ".join(accounts),
                "deleted": result.deleted,
                "given back": result.restored,
                "kept": result.kept,
                "gone already": result.already_gone,
                "left": len(result.left),
                "failed": len(result.failed),
                "stay for ever": len(result.stays),
                "requests": result.requests,
            },
            [
                Section("Left as they are", result.left[:SHOWN], "Somebody edited them since, or "
                        "something that must stay hangs on them. `--force KEY` names a record to "
                        "undo all the same."),
                Section("Stay in HighLevel", result.stays[:SHOWN], "The API has no way to take "
                        "these away; delete them by hand in HighLevel if they must go."),
                Section("Refused by HighLevel", result.failed[:SHOWN]),
                Section("Proof: read back against the state before", result.proof,
                        status_column="as_before"),
                Section("Not proven", [{"what": line} for line in result.not_proven[:SHOWN]]),
                Section("By hand", [{"what": line} for line in result.checklist],
                        "What the API cannot take away, or what other people's records use."),
                Section("By kind", [{"kind": k, "undone": n} for k, n in result.by_kind.items()]),
                Section("In one request", [{"what": line} for line in result.bulk],
                        "Deleting an association or a pipeline takes everything in it: done only "
                        "where everything in it was ours."),
                Section("Schema removed", [{"item": item} for item in result.schema_removed]),
            ],
        ),
        path,
    )  # fmt: skip


def _verdict(result: RollbackResult) -> str:
    if result.dry_run:
        return (
            f"{result.deleted} records would be deleted, {result.restored} given back, "
            f"{len(result.stays)} stay because no API can take them away."
        )
    if result.clean:
        stays = (
            f" {len(result.stays)} records stay: no API can take them away." if result.stays else ""
        )
        return f"Everything that can be undone is, and reads back as it was before.{stays}"
    parts = [(len(result.left), "left"), (len(result.failed), "refused"),
             (len(result.not_proven), "not proven")]  # fmt: skip
    return ", ".join(f"{n} {word}" for n, word in parts if n) + ": see below."
