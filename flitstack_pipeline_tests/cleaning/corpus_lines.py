"""The lines of the corpus of texts and their right values; see `test_corpus` for what they hold."""

from __future__ import annotations

import csv
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
EMPTY, ASKED, NONE, PENDING = "empty", "asked", "none", "pending"
#: Words that stand for what is no value.
NO_VALUES = (EMPTY, ASKED, NONE, PENDING)


def lines(name: str) -> list[dict[str, str]]:
    """The lines of one parser: text, column, account, right, reason."""
    found: list[dict[str, str]] = []
    for path in (CORPUS / f"{name}.csv", CORPUS / "formatted" / f"{name}.csv"):
        if path.exists():  # yes and no are two values, all by hand
            with path.open(encoding="utf-8", newline="") as file:
                found += csv.DictReader(file)
    return found


def account_of(line: dict[str, str]) -> dict[str, str]:
    """What a line knows of the account: order, sign, zone, country, zone of local times."""
    return dict(part.split("=", 1) for part in line["account"].split(";") if part)
