"""What HighLevel cannot hold as meant is said before the load: many jobs, owners it shares."""

import json

import duckdb
import pytest

from flitstack_pipeline.migration.preflight.lines import Verdict
from flitstack_pipeline.migration.preflight.mapped import crowded_contacts, differing_owners
from flitstack_pipeline.migration.preflight.settings import crowded_line, owners_line


@pytest.fixture
def con():
    con = duckdb.connect()
    con.execute("CREATE SCHEMA mapped")
    for name in ("clients", "jobs"):
        con.execute(
            f"CREATE TABLE mapped.{name} (record_key VARCHAR, kind VARCHAR, location VARCHAR, "
            "payload JSON, parents JSON, label VARCHAR)"
        )
    return con


def client(con, name, owner=None):
    payload = json.dumps({"owner": owner} if owner else {})
    con.execute("INSERT INTO mapped.clients VALUES (?, 'contact', 'main', ?, '[]', ?)",
                [f"contact:{name}", payload, name])  # fmt: skip


def jobs(con, name, count, owner=None):
    payload = json.dumps({"owner": owner} if owner else {})
    parents = json.dumps([{"role": "contact", "record_key": f"contact:{name}"}])
    con.execute(
        "INSERT INTO mapped.jobs SELECT ? || range, 'opportunity', 'main', ?, ?, '' FROM range(?)",
        [name, payload, parents, count],
    )


def test_more_than_a_thousand_jobs_of_a_client_stop_the_load(con):
    for name, count in (("Landlord", 1_001), ("Exactly", 1_000), ("Few", 2)):
        client(con, name)
        jobs(con, name, count)
    assert crowded_contacts(con, "main") == {"Landlord": 1_001}
    assert crowded_contacts(con, "another") == {}
    line = crowded_line({"Landlord": 1_001})
    assert line.verdict is Verdict.FAIL and "Landlord (1,001)" in line.found
    assert crowded_line({}).verdict is Verdict.PASS


def test_owners_that_highlevel_would_share_are_a_warning(con):
    client(con, "Same", "u1")
    jobs(con, "Same", 2, "u1")
    client(con, "Other", "u1")
    jobs(con, "Other", 2, "u2")
    client(con, "Nobody")
    jobs(con, "Nobody", 1, "u2")
    client(con, "No owner of jobs", "u1")
    jobs(con, "No owner of jobs", 1)
    assert differing_owners(con, "main") == 2
    assert owners_line(2, {}).verdict is Verdict.WARN
    assert owners_line(0, {}).verdict is Verdict.PASS
    assert owners_line(2, {"syncContactOwner": False}).verdict is Verdict.PASS
