"""The loader against what live clients recorded: files, duplicates, rows, refusals (L3 to L12)."""

from dataclasses import replace

import pytest
import requests

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api.contacts import ContactCreate
from flitstack_pipeline.highlevel.models import CustomFieldValue
from flitstack_pipeline.highlevel.reading import read_record
from flitstack_pipeline.migration.compare import Verdict, compare_value
from flitstack_pipeline.migration.duplicates import settle_existing
from flitstack_pipeline.migration.field_values import same
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.record_types.base import Context, Found, Item
from flitstack_pipeline.migration.record_types.records import with_links
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline.migration.sending import LoadResult, Sender
from flitstack_pipeline.migration.update import merged_lists
from flitstack_pipeline_tests.migration.conftest import contact, job, row
from flitstack_pipeline_tests.migration.test_loading import ready

__all__ = ["ready"]

QUICK = LoadOptions(search_lag_s=0.5, workers=8)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 24
BY_ID = ("GET", "/opportunities/{id}")
TAGS = ["Contractor+ Client", "VIP"]


def put_by_hand(account, contact_id, field_id, name):
    """A file put into a contact's field by the other door, as a person does."""
    part = {f"{field_id}_11111111-1111-4111-8111-111111111111": (name, PNG, "image/png")}
    answer = requests.post(
        f"{account.url}/forms/upload-custom-files", files=part, timeout=10,
        params={"contactId": contact_id, "locationId": "sandbox-location"},
        headers={"Authorization": "Bearer pit-sandbox", "Version": "v3"},
    )  # fmt: skip
    answer.raise_for_status()


def names_in(hl, catalog, contact_id):
    ref = catalog.field("contact", t.FILES)
    cells = {c["id"]: c["value"] for c in hl.contacts.get(contact_id)["customFields"]}
    return sorted(file["name"] for file in ref.decode(cells.get(ref.id)) or [])


def test_a_field_keeps_the_files_it_held_when_ours_come_and_when_they_go(ready, tmp_path):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    held = journal.entry(hl.location_id, "contact:main/clients/1").hl_id
    put_by_hand(account, held, catalog.field("contact", t.FILES).id, "theirs.png")
    parents = [("contact", "contact:main/clients/1")]
    files = []
    for n in range(2):
        (tmp_path / f"ours{n}.png").write_bytes(PNG + bytes([n]))
        payload = {"field": t.FILES, "file_name": f"ours{n}.png", "path": f"ours{n}.png"}
        key = f"file:main/attachments/{n}"
        files.append(row(key, "contact_file", "file", payload, parents, 1, "attachments"))
    options = replace(QUICK, files_root=tmp_path)
    for file in files:  # each in a request of its own: the second must keep the first
        assert load(hl, journal, catalog, [file], run, options=options).complete
    assert names_in(hl, catalog, held) == ["ours0.png", "ours1.png", "theirs.png"]
    rollback(hl, journal, catalog, run, object_key="attachments", options=options)
    assert names_in(hl, catalog, held) == ["theirs.png"]


def test_a_duplicate_that_searches_do_not_show_yet_is_looked_up_and_filled(ready):
    """The refusal of the profile live names nobody (R07): the contact is found by its e-mail."""
    account, hl, journal, catalog, run = ready
    account.faults(search_lag="60s")  # no search shows it before the load
    there = hl.contacts.create(ContactCreate(first_name="Zoë 1", email="C1@example.com"))
    result = load(hl, journal, catalog, [contact(1, city="Elko")], run, options=QUICK)
    assert (result.created, result.matched, result.rejected) == (0, 1, 0)
    entry = journal.entry(hl.location_id, "contact:main/clients/1")
    assert entry.hl_id == there["id"] and hl.contacts.get(there["id"])["city"] == "Elko"
    assert len(account.dump()["contacts"]) == 1


class Rows:
    """What was there before, as rows tell it that leave the source key out (live: L3)."""

    def __init__(self, hl_id):
        self.found = Found("contact", "contact", hl_id, {})

    def same_source(self, item):
        return None

    def same_values(self, item):
        return self.found


