"""Kinds of file that contractors have beside Contractor+'s exports, each taken to the sandbox."""

import pytest

from flitstack_pipeline_tests.cases.test_cases import picked

pytestmark = pytest.mark.e2e

KINDS = (
    "client_contacts", "equipment", "mileage", "permits", "purchase_orders", "reviews", "tasks",
    "vendors",
)  # fmt: skip


def test_41_every_kind_that_contractors_have_has_a_destination(case):
    held = case("41_kinds_that_contractors_have")
    answers = [(f"file:{kind}.csv", kind) for kind in KINDS]
    assert held.migrate(*answers, ("file:schedule.csv", "appointments")) == 0, held.said
    people = held.people()
    types = {name: (c["Source_Type__c"], c["Source_System_ID__c"]) for name, c in people.items()}
    assert types == {
        "Zenith Homes LLC": ("Client", "main/clients/7"),
        "Ann Roe": ("Client", "main/clients/8"),
        "Zed Young": ("Vendor", "main/clients/vendor-7"),
        "Gulf Lumber LLC": ("Vendor", "main/clients/vendor-8"),
        "Bo Axel": ("Contact person", "main/clients/contact-bo axel of 7"),
    }
    assert picked(people["Zed Young"], "companyName", "Trade") == ("Tile Depot Inc", "Tile")
    assert picked(people["Bo Axel"], "Client ID", "Role") == ("7", "Buyer")
    ann, zenith = people["Ann Roe"]["id"], people["Zenith Homes LLC"]["id"]
    tasks = {t["title"]: (t["contactId"], t["completed"]) for t in held.dump()["tasks"]}
    assert tasks == {"Order tiles": (zenith, False), "Call inspector": (ann, True)}
    notes = sorted(held.notes().values())
    assert notes[0].split("\n")[1:] == [
        "Equipment ID: E-5", "Client ID: 8", "Equipment Type: Water heater", "Make: Rheem",
        "Model: XG40", "Serial Number: RH00412", "Install Date: 03/15/2019",
    ]  # fmt: skip
    assert [n.split("\n")[0] for n in notes[:1]] == ["Equipment E-5"]
    pieces = (
        "Jurisdiction: Hillsborough",
        "Review: Lovely deck",
        "Total: $1,240.50",
        "End Time: 11",
    )
    assert [sum(piece in n for n in notes) for piece in pieces] == [1, 1, 1, 1]
    assert len(notes) == 5
    deck = held.deals()["Deck"]
    assert deck["Job_Visits__c"] == (
        "2024-05-17 · 08:00-10:00 · Luis Vega · Completed · Visit ID: V1"
    )
    [invoice] = held.records("custom_objects.invoice")
    assert invoice["payments_c"] == "2024-05-20 · 100.00 · Check · P1 · Deposited To: Chase 1"
    assert invoice["change_orders_c"] == "CO-1 · 2024-05-19 · Approved · 50.00 · Asked By: Owner"
    assert invoice["line_items_c"] == "1 · 100 × Deck boards @ 25.00 = 2500.00 (Room: Patio)"
    assert people["Ann Roe"]["Properties__c"].startswith("Lake house · 9 Elm St")
    assert people["Ann Roe"]["Properties__c"].endswith("Gate Word: Heron")
    page = (held.root / "reports" / "certificate.html").read_text()
    for file in ("expenses.csv", "time_entries.csv", "mileage.csv"):
        assert file in page, f"{file} is left behind, and the certificate says so"
