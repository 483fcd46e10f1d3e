"""What stays behind is named row by row: orphans of every kind, files, each with its own digest."""

import pytest

from flitstack_pipeline import services
from flitstack_pipeline.settings import Project

NOTES = "Activity ID,Record Type,Record #,Date,Author,Kind,Text\n"
EXPORTS = {
    "clients.csv": "Client ID,Client Name,Email,Phone\n1,Ann Roe,ann@x.co,813-555-2001\n",
    "notes.csv": NOTES + "A-1,Job,999,1/20/2024,Dana,Note,Gate code 12\n"
    "A-2,Client,1,1/20/2024,Dana,Note,Called\n",
    "attachments.csv": "Record Type,Record #,File Name,Path or URL\n"
    "Job,998,roof.jpg,https://files.example/roof.jpg\n"
    "Client,1,plan.pdf,attachments/plan.pdf\n",
    "properties.csv": "Property ID,Client ID,Property Name,Address\nP-1,77,Cabin,9 Lake Rd\n",
    "change_orders.csv": "Change Order #,Invoice #,Amount,Date\nCO-1,500,75.00,1/21/2024\n",
    "expenses.csv": "Expense ID,Date,Vendor,Category,Amount,Job #\n"
    "E-1,1/21/2024,Depot,Wood,9.5,1\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLITSTACK_DATA", str(tmp_path_factory.mktemp("left")))
        found = Project.from_environment().prepare()
    for name, text in EXPORTS.items():
        (found.exports / name).write_text(text)
    read(found)
    return found


def read(project):
    with project.warehouse.connect():
        services.read_schema(project)
        for key in ("clients", "invoices", "attachments", "activities"):
            services.read_object(project, key)
            services.clean_object(project, key)
        services.relate(project)


def behind(project):
    found = {b.item.place: b for b in services.left_behind(project)}
    return {place: (b.item.rule, b.item.why) for place, b in found.items()}


def test_every_kind_of_orphan_is_named_with_what_it_lacks(project):
    found = behind(project)
    assert found["notes.csv:2"] == ("orphan", "record jobs 999: no such record")
    assert found["attachments.csv:2"] == ("orphan", "record jobs 998: no such record")
    assert found["properties.csv:2"] == ("orphan", "client 77: no such client")
    assert found["change_orders.csv:2"] == ("orphan", "invoice 500: no such number")


def test_a_file_that_is_not_there_and_a_kind_that_does_not_move_are_named(project):
    found = behind(project)
    rule, why = found["attachments.csv:3"]
    assert rule == "file_not_moved" and why.endswith("the file is not in the exports folder")
    assert found["expenses.csv"][0] == "not_moved"
    signed = {b.item.rule: b.by for b in services.left_behind(project)}
    assert signed["not_moved"] == "declared", "nothing to acknowledge"
    assert len(found) == 6, "the note of client 1 moves"


def test_a_row_acknowledged_stays_so_wherever_it_stands_until_it_says_something_else(project):
    services.acknowledge(project, "notes.csv:2", "Dana")
    path = project.exports / "notes.csv"
    first, lost, other = path.read_text().splitlines(keepends=True)
    path.write_text(first + other + lost)  # the same row, a line further down
    read(project)
    signed = {b.item.place: b.by for b in services.left_behind(project)}
    assert signed["notes.csv:3"] == "Dana"
    path.write_text(first + other + lost.replace("12", "13"))
    read(project)
    signed = {b.item.place: b.by for b in services.left_behind(project)}
    assert signed["notes.csv:3"] == ""
