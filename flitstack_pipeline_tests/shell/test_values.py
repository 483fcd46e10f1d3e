"""What Dagster shows of customers is masked, and nothing of them lies in its files."""

import csv
import re

import pytest

from flitstack_pipeline.dagster.assets.metadata import metadata_of
from flitstack_pipeline.dagster.values import cell, sentence
from flitstack_pipeline.migration.report import StepReport


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("rows_read", 12, "12"),
        ("file", "clients_2.csv", "clients_2.csv"),
        ("name", "Zelda Quimbleton", "Aaaaa Aaaaaaaaaa"),
        ("left email", "z.quimble@example.com", "a.aaaaaaa@aaaaaaa.aaa"),
        ("phone", "+18135550144", "+99999999999"),
        ("a column nobody knows", "1 Elm St", "9 Aaa Aa"),
        ("what to do", "invite z@example.com in HighLevel", "invite a@aaaaaaa.aaa in HighLevel"),
        ("what to do", "call (813) 555-0144 in 2026", "call (999) 999-9999 in 2026"),
        ("entry", "owner Zelda Quimbleton: no e-mail", "owner Aaaaa Aaaaaaaaaa: no e-mail"),
        ("found", "“Zelda” stands in 3 rows", "“Aaaaa” stands in 3 rows"),
        ("found", "it's 12 of 369 in 'jobs'", "it's 12 of 369 in 'aaaa'"),
        (
            "needed",
            "“Zelda”: flitstack answer 'dates:a.csv' 'day first'",
            "“Aaaaa”: flitstack answer 'dates:a.csv' 'day first'",
        ),
        ("note", None, ""),
    ],
)
def test_a_cell_is_shown_by_what_its_column_holds(column, value, shown, monkeypatch):
    monkeypatch.delenv("FLITSTACK_SHOW_VALUES", raising=False)
    assert cell(column, value) == shown
    monkeypatch.setenv("FLITSTACK_SHOW_VALUES", "yes")
    assert cell(column, value) == ("" if value is None else str(value))


def test_counts_paths_and_facts_stay_readable(monkeypatch):
    monkeypatch.delenv("FLITSTACK_SHOW_VALUES", raising=False)
    report = StepReport(
        "clean", 3, {"time left": "2 h 5 min", "by": "Ann Lee", "budget": "12,400 of 200,000"},
        {"sample": [{"source_key": "main/clients/7", "name": "Zelda"}]},
        ["main/clients/7, phone: “(813) 555-0144” is no number"],
    )  # fmt: skip
    values = metadata_of(report)
    assert values["dagster/row_count"].value == 3
    assert values["time left"].value == "2 h 5 min" and values["by"].value == "Ann Lee"
    assert values["budget"].value == "12,400 of 200,000"
    (row,) = values["sample"].value.records
    assert row.data == {"source_key": "main/clients/7", "name": "Aaaaa"}
    (line,) = values["to look at"].value.records
    assert line.data == {"what to do": "main/clients/7, phone: “(999) 999-9999” is no number"}
    assert sentence("Every row holds to its schema.") == "Every row holds to its schema."


def planted(exports):
    """What tells a person in the exports: e-mails, phones, full names, streets."""
    found = set()
    for path in exports.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            for row in csv.DictReader(file):
                for column, value in row.items():
                    if not isinstance(value, str) or value in row:  # a header, repeated below
                        continue
                    if _tells(column or "", value.strip()):
                        found.add(value.strip())
    return found


def _tells(column, value):
    if re.search(r"mail", column, re.I):
        return "@" in value
    if re.search(r"phone|mobile|cell", column, re.I):
        return len(re.sub(r"\D", "", value)) >= 10
    if re.search(r"address|street", column, re.I):
        return bool(re.match(r"\d+ \w+", value))
    name = re.search(r"name|assigned|client|lead|owner|technician", column, re.I)
    return bool(name) and bool(re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]{3,}", value))


def found_in(files, values):
    """Which values stand in which files, as they are or as HighLevel has them."""
    wanted = {v.lower() for v in values} | {
        re.sub(r"\D", "", v)[-10:] for v in values if len(re.sub(r"\D", "", v)) >= 10
    }
    wanted = {v.encode() for v in wanted}
    texts = {path: path.read_bytes().lower() for path in files}
    return {(str(p), v.decode()) for p, text in texts.items() for v in wanted if v in text}
