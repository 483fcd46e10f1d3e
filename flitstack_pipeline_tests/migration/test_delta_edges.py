"""What a delta, a lost journal and the plan do with values and things at the edge.

What belongs here: an address that a later export no longer has, products of a lost journal, the
reads a plan announces. Expected values are worked out by hand.
"""

from dataclasses import replace

from flitstack_pipeline.highlevel.api.contacts import ContactCreate, ContactUpdate
from flitstack_pipeline.highlevel.api.products import PriceBody, ProductBody
from flitstack_pipeline.migration.originals import differences
from flitstack_pipeline.migration.plan import plan_load
from flitstack_pipeline.migration.preflight.contents import quota_line
from flitstack_pipeline.migration.record_types import HANDLERS
from flitstack_pipeline_tests.migration.conftest import contact, many
from flitstack_pipeline_tests.migration.folders import Folder
from flitstack_pipeline_tests.migration.test_rollback import state

ADDRESS = {"address1": "1 Elm St", "city": "Reno", "state": "NV", "postalCode": "89501"}
THEIRS = {"address1": "9 Old Rd", "city": "Elko", "state": "NV", "postal_code": "89801"}


def held(account):
    """The address of each contact, by the number in its e-mail."""
    return {
        int(c["email"][1]): {name: c.get(name) or "" for name in ADDRESS}
        for c in account.dump()["contacts"]
    }


def test_an_address_that_a_later_export_no_longer_has_is_emptied_where_it_is_still_ours(
    account, tmp_path
):
    """1: ours. 2: was there before with another address. 3: its city was edited since."""
    folder = Folder(account, tmp_path / "j.sqlite", tmp_path).provision()
    folder.hl.contacts.create(ContactCreate(email="c2@example.com", first_name="Zoë 2",
                                            last_name="O'Neil", **THEIRS))  # fmt: skip
    before = state(account)
    folder.load([contact(n, **ADDRESS) for n in (1, 2, 3)])
    theirs = {"address1": "9 Old Rd", "city": "Elko", "state": "NV", "postalCode": "89801"}
    assert held(account) == {1: ADDRESS, 2: theirs, 3: ADDRESS}
    folder.hl.contacts.update(folder.id_of("contact:main/clients/3"), ContactUpdate(city="Sparks"))

    without = [contact(n) for n in (1, 2, 3)]
    folder.load(without, "delta")
    nothing = dict.fromkeys(ADDRESS, "")
    assert held(account) == {1: nothing, 2: theirs, 3: {**nothing, "city": "Sparks"}}
    told = {(c["record_key"], c["field"]): (c["wanted"], c["found"])
            for c in folder.journal.conflicts(folder.location)}  # fmt: skip
    assert told[("contact:main/clients/3", "city")] == (None, "Sparks")
    assert not [key for key, _ in told if key == "contact:main/clients/1"]

    again = folder.load(without, "delta")
    assert (again.updated, again.created) == (0, 0)
    folder.rollback(force={"contact:main/clients/3"})
    assert state(account)["contacts"] == before["contacts"]


def test_an_address_emptied_and_filled_again_is_written_again(account, tmp_path):
    folder = Folder(account, tmp_path / "j.sqlite", tmp_path).provision()
    moved = {"address1": "5 Oak Ave", "city": "Provo", "state": "UT", "postalCode": "84601"}
    for address in (ADDRESS, {}, moved):
        folder.load([contact(1, **address)], "delta")
    assert held(account) == {1: moved}


# --- opt-outs -------------------------------------------------------------------------------------


def test_a_contact_whose_opt_out_is_refused_is_not_made_without_it(account, tmp_path, monkeypatch):
    """HighLevel takes no `dndSettings` for a while: nobody is there whom a text could reach."""
    folder = Folder(account, tmp_path / "j.sqlite", tmp_path).provision()
    out = contact(1)
    out = replace(out, payload={**out.payload, "dnd": {"doNotSms": True}})
    monkeypatch.setattr(type(HANDLERS["contact"]), "scan_rows", lambda *parts: iter(()))
    account.faults(only="POST:/contacts/", http_422_before="1")
    run = folder.journal.start_run(folder.location, "cutover")
    done = folder.attempt([out], run)
    assert (done.created, done.rejected) == (0, 1) and account.dump()["contacts"] == []
    account.faults()
    folder.load([out])
    (made,) = account.dump()["contacts"]
    assert made["dndSettings"]["sms"]["status"] == "active"


