"""Which job an estimate belongs to: one, of its own client; what that refuses is told."""

import pytest

from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, links, related, rows

ORPHANS = """
    SELECT split_part(child_key, '/', -1), role, reference, reason FROM clean.orphans
    WHERE role IN ('job', 'estimate', 'client') AND child_object IN ('jobs', 'estimates')
    ORDER BY ALL"""


@pytest.fixture
def con():
    con = empty_warehouse()
    for number, name in enumerate(("Ann Lee", "Bo Ray", "Cy Dee"), start=1):
        add(con, "clients", str(number), name=name)
    return con


def job(con, number, client=None, estimates=()):
    return add(con, "jobs", number, client_ref=client, estimate_refs=list(estimates))


def estimate(con, number, client=None, jobs=()):
    return add(con, "estimates", number, client_ref=client, job_refs=list(jobs))


def jobs_of(con, tmp_path):
    found = links(related(con, tmp_path), "job").items()
    return {key.rpartition("/")[2]: parent.rpartition("/")[2] for key, parent in found}


def test_of_two_estimates_only_the_one_of_the_jobs_client_is_its(con, tmp_path):
    job(con, "J1", "1", ["E1"])
    estimate(con, "E1", "1", ["J1"])
    estimate(con, "E2", "2", ["J1"])
    assert jobs_of(con, tmp_path) == {"E1": "J1"}
    assert rows(con, ORPHANS) == [("E2", "job", "J1", "it is a job of another client")]
    kept = rows(con, "SELECT number, originals['job'] FROM clean.estimates ORDER BY number")
    assert kept == [("E1", None), ("E2", "J1")]


def test_the_only_estimate_of_a_job_is_not_its_when_both_say_so_but_for_two_clients(con, tmp_path):
    job(con, "J1", "1", ["E1"])
    estimate(con, "E1", "2", ["J1"])
    assert jobs_of(con, tmp_path) == {}
    assert rows(con, ORPHANS) == [
        ("E1", "job", "J1", "it is a job of another client"),
        ("J1", "estimate", "E1", "it is an estimate of another client"),
    ]


def test_an_estimate_that_two_jobs_name_belongs_to_the_one_of_its_client(con, tmp_path):
    job(con, "J1", "2", ["E1"])
    job(con, "J2", "1", ["E1"])
    estimate(con, "E1", "1")
    assert jobs_of(con, tmp_path) == {"E1": "J2"}
    assert rows(con, ORPHANS) == [("J1", "estimate", "E1", "it is an estimate of another client")]


def test_what_an_estimate_says_of_its_job_comes_before_what_another_job_says(con, tmp_path):
    job(con, "J1", "1", ["E1"])
    job(con, "J2", "1")
    estimate(con, "E1", "1", ["J2"])
    assert jobs_of(con, tmp_path) == {"E1": "J2"}
    assert rows(con, ORPHANS) == [("J1", "estimate", "E1", "the estimate belongs to another job")]


def test_of_two_jobs_that_an_estimate_names_it_belongs_to_the_first(con, tmp_path):
    job(con, "J1", "1")
    job(con, "J2", "1")
    estimate(con, "E1", "1", ["J2", "J1"])
    assert jobs_of(con, tmp_path) == {"E1": "J2"}
    assert rows(con, ORPHANS) == [("E1", "job", "J1", "the estimate belongs to another job")]


def test_a_job_without_client_has_the_one_that_all_its_estimates_name(con, tmp_path):
    job(con, "J1")
    estimate(con, "E1", "2", ["J1"])
    estimate(con, "E2", "2", ["J1"])
    estimate(con, "E3", None, ["J1"])
    assert jobs_of(con, tmp_path) == {"E1": "J1", "E2": "J1", "E3": "J1"}
    assert links(con, "client", "main/jobs/J1") == {"main/jobs/J1": "main/clients/2"}
    assert rows(con, ORPHANS) == [("E3", "client", None, "no client named")]


def test_where_its_estimates_name_several_clients_a_job_without_client_stays_without(con, tmp_path):
    job(con, "J1")
    estimate(con, "E1", "2", ["J1"])
    estimate(con, "E2", "3", ["J1"])
    assert jobs_of(con, tmp_path) == {}
    assert ("J1", "client", None, "no client named") in rows(con, ORPHANS)


def test_a_job_whose_client_is_in_no_export_is_not_given_another(con, tmp_path):
    job(con, "J1", "99")
    estimate(con, "E1", "2", ["J1"])
    assert jobs_of(con, tmp_path) == {}
    assert ("J1", "client", "99", "no such client") in rows(con, ORPHANS)


def test_an_invoice_of_the_estimates_client_is_not_of_the_other_clients_job(con, tmp_path):
    job(con, "J1", "1")
    estimate(con, "E1", "2", ["J1"])
    add(con, "invoices", "I1", client_ref="2", estimate_refs=["E1"])
    assert jobs_of(con, tmp_path) == {}


def test_client_and_duplicate_of_it_are_one(con, tmp_path):
    """Two records of one person that are merged: estimate and job name one each."""
    same = {"name": "Di Fox", "email": "di@fox.net", "phone": "+18135550177"}
    add(con, "clients", "7", **same)
    add(con, "clients", "8", **same)
    job(con, "J1", "7")
    estimate(con, "E1", "8", ["J1"])
    assert jobs_of(con, tmp_path) == {"E1": "J1"}