@pytest.mark.parametrize(
    ("carried", "policy", "origin"),
    [
        ("main/clients/1", "ask", "adopted"),  # ours, of a journal that was lost
        ("main/clients/2", "match", None),  # another of ours: it has its own record
        ("", "match", "matched"),
    ],
)
def test_a_record_known_by_its_values_is_whose_source_key_it_carries(
    ready, carried, policy, origin
):
    _, hl, journal, catalog, run = ready
    field = catalog.field("contact", t.SOURCE_ID)
    cells = [CustomFieldValue(id=field.id, field_value=carried)] if carried else None
    there = hl.contacts.create(
        ContactCreate(first_name="Zoë 1", email="c1@example.com", custom_fields=cells)
    )
    options = replace(QUICK, duplicate_policy=policy)
    sender = Sender(Context(hl, catalog, journal, run, options), LoadResult())
    assert settle_existing(sender, Item(contact(1)), Rows(there["id"])) is (origin is not None)
    entry = journal.entry(hl.location_id, "contact:main/clients/1")
    assert (entry and entry.origin) == origin


def test_links_are_asked_of_rows_that_do_not_show_them(ready, monkeypatch):
    _, hl, journal, catalog, run = ready
    asked = []
    monkeypatch.setattr(hl.associations, "list_relations", lambda i: asked.append(i) or [])
    link = {"relationId": "l", "associationId": "a", "recordId": "x"}
    rows = [{"id": "shown", "relations": [link]}, {"id": "none", "relations": []}, {"id": "left"}]
    ctx = Context(hl, catalog, journal, run)
    with_links(ctx, t.INVOICE, [read_record(r) for r in rows])
    assert asked == ["left"]
    asked.clear()
    with_links(ctx, t.INVOICE, [read_record(r) for r in rows[1:]])
    assert sorted(asked) == ["left", "none"]  # a page without one link tells nothing


@pytest.mark.parametrize("lost", ["reset_after", "http_500_after", "cloudflare"])
def test_opportunities_whose_answers_are_lost_are_found_whatever_their_rows_show(ready, lost):
    """Every other row shows no custom field, the others typed ones or under another name."""
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    account.faults(seed=3, **{lost: 0.4}, only="POST:/opportunities/")
    result = load(hl, journal, catalog, [job(n, 1) for n in range(16)], run, options=QUICK)
    assert account.injected()[lost] >= 5
    account.faults()
    again = load(hl, journal, catalog, [job(n, 1) for n in range(16)], run, options=QUICK)
    assert result.created + again.created == 16
    assert len(account.dump()["opportunities"]) == 16


def test_opportunities_of_ours_are_not_read_again_to_see_what_was_there_before(ready):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1), *(job(n, 1) for n in range(8))], run, options=QUICK)
    before = account.stats()["by_route"]
    load(hl, journal, catalog, [job(9, 1)], run, options=QUICK)
    after = account.stats()["by_route"]
    assert _gets(after) == _gets(before)  # though some rows show no custom field


def _gets(routes):
    return sum(r["count"] for r in routes if (r["method"], r["route"]) == BY_ID)


@pytest.mark.parametrize("trouble", ["transient_400", "cloudflare", "http_500_after"])
def test_an_update_whose_answer_is_no_answer_is_written_again(ready, trouble):
    account, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1)], run, options=QUICK)
    account.faults(**{trouble: 1.0}, most=2, only="PUT:/contacts/")
    result = load(hl, journal, catalog, [contact(1, city="Sparks")], run, options=QUICK)
    assert account.injected()[trouble] == 2 and (result.updated, result.rejected) == (1, 0)
    entry = journal.entry(hl.location_id, "contact:main/clients/1")
    assert hl.contacts.get(entry.hl_id)["city"] == "Sparks"


def test_tags_compare_without_case_and_merge_without_doubles():
    lower = [tag.lower() for tag in TAGS]
    assert compare_value(TAGS, lower) == (Verdict.BY_RULE, "tags in lower case")
    assert same(TAGS, lower[::-1]) and not same(TAGS, ["contractor+ client"])
    assert merged_lists(TAGS, ["vip"], ["VIP", "called"]) == [*TAGS, "called"]


def test_a_row_added_to_the_export_alone_is_written_where_tags_are_lower_case(ready):
    _, hl, journal, catalog, run = ready
    load(hl, journal, catalog, [contact(1, tags=TAGS)], run, options=QUICK)
    again = load(hl, journal, catalog, [contact(1, tags=TAGS, city="Elko")], run, options=QUICK)
    assert (again.updated, again.conflicts) == (1, 0)
    found = hl.contacts.get(journal.entry(hl.location_id, "contact:main/clients/1").hl_id)
    assert found["tags"] == ["contractor+ client", "vip"] and found["city"] == "Elko"
