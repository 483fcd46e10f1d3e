"""Nothing is written while a question is open or a row stays behind that nobody acknowledged.

The exports are those of case 06 (amounts as an accounting format writes them), with a file nobody
knows, a note of job 999, which no export holds, and a photo behind a dead link laid beside them.
"""

import csv
import json
import shutil
from pathlib import Path

import pytest

from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline_tests.e2e.conftest import audited

pytestmark = pytest.mark.e2e

CASE = Path(__file__).parents[1] / "cases" / "06_accounting_amounts_and_the_certificate"
NOTES = "Activity ID,Record Type,Record #,Date,Author,Kind,Text\n"
LOST = "A-1,Job,999,1/20/2024 9:00 AM,Dana,Note,Gate code 12\n"
PHOTO = "Record Type,Record #,File Name,Path or URL\nJob,301,roof.jpg,https://x.invalid/roof.jpg\n"


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    root = tmp_path_factory.mktemp("behind")
    shutil.copytree(CASE / "exports", root / "exports")
    (root / "exports" / "odd.csv").write_text("Colour,Size\nred,4\n")
    (root / "exports" / "notes.csv").write_text(NOTES + LOST)
    (root / "exports" / "attachments.csv").write_text(PHOTO)
    with audited(root, FLITSTACK_MEMORY="off") as told:
        yield told


def certificate(story):
    return json.loads((story.root / "reports" / "certificate.json").read_text())


def test_an_unknown_file_stops_the_migration_with_no_write(story):
    assert story.flitstack("migrate", "--confirm-map", "Ann", "--approve-sample", "Ann") == 3
    assert "odd.csv" in story.said and story.stats()["writes"] == 0
    assert story.flitstack("prepare") == 3
    assert story.stats()["writes"] == 0, "not even the schema"
    assert story.flitstack("questions") == 3
    assert story.flitstack("answer", "file:odd.csv", "nothing", "--by", "Dana") == 0
    (story.root / "decisions" / "acknowledged.csv").unlink()  # Ann's, taken back


def test_a_note_of_a_job_that_no_export_holds_stops_it_too(story):
    assert story.flitstack("migrate", "--confirm-map", "Ann") == 3
    assert "notes.csv:2" in story.said and "999" in story.said
    assert story.flitstack("acknowledge") == 3
    assert story.stats()["writes"] == 0
    assert story.flitstack("acknowledge", "notes.csv:2") == 2, "a name is needed"


def test_a_dead_link_is_told_in_the_sample_and_acknowledged_like_a_row(story):
    assert story.flitstack("migrate", "--approve-sample", "Dana") == 3
    assert "acknowledged 1 rows and files" in story.said  # the note; the link was not known dead
    assert "sample shows differences" in story.said
    assert story.flitstack("acknowledge") == 3 and "dead_file" in story.said
    assert story.flitstack("acknowledge", "dead_file", "--by", "Dana") == 0


def test_acknowledged_it_is_listed_on_the_certificate_and_the_amounts_are_right(story):
    assert story.flitstack("migrate", "--approve-sample", "Dana") == 0, story.said
    paper = certificate(story)
    assert paper["complete"] is True and paper["open matters"] == {}
    behind = {row["rule"]: row for row in paper["left behind"]}
    assert set(behind) == {"orphan", "not_moved", "dead_file"}
    assert {row["acknowledged by"] for row in behind.values()} == {"Dana"}
    assert behind["orphan"]["place"] == "notes.csv:2" and "999" in behind["orphan"]["why"]
    assert behind["not_moved"]["place"] == "odd.csv"
    assert behind["dead_file"]["what"] == "roof.jpg"
    reconciled = json.loads((story.root / "reports" / "reconciliation.json").read_text())
    assert reconciled["left_behind"] == paper["left behind"]
    held = story.dump()
    amounts = {deal["name"]: deal["monetaryValue"] for deal in held["opportunities"]}
    assert (amounts["Kitchen"], amounts["Credit"]) == (0, -50)
    names = {f["id"]: f["name"] for f in held["custom_fields"]}
    assert "Job_Amount__c" in names.values()


def test_the_audit_counts_the_fates_of_the_cells_up_to_cleaning(story):
    audit = json.loads((story.root / "reports" / "audit.json").read_text())
    assert {(row["file"], row["fate"]): row["cells"] for row in audit["cells"]} == {
        ("clients.csv", "read"): 10, ("jobs.csv", "read"): 12, ("invoices.csv", "read"): 9,
        ("notes.csv", "read"): 7, ("attachments.csv", "read"): 4, ("odd.csv", "excluded"): 2,
    }  # fmt: skip
    assert "Cells so far" in (story.root / "reports" / "audit.html").read_text()


def test_a_row_is_traced_to_its_records_and_a_source_key_back_to_its_row(story):
    assert story.flitstack("trace", "jobs.csv:2") == 0, story.said
    by_row = story.said
    assert story.flitstack("trace", "main/jobs/301") == 0, story.said
    by_key = story.said
    [deal] = [d for d in story.dump()["opportunities"] if d["name"] == "Kitchen"]
    for told in (by_row, by_key):
        assert "jobs.csv:2" in told and "Job_Number__c" in told and deal["id"] in told
        assert "opportunity:main/jobs/301" in told
    assert story.flitstack("trace", "notes.csv:2") == 0
    assert "excluded" in story.said and "999" in story.said, "what stays behind says why"
    assert story.flitstack("trace", "jobs.csv:99") == 2, "nothing is known of it"


def test_the_ledger_leads_from_the_total_to_the_cells(story):
    page = (story.root / "reports" / "ledger.html").read_text()
    assert "cells is accounted for" in page
    jobs = page[page.index("<h3>jobs</h3>") :]
    assert "Kitchen" in jobs[: jobs.index("</section>")]
    with (story.root / "reports" / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["fate"] for row in rows} >= {"changed by rule", "linked"}
    assert not [row for row in rows if row["fate"] == "arrived"]
    assert (story.root / "reports" / "ledger.csv").stat().st_mode & 0o077 == 0, "its owner's only"


def test_the_sample_shows_every_cell_of_a_record_with_the_field_that_holds_it(story):
    page = (story.root / "reports" / "sample.html").read_text()
    record = page[page.index(">Kitchen</h3>") :]
    cells = record[record.index("Every cell of the export behind it") :]
    cells = cells[: cells.index("</table>")]
    assert cells.count("<tr>") == 1 + 6, "a header, six cells"
    assert "jobs.csv:2" in cells and "Kitchen" in cells


def test_a_changed_row_opens_the_matter_again(story):
    later = story.root / "notes_later.csv"
    later.write_text(NOTES + LOST.replace("code 12", "code 13"))
    stage(story.root / "exports", [later])
    assert story.flitstack("delta") == 3
    assert "code" not in story.said and "notes_later.csv:2" in story.said
    assert story.flitstack("reconcile") == 5
    paper = certificate(story)
    assert paper["complete"] is False
    assert paper["open matters"] == {"rows and files left behind that nobody acknowledged": 1}
    assert "notes_later.csv:2" in paper["to settle"][0]
    assert story.flitstack("acknowledge", "orphan", "--by", "Eve") == 0
    assert story.flitstack("reconcile") == 0, story.said
    signed = {b["rule"]: b["acknowledged by"] for b in certificate(story)["left behind"]}
    assert signed == {"orphan": "Eve", "not_moved": "Dana", "dead_file": "Dana"}
