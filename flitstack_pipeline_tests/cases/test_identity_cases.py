"""Cases of records under one number and of deltas, as their expected.md say."""

import pytest

from flitstack_pipeline_tests.cases.conftest import CASES

pytestmark = pytest.mark.e2e


def test_01_two_records_under_one_number_are_two(case):
    held = case("01_one_number_two_records")
    assert held.migrate() == 0, held.said
    invoices = held.records("custom_objects.invoice")
    told = {(i["invoice_number_c"], i["total_c"], i["balance_c"]) for i in invoices}
    assert told == {("1001", 1500, 0), ("1001", 2500, 2500), ("INV-9", 300, 0)}
    deals = held.deals()
    assert {n: deals[n]["monetaryValue"] for n in ("Kitchen", "Deck")} == {
        "Kitchen": 100,
        "Deck": 900,
    }
    people = held.people()
    assert set(people) == {"Ann Roe", "Bob Fay", "Cy Dee", "Dan Eck"}
    assert deals["Deck"]["contactId"] == people["Bob Fay"]["id"]
    assert len(held.dump()["notes"]) == 2


def test_29_a_delta_names_the_job_it_cannot_move_and_the_line_that_is_gone(case):
    held = case("29_delta_job_moves_to_another_client")
    assert held.migrate() == 0, held.said
    held.stage(CASES / "29_delta_job_moves_to_another_client" / "exports_session2")
    assert held.flitstack("delta") == 5
    assert "Fence (main/jobs/305): its contact cannot be changed in HighLevel" in held.said
    assert "Dan Eck (contact:main/clients/4)" in held.said
    assert "main/estimate_items/EST-1 line 2" in held.said and "Sink, 2, 400.00" in held.said
    people, deals = held.people(), held.deals()
    assert deals["Fence"]["contactId"] == people["Daniel Eck"]["id"], "as it was"
    assert people["Eve Fox-Grey"]["id"] == deals["Gate"]["contactId"]
    assert people["Ann Roe"]["postalCode"] == "33602"
