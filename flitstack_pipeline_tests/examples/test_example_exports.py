"""The example exports: the same from the same seed, messy on purpose, kept within the spec."""

import csv
import hashlib
import itertools
import json
import sys
import tracemalloc
import zlib
from collections import Counter
from pathlib import Path

import duckdb
import openpyxl
import pytest

from flitstack_pipeline.catalog.objects import KEYS
from flitstack_pipeline.examples import generate, generate_delta, truth
from flitstack_pipeline.reading.ingest import ingest_object, ingest_schema
from flitstack_pipeline.warehouse import SCHEMAS

BUNDLED = Path(__file__).parents[2] / "data" / "exports"
TABLES = (".csv", ".xlsx")
CUSTOM = {
    "Roof Type",
    "Gate Code",
    "Annual Budget",
    "Warranty Until",
    "Services Wanted",
    "Crew Size",
    "Permit Needed",
    "Financing",
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    generate(folder, clients=250, seed=7)
    return folder


def hashes(folder):
    files = (p for p in folder.rglob("*") if p.is_file())
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files
    }


def rows(path, encoding="utf-8-sig"):
    with path.open(newline="", encoding=encoding) as file:
        return list(csv.DictReader(file))


def test_the_same_seed_makes_the_same_files_byte_for_byte(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        generate(tmp_path / name, clients=60, seed=seed)
        generate_delta(tmp_path / name, clients=60, seed=seed)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert hashes(tmp_path / "a")["jobs.csv"] != hashes(tmp_path / "c")["jobs.csv"]


def test_the_bundled_exports_are_what_the_generator_makes(exports):
    assert hashes(BUNDLED) == hashes(exports)
    assert sum(p.stat().st_size for p in BUNDLED.rglob("*") if p.is_file()) < 1_000_000


def test_a_size_below_one_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        generate(tmp_path, clients=0)
    with pytest.raises(ValueError, match="at least 0"):
        generate(tmp_path, files=-1)


def test_many_processes_write_the_same_bytes_as_one(tmp_path, monkeypatch):
    generate(tmp_path / "one", clients=60)
    monkeypatch.setattr(sys.modules[generate.__module__], "PROCESS_CLIENTS", 9)
    generate(tmp_path / "many", clients=60)
    assert hashes(tmp_path / "one") == hashes(tmp_path / "many")


def test_files_beyond_the_most_are_named_again_and_not_written(tmp_path):
    generate(tmp_path, clients=50, files=7)
    listed = rows(tmp_path / "attachments.csv")
    assert len(listed) == truth(50)["attachments"]
    written = {p.relative_to(tmp_path).as_posix() for p in (tmp_path / "attachments").iterdir()}
    assert len(written) == 7 and {r["Path or URL"] for r in listed} == written
    for row in listed:
        data = (tmp_path / row["Path or URL"]).read_bytes()
        assert row["SHA-256"] in ("", hashlib.sha256(data).hexdigest())


def test_without_files_there_is_no_list_of_files(tmp_path):
    generate(tmp_path, clients=5, files=0)
    assert not list(tmp_path.glob("attachments*"))


def test_one_client_is_enough(tmp_path):
    written = generate(tmp_path, clients=1)
    assert written["clients_1.csv"] + written["clients_2.csv"] == 1
    assert all((tmp_path / name).stat().st_size for name in written)


def test_leads_can_be_counted_apart(tmp_path):
    assert generate(tmp_path, clients=10, leads=33)["leads.csv"] == 33


def test_memory_does_not_grow_with_the_number_of_clients():
    peaks = []
    for clients in (1_000, 1_000_000):
        tracemalloc.start()
        for table in _streams(clients):
            for _ in itertools.islice(table, 400):
                pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 3_000_000


def _streams(clients):
    from flitstack_pipeline.examples import contacts, history, work
    from flitstack_pipeline.examples.business import Sizes

    sizes = Sizes.of(clients)
    yield contacts.clients(7, 1, clients)
    tables = (work.jobs, work.estimates, work.items, work.invoices, work.payments)
    for table in (contacts.leads, *tables, work.work_orders, history.activities):
        yield table(7, sizes)


def test_every_file_is_recognised_and_every_header_is_known_or_a_custom_field(exports):
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_schema(con, exports)
        for key in KEYS:
            ingest_object(con, exports, key)
        found = con.execute(
            "SELECT file, dataset, refused, unknown_columns FROM raw.files WHERE rows_read > 0"
        ).fetchall()
    assert {file for file, *_ in found} == {p.name for p in exports.iterdir() if p.suffix in TABLES}
    for file, dataset, refused, unknown in found:
        expected = Path(file).stem.rstrip("_12").replace("team_members", "users")
        assert (dataset, refused) == (expected.replace("notes", "activities"), None)
        assert set(json.loads(unknown)) <= CUSTOM, file


def test_the_sizes_are_those_of_the_issue(exports):
    real = truth(250, 7)
    asked = {"clients": 250, "leads": 80, "jobs": 400, "estimates": 350, "invoices": 380}
    asked |= {"work_orders": 200, "users": 12, "attachments": 120, "activities": 250}
    assert asked.items() <= real.items()
    assert 1_300 < real["estimate_items"] < 1_500
    assert len(rows(exports / "estimate_items.csv")) == real["estimate_items"]
    assert len(rows(exports / "payments.csv")) == real["payments"]
    ids = {r["Client ID"] for name in ("1", "2") for r in rows(exports / f"clients_{name}.csv")}
    assert len(ids - {""}) == real["clients"] + real["clients_entered_twice"]


def test_the_two_client_sessions_overlap_and_the_later_one_differs(exports):
    first = {r["Client ID"]: r for r in rows(exports / "clients_1.csv")}
    second = {r["Client ID"]: r for r in rows(exports / "clients_2.csv")}
    both = first.keys() & second.keys()
    assert both and any(first[key] != second[key] for key in both)
    entries = json.loads((exports / "export_manifest.json").read_text())["files"]
    times = {e["file"]: e["exported_at"] for e in entries}
    assert times["clients_1.csv"] < times["clients_2.csv"]
    assert all(hashes(exports)[e["file"]] == e["sha256"] for e in entries)


def test_no_file_is_empty(exports):
    assert all(count > 0 for count in generate(exports).values())
    empty = [p.name for p in exports.rglob("*") if p.is_file() and not p.stat().st_size]
    assert empty == ["photo 0017.txt"]


def test_the_files_are_dressed_as_real_exports_are(exports):
    assert (exports / "clients_2.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (exports / "leads.csv").read_bytes().startswith(b"sep=;")
    with pytest.raises(UnicodeDecodeError):
        (exports / "estimates.csv").read_text(encoding="utf-8")
    assert "résumé" in (exports / "estimates.csv").read_text(encoding="cp1252")
    lines = (exports / "jobs.csv").read_text().splitlines()
    assert lines.count(lines[0]) == 2
    sheet = list(openpyxl.load_workbook(exports / "invoices.xlsx").active.values)
    assert (sheet[0][0], sheet[2][0], sheet[-1][0]) == (
        "Sunbelt Contracting - Invoice report",
        "Invoice #",
        "Total",
    )


def test_the_cells_hold_the_mess_that_people_make(exports):
    clients = [r for n in "12" for r in rows(exports / f"clients_{n}.csv")]
    every = {column: [r[column] for r in clients] for column in clients[0]}
    assert any(", " in name for name in every["Client Name"])
    assert any(name.isupper() for name in every["Client Name"])
    assert any(" & " in name for name in every["Client Name"])
    assert any(name.endswith("III") for name in every["Client Name"])
    assert any(" x" in phone for phone in every["Phone"])
    assert any("; " in phone for phone in every["Phone"])
    assert any(len(phone) == 8 for phone in every["Phone"])
    assert any(mail in ("none@none.com", "n/a", "-") for mail in every["Email"])
    assert any("; " in mail for mail in every["Email"])
    assert "2134" in every["Zip"] and "Massachusetts" in every["State"]
    assert any(note.startswith("=") for note in every["Notes"])
    assert any("\n" in note for note in every["Notes"])
    assert any(";" in cell for cell in every["Services Wanted"])
    statuses = {r["Status"] for r in rows(exports / "jobs.csv")}
    assert "En Progreso" in statuses and any(s.isupper() for s in statuses)
    assert any("data:image" in r["Text"] for r in rows(exports / "notes.csv"))


def test_some_rows_are_planted_to_be_caught(exports):
    sheet = list(openpyxl.load_workbook(exports / "invoices.xlsx").active.values)
    at = {name: i for i, name in enumerate(sheet[2])}
    invoices, real = sheet[3:-1], truth(250, 7)
    lost = [r for r in invoices if r[at["Job #"]] == "99999"]
    gone = [r for r in invoices if r[at["Client ID"]] == "77777"]
    unlinked = [r for r in invoices if not r[at["Job #"]] and not r[at["Estimate #"]]]
    assert len(lost) == real["invoices_without_job_row"]
    assert len(gone) == real["invoices_without_client_row"]
    assert 0.08 < len(unlinked) / len(invoices) < 0.2
    assert sum(r[at["Total"]] == "see attached" for r in invoices) == real["invoices_unusable"]
    per_job = Counter(r[at["Job #"]] for r in invoices if r[at["Job #"]])
    assert max(per_job.values()) > 1
    orders = [tuple(r.values()) for r in rows(exports / "work_orders.csv")]
    assert len(orders) - len(set(orders)) == real["work_orders_repeated"]


def test_files_are_small_and_one_is_missing_one_empty_and_two_alike(exports):
    listed = [exports / r["Path or URL"] for r in rows(exports / "attachments.csv")]
    here = [path for path in listed if path.exists()]
    assert len(listed) - len(here) == 1
    sizes = [path.stat().st_size for path in here]
    assert sizes.count(0) == 1 and max(sizes) <= 2_048
    repeats = Counter(path.read_bytes() for path in here).most_common(1)
    assert repeats[0][1] == 2
    assert {path.suffix for path in here} == {".png", ".pdf", ".txt"}


def test_the_pictures_are_whole_png_files(exports):
    data = next((exports / "attachments").glob("*.png")).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and data.endswith(b"IEND\xaeB`\x82")
    size = int.from_bytes(data[33:37], "big")
    assert len(zlib.decompress(data[41 : 41 + size])) == 4


def test_a_delta_is_a_later_session_of_changed_new_and_vanished_rows(tmp_path):
    generate(tmp_path, clients=50, seed=7)
    written = generate_delta(tmp_path, clients=50, seed=7)
    entries = json.loads((tmp_path / "export_manifest.json").read_text())["files"]
    times = {e["file"]: e["exported_at"] for e in entries}
    before = [t for name, t in times.items() if name not in written]
    assert min(times[name] for name in written) > max(before)
    base = {r["Client ID"]: r for n in "12" for r in rows(tmp_path / f"clients_{n}.csv")}
    changed = {r["Client ID"]: r for r in rows(tmp_path / "clients_delta1.csv")}
    assert len(changed.keys() - base.keys()) == 3
    assert all(changed[key] != base[key] for key in changed.keys() & base.keys())
    assert {r["Status"] for r in rows(tmp_path / "jobs_delta1.csv")} == {"Completed"}
    paid = rows(tmp_path / "invoices_delta1.csv")
    assert [(r["Status"], r["Balance Due"]) for r in paid] == [("Paid", "$0.00")] * 3
    gone = {r["Work Order #"] for r in rows(tmp_path / "work_orders.csv")}
    gone -= {r["Work Order #"] for r in rows(tmp_path / "work_orders_delta1.csv")}
    assert gone == {"WO-0002"}
