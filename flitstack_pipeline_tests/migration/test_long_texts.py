"""Texts longer than the 12,000 characters a field of HighLevel holds arrive whole."""

import json

import duckdb

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.highlevel.api.custom_fields import FieldCreateV1
from flitstack_pipeline.migration.account_schema import field_v1
from flitstack_pipeline.migration.load import load
from flitstack_pipeline.migration.long_texts import KEPT_MOST, pieces_of
from flitstack_pipeline.migration.plan import plan_load
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.rows import COLUMNS, spool_rows
from flitstack_pipeline_tests.migration.conftest import contact, invoice
from flitstack_pipeline_tests.migration.test_loading import QUICK, ready

__all__ = ["ready"]

WORDS = "Gate code 1520. " * 1_600  # 25,600 characters


def mapped(object_key, *rows):
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mapped")
    columns = ", ".join(f"{name} VARCHAR" for name in COLUMNS)
    con.execute(f"CREATE TABLE mapped.{object_key} ({columns})")
    for row in rows:
        values = [getattr(row, name) for name in COLUMNS]
        values = [json.dumps(v) if isinstance(v, dict | list) else v for v in values]
        con.execute(f"INSERT INTO mapped.{object_key} VALUES ({'?,' * 9}?)", values)
    return con


def with_text(row, part, label, text):
    row.payload[part][label] = text
    return row


def test_pieces_are_cut_between_words_and_make_the_text_again():
    first, second, third = pieces_of(WORDS)
    assert first + second + third == WORDS
    # the last spaces before 11,900 and 21,898 stand at 743 * 16 + 9 and 1,368 * 16 + 9
    assert (len(first), len(second), len(third)) == (11_898, 10_000, 3_702)
    assert first.endswith("code ") and len(first) <= KEPT_MOST
    assert pieces_of("x" * 12_001) == ["x" * 11_900, "x" * 101]


def test_the_rest_of_a_long_text_is_a_note_of_its_contact_and_is_in_the_plan(journal):
    rows = (contact(1), with_text(contact(2), "custom", t.SOURCE_TYPE, "Client"))
    long = with_text(contact(3), "custom", "Contractor_Notes__c", WORDS)
    con = mapped("clients", *rows, long)
    spooled = spool_rows(con, "clients")
    found = {row.record_key: row for row in spooled}
    base = "note:rest:contact:main/clients/3/Contractor_Notes__c"
    assert [k for k in found if k.startswith("note")] == [f"{base}/1", f"{base}/2"]
    assert len(spooled) == 5 and [r.phase for r in spooled] == [0, 0, 0, 1, 1]
    kept = found["contact:main/clients/3"].payload["custom"]["Contractor_Notes__c"]
    assert len(kept) <= 12_000 and kept.endswith("… continues in a note of the contact")
    one = found[f"{base}/1"]
    assert one.payload["body"].startswith("Contractor Notes of ")
    assert one.payload["body"].endswith("Contractor+ ref: main/clients/3/Contractor_Notes__c/1")
    assert one.parents == [{"role": "contact", "record_key": "contact:main/clients/3"}]
    plan = plan_load(journal, "loc", spooled)
    assert (plan.continued, plan.create, plan.more_reads) == (2, 5, 3)


def test_a_long_text_of_a_document_hangs_on_the_contact_it_is_linked_to():
    document = with_text(invoice(1), "fields", t.NAME, "y" * 12_500)
    link = contact(9)  # any row will do as the frame of a link
    link = type(link)(
        "relation:contact_invoice:main/invoices/1", "main/invoices/1", "relation",
        "contact_invoice", {}, "", 2, [
            {"role": "first", "record_key": "contact:main/clients/1"},
            {"role": "second", "record_key": document.record_key},
        ],
    )  # fmt: skip
    found = list(spool_rows(mapped("invoices", document, link), "invoices"))
    assert [row.kind for row in found] == ["record", "relation", "note"]
    assert found[2].parents[0]["record_key"] == "contact:main/clients/1"
    alone = list(spool_rows(mapped("invoices", document), "invoices"))
    assert [len(row.payload["fields"][t.NAME]) for row in alone] == [12_500]


def test_what_was_cut_arrives_and_reads_back_as_meant(ready):
    _, hl, journal, catalog, run = ready
    label = "Contractor_Notes__c"
    made = hl.custom_fields.v1.create(FieldCreateV1(name=label, data_type="LARGE_TEXT"))
    catalog.add_field(field_v1(made))
    con = mapped("clients", with_text(contact(3), "custom", label, WORDS))
    rows = list(spool_rows(con, "clients"))
    result = load(hl, journal, catalog, rows, run, options=QUICK)
    assert result.complete and result.created == 3
    read = {f.kind: [] for f in read_back(hl, catalog, journal)}
    for found in read_back(hl, catalog, journal):
        read[found.kind].append(found.logical)
    kept = read["contact"][0]["custom"][label]
    assert kept.startswith("Gate code 1520. ") and kept.count("1520.") == 743
    # the cuts fall before a number: 743 stay, 625 and 232 follow, 1,600 in all
    assert sorted(note["body"].count("1520.") for note in read["note"]) == [232, 625]
