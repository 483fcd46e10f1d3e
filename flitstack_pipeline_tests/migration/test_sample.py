"""The sample is small, closed, exercises every feature, and is the same for the same records."""

import json

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration.features import Features, Row
from flitstack_pipeline.migration.sample import (
    MAXIMUM,
    MINIMUM,
    choose_sample,
    mapped_rows,
    sample_keys,
)

COLUMNS = "record_key VARCHAR, kind VARCHAR, target VARCHAR, payload JSON, parents JSON"


def warehouse(**tables):
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mapped")
    for name, rows in tables.items():
        con.execute(f"CREATE TABLE mapped.{name} ({COLUMNS})")
        values = [[k, kind, where, json.dumps(p), json.dumps(ps)] for k, kind, where, p, ps in rows]
        con.register("rows", pd.DataFrame(values, columns=range(5)).astype(str))
        con.execute(f"INSERT INTO mapped.{name} SELECT * FROM rows")
    return con


def client(n, **custom):
    fields = {"firstName": f"Name{n:05}", "tags": ["contractor+ client"]}
    return (f"contact:{n}", "contact", "contact", {"fields": fields, "custom": custom}, [])


def job(n, of, stage="New", value="100.00", files=()):
    payload = {"fields": {"name": f"Job {n}", "stage": stage, "monetaryValue": value}}
    if files:
        payload["files"] = list(files)
    parents = [{"role": "contact", "record_key": f"contact:{of}"}]
    return (f"opportunity:{n}", "opportunity", t.PIPELINE, payload, parents)


def business(clients=400, jobs=800):
    """A business with one rare thing of each kind among many ordinary records."""
    people = [client(n, **{"Source_Type__c": "Client"}) for n in range(clients)]
    people[137] = client(137, **{"Source_Type__c": "Lead", "Lead_Status__c": "Lost"})
    people[211] = client(211, **{"Original_Name__c": "Müller, Zoë"})
    deals = [job(n, n % clients) for n in range(jobs)]
    deals[333] = job(333, 301, stage="On Hold")
    deals[444] = job(444, 302, value="999999.99")
    deals[555] = job(555, 303, files=["file:1", "file:2"])
    files = [
        (f"file:{n}", "opportunity_file", "opportunity", {"file_name": "a"}, []) for n in (1, 2)
    ]
    return warehouse(clients=people, jobs=deals + files)


@pytest.fixture(scope="module")
def chosen():
    con = business()
    return con, choose_sample(con)


def test_every_feature_is_covered_by_few_records(chosen):
    _, choice = chosen
    assert choice.coverage == 1.0
    assert choice.uncovered == []
    assert MINIMUM <= len(choice.record_keys) <= MINIMUM + 5
    assert choice.random > 0


@pytest.mark.parametrize(("notes", "expected"), [(300, 100), (60, 76)])
def test_few_clients_with_many_notes_still_make_a_sample_of_a_hundred(notes, expected):
    """Eight clients and eight jobs: the rest of the sample can only be notes, all if need be."""
    hanging = [
        (f"note:{n}", "note", "contact", {"fields": {"body": f"Note {n}"}},
         [{"role": "contact", "record_key": f"contact:{n % 8}"}])
        for n in range(notes)
    ]  # fmt: skip
    con = warehouse(
        clients=[client(n) for n in range(8)],
        jobs=[job(n, n) for n in range(8)],
        activities=hanging,
    )
    choice = choose_sample(con)
    assert len(choice.record_keys) == sum(choice.by_object.values()) == expected


def test_links_and_files_do_not_make_up_the_hundred():
    links = [
        (f"relation:{n}", "relation", "contact_opportunity", {"fields": {}},
         [{"role": "first", "record_key": f"contact:{n % 90}"}])
        for n in range(200)
    ]  # fmt: skip
    con = warehouse(clients=[client(n) for n in range(150)], jobs=links)
    choice = choose_sample(con)
    assert choice.by_object["clients"] >= MINIMUM


def test_a_parent_that_is_not_mapped_counts_for_no_record():
    con = warehouse(clients=[client(n) for n in range(99)], jobs=[job(n, 900) for n in range(99)])
    choice = choose_sample(con)
    assert MINIMUM <= sum(choice.by_object.values()) == len(choice.record_keys)
    assert "contact:900" not in choice.record_keys


def test_the_rare_choice_the_extreme_the_foreign_letter_and_the_files_are_in_it(chosen):
    _, choice = chosen
    rare = {"contact:137", "contact:211", "opportunity:333", "opportunity:444", "opportunity:555"}
    assert rare <= choice.record_keys


def test_parents_and_files_come_along(chosen):
    con, choice = chosen
    for _, row in mapped_rows(con, choice.record_keys):
        assert set(row.needs) <= choice.record_keys
    assert {"contact:301", "file:1", "file:2"} <= choice.record_keys


def test_the_same_records_and_seed_make_the_same_sample_and_another_seed_another(chosen):
    con, choice = chosen
    assert choose_sample(con).record_keys == choice.record_keys
    other = choose_sample(con, seed=8)
    assert other.coverage == 1.0
    assert other.record_keys != choice.record_keys
    choose_sample(con)


def test_the_sample_is_stored_by_object_type(chosen):
    con, choice = chosen
    keys = {key: sample_keys(con, key) for key in ("clients", "jobs")}
    assert keys["clients"] | keys["jobs"] == choice.record_keys
    assert {k: len(v) for k, v in keys.items()} == choice.by_object
    assert sample_keys(con, "invoices") == set()


def test_every_transform_is_exercised():
    con = business(jobs=600)
    con.execute("""UPDATE mapped.clients SET payload =
      '{"fields": {"firstName": "A"}, "custom": {"Estimated_Value__c": "5.00"}}'
      WHERE record_key = 'contact:99'""")
    choice = choose_sample(con, {(t.CONTACT, "Estimated_Value__c"): "money"})
    assert "contact:99" in choice.record_keys


def test_what_does_not_fit_is_named_and_the_cap_is_kept():
    types = [client(n, **{"Source_Type__c": f"Type {n}"}) for n in range(60)]
    choice = choose_sample(warehouse(clients=types), most=20)
    assert len(choice.record_keys) <= 20
    assert 0 < choice.coverage < 1
    assert all("Source_Type__c = Type" in name for name in choice.uncovered)


def test_nothing_mapped_makes_an_empty_sample():
    choice = choose_sample(warehouse())
    assert (choice.record_keys, choice.coverage) == (set(), 1.0)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.sampled_from(["New", "On Hold", "Completed"])), max_size=60
    )
)
def test_a_sample_is_closed_capped_and_honest_about_its_coverage(jobs):
    deals = [job(n, of, stage) for n, (of, stage) in enumerate(jobs)]
    con = warehouse(clients=[client(n) for n in range(12)], jobs=deals)
    choice = choose_sample(con)
    assert len(choice.record_keys) <= MAXIMUM
    rows = dict((row.record_key, row) for _, row in mapped_rows(con, choice.record_keys))
    assert rows.keys() == choice.record_keys
    assert all(set(row.needs) <= choice.record_keys for row in rows.values())
    stages = {row.payload["fields"]["stage"] for row in rows.values() if row.kind == "opportunity"}
    assert stages == {stage for _, stage in jobs}


def test_the_candidates_stay_few_however_many_rows_there_are():
    features = Features({})
    for n in range(3_000):
        key, kind, target, payload, _ = client(n, **{"Source_Type__c": "Client"})
        features.learn(Row.of(key, kind, target, json.dumps(payload), "[]"))
    assert len(features.holders()) < 12
