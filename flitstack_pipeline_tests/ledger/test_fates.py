"""What `ledger.cells` says of a small business, held against fates worked out by hand."""

import random

import pytest

from flitstack_pipeline.ledger.fates import FATES
from flitstack_pipeline_tests.ledger import small
from flitstack_pipeline_tests.ledger.workshop import Workshop


@pytest.fixture(scope="module")
def shop():
    workshop = Workshop()
    assert workshop.lost() == 0, workshop.cells()
    yield workshop
    workshop.close()


@pytest.mark.parametrize(
    ("file", "line", "column", "text", "fate", "field"),
    [
        ("clients.csv", 2, "Email", "ann@mail.net", "arrived", "email"),
        ("clients.csv", 2, "Phone", "(813) 555-0101", "changed by rule", "phone"),
        ("clients.csv", 3, "Client Name", "Roe, Bob", "arrived", "Original_Name__c"),
        ("jobs.csv", 2, "Client ID", "101", "linked", "linked record"),
        ("jobs.csv", 4, "Amount", "(50.75)", "changed by rule", "monetaryValue"),
        ("jobs.csv", 2, "Start Date", "1/28/2024", "changed by rule", "Job_Start_Date__c"),
        ("jobs.csv", 2, "Instructions", "Mind the dog", "arrived", "Job_Instructions__c"),
        ("invoices.csv", 2, "Estimate #", "E-1", "linked", "linked record"),
        ("payments.csv", 2, "Notes", "Number 4711", "arrived", "Payments__c"),
        ("payments.csv", 4, "Amount", "-12.35", "arrived", "Payments__c"),
        ("team_members.csv", 2, "Email", "luis@acme-build.net", "linked", "owner"),
        ("team_members.csv", 2, "Role", "Admin", "not moved", ""),
    ],
)
def test_a_cell_has_the_fate_worked_out_by_hand(shop, file, line, column, text, fate, field):
    found = shop.con.execute(
        'SELECT text, fate, field FROM ledger.cells WHERE file = ? AND line = ? AND "column" = ?',
        [file, line, column],
    ).fetchall()
    assert [(t, f) for t, f, _ in found] == [(text, fate)]
    assert field in found[0][2]


def test_every_filled_cell_of_an_export_has_one_fate_with_its_text(shop):
    told = shop.con.execute(
        'SELECT line, "column", text FROM ledger.cells '
        "WHERE file = 'work_orders.csv' ORDER BY ALL"
    ).fetchall()
    header, *rows = [line.split("|") for line in small.FILES["work_orders.csv"]]
    wanted = [
        (number, column, text)
        for number, row in enumerate(rows, start=2)
        for column, text in zip(header, row, strict=True)
        if text
    ]
    assert told == sorted(wanted)


def test_the_counts_are_those_of_the_cells(shop):
    counted = shop.con.execute(
        "SELECT dataset, fate, sum(cells)::BIGINT FROM ledger.counts GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    listed = shop.con.execute(
        "SELECT dataset, fate, count(*) FROM ledger.cells GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert counted == listed and len(counted) > 10
    assert {fate for _, fate, _ in counted} <= set(FATES)


#: Columns that say what a row is and whose; the others may be missing from an export.
_NEEDED = ("#", "ID", "Name", "First Name", "Last Name", "Record Type", "Text", "Email", "Date")


def test_an_invoice_that_no_longer_leads_to_its_client_is_seen(shop):
    """I-3 has no job: its opportunity leads to Cy Dee as well, which is another link."""
    lost = "relation:contact_invoice:main/invoices/I-3"
    with shop.mutated():
        shop.con.execute("DELETE FROM mapped.invoices WHERE record_key = ?", [lost])
        assert shop.lost(["invoices"]) == 2
        assert {cell[2:4] for cell in shop.cells()} == {
            ("Client Name", "Cy Dee"), ("Client ID", "103")
        }  # fmt: skip


def _with_fewer_columns(seed):
    rng = random.Random(seed)

    def write(folder):
        folder.mkdir(parents=True)
        for name, lines in small.FILES.items():
            rows = [line.split("|") for line in lines]
            kept = [i for i, h in enumerate(rows[0]) if h.endswith(_NEEDED) or rng.random() < 0.5]
            small.write_file(folder / name, ["|".join(row[i] for i in kept) for row in rows])
        return folder

    return write


@pytest.mark.parametrize("seed", [1, 2])
def test_exports_that_hide_half_of_their_columns_raise_no_alarm(seed):
    """Contractor+ exports the columns that a person shows on screen."""
    workshop = Workshop(_with_fewer_columns(seed))
    try:
        assert workshop.lost() == 0, workshop.cells()
    finally:
        workshop.close()


@pytest.mark.parametrize(
    "names",
    [
        {"Start Time": "Crew Called", "End Time": "Crew Gone"},  # a date without its time
        {"In Progress At": "Crew Modified (PST)"},  # a zone beside no word for a time
        {"In Progress At": "Location (PT)"},  # Portugal
    ],
)
def test_dates_arrive_under_headers_that_nobody_expected(names):
    def write(folder):
        small.write(folder)
        header, rows = (folder / "jobs.csv").read_text().split("\n", 1)
        for usual, other in names.items():
            header = header.replace(usual, other)
        (folder / "jobs.csv").write_text(f"{header}\n{rows}")
        return folder

    workshop = Workshop(write)
    try:
        assert workshop.lost() == 0, workshop.cells()
    finally:
        workshop.close()