# --- products of a lost journal -------------------------------------------------------------------


def prices(account):
    """Products with their prices, by name."""
    held = account.dump()
    return sorted(
        (product["name"], sorted(str(p["amount"]) for p in held["prices"]
                                 if p["product"] == product["_id"]))
        for product in held["products"]
    )  # fmt: skip


def test_products_of_a_lost_journal_are_taken_up_with_their_prices_and_go_with_the_rollback(
    account, folders
):  # fmt: skip
    before = state(account)
    folders("first").provision().load([contact(1)])
    made = state(account)
    second = folders("second")
    assert second.adopt([contact(1)]).refusal == ""
    second.provision().load([contact(1)])
    assert state(account) == made and len(account.dump()["products"]) == 1
    assert second.rollback().clean
    assert state(account) == before


def test_a_product_that_was_there_before_a_lost_journal_keeps_its_price_and_stays(
    account, folders
):  # fmt: skip
    hl = account.connect()
    theirs = hl.products.create(ProductBody(name="Paint"))["id"]
    hl.products.create_price(theirs, PriceBody(name="Paint", amount=99, currency="USD"))
    before = state(account)
    folders("first").provision().load([contact(1)])
    second = folders("second")
    second.adopt([contact(1)])
    second.provision().load([contact(1)])
    assert [str(p["amount"]) for p in hl.products.list_prices(theirs)] == ["99"]
    assert second.rollback().clean
    assert state(account) == before


# --- the proof of a rollback ----------------------------------------------------------------------


def test_one_record_answered_in_two_shapes_is_as_it_was_and_a_changed_value_is_not():
    then = {"contact": {"id": "c", "city": "Reno", "dnd": False, "tags": ["VIP"], "score": 990.1,
                        "customFields": [{"id": "f", "value": "x"}, {"id": "n", "value": 3}],
                        "dateAdded": "2026-01-01", "website": None}}  # fmt: skip
    now = {"contact": {"_id": "c", "city": "Reno", "dnd": "false", "tags": ["vip"],
                       "score": "990.1", "extra": {"list": [None]}, "createdAt": "2026-01-01",
                       "custom_fields": [{"_id": "n", "value": "3"},
                                         {"_id": "f", "fieldValue": "x"}]}}  # fmt: skip
    assert list(differences(then, now)) == []
    typed = {"contact": {"id": "c", "customFields": [{"id": "t", "value": "false"}]}}
    erased = {"contact": {"id": "c", "customFields": []}}
    assert [d.path for d in differences(typed, erased)] == ["customFields.t"]
    changed = {"contact": {**now["contact"], "city": "reno", "dnd": "true", "tags": []}}
    told = {d.path: (d.before, d.now) for d in differences(then, changed)}
    assert told == {"city": ("Reno", "reno"), "dnd": (None, "true"), "tags": (("vip",), None)}


# --- the reads of a plan --------------------------------------------------------------------------


def test_the_plan_counts_the_reads_by_id_that_partial_search_rows_may_take(journal):
    """Of three each: contacts, opportunities and records may be shown in part, and a company."""
    plan = plan_load(journal, "here", many(3))
    assert plan.more_reads == 3 + 3 + 3
    assert plan.as_dict()["more_reads"] == 9
    assert (plan + plan).more_reads == 18


def test_a_person_reads_of_them_in_the_preflight_and_in_the_plan(journal):
    plan = plan_load(journal, "here", many(3))
    pace = type("Pace", (), {"daily_limit": 200_000, "left_today": 200_000})()
    assert "(up to 9 more where searches show records in part)" in quota_line(plan, pace).found
