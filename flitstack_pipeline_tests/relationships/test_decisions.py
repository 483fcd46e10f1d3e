"""What a person decides: read however it was saved, remembered, followed, and taken back."""

import pytest

from flitstack_pipeline.cleaning.decisions import (
    DUPLICATES,
    INVOICE_LINKS,
    WORK_ORDER_LINKS,
    read_decisions,
    remember,
)
from flitstack_pipeline.cleaning.duplicates import find_pairs
from flitstack_pipeline.cleaning.pending_decisions import duplicate_pairs, invoice_links
from flitstack_pipeline.reports.document import write_csv
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, links, related, rows

MERGES = "SELECT kept_key, merged_key FROM clean.merges ORDER BY ALL"


@pytest.fixture
def con():
    return empty_warehouse()


def decide(folder, *lines, name="duplicates.csv", header="left_key,right_key,decision"):
    (folder / name).write_text("\n".join([header, *lines]) + "\n")


def decided(path):
    return {
        (r["left_key"], r["right_key"]): r["decision"] for r in read_decisions(path, DUPLICATES)
    }


def couple(con):
    shared = {"email": "home@x.com", "phone": "+12125550100"}
    return [
        add(con, "clients", i, name=f"{first} Doe", first_name=first, last_name="Doe", **shared)
        for i, first in (("1", "Ann"), ("2", "Bob"))
    ]


def test_no_file_and_an_empty_file_decide_nothing(tmp_path):
    assert read_decisions(tmp_path / "duplicates.csv", DUPLICATES) == []
    (tmp_path / "duplicates.csv").write_text("")
    assert read_decisions(tmp_path / "duplicates.csv", DUPLICATES) == []


@pytest.mark.parametrize(
    "saved",
    [
        b"left_key,right_key,decision\r\nm/clients/2,m/clients/1, Merge \r\n",
        b"\xef\xbb\xbfleft_key;right_key;decision\nm/clients/1;m/clients/2;merge\n",
        b"left_key\tright_key\tleft_name\tdecision\nm/clients/1\tm/clients/2\tJos\xe9\tMERGE\n",
    ],
)
def test_a_file_is_read_however_a_spreadsheet_saved_it(tmp_path, saved):
    (tmp_path / "duplicates.csv").write_bytes(saved)
    assert decided(tmp_path / "duplicates.csv") == {("m/clients/1", "m/clients/2"): "merge"}


def test_everything_wrong_in_a_file_is_said_at_once(tmp_path):
    decide(tmp_path, "a,b,yes", "c,d,merge", "d,c,keep apart", "e,e,merge", "f,,merge", "g,h,")
    with pytest.raises(ValueError, match="line 2: 'yes' is no decision") as refused:
        read_decisions(tmp_path / "duplicates.csv", DUPLICATES)
    for told in ("lines 3 and 4 decide one pair in two ways", "line 5: two", "line 6: two"):
        assert told in str(refused.value)
    assert "line 7" not in str(refused.value)


def test_a_file_without_its_columns_is_refused(tmp_path):
    decide(tmp_path, "a,b", header="left_key,decision")
    with pytest.raises(ValueError, match="has no column right_key"):
        read_decisions(tmp_path / "duplicates.csv", DUPLICATES)


def test_a_work_list_is_filled_in_remembered_and_followed_then_taken_back(con, tmp_path):
    ann, bob = couple(con)
    related(con, tmp_path)
    assert rows(con, MERGES) == []
    work_list = write_csv(duplicate_pairs(con), tmp_path / "reports" / "duplicates.csv")
    work_list.write_text(work_list.read_text().replace(f"{bob},,", f"{bob},merge,"))
    memory = tmp_path / "duplicates.csv"
    assert remember(work_list, memory, DUPLICATES) == 1
    assert remember(work_list, memory, DUPLICATES) == 0
    assert memory.stat().st_mode & 0o077 == 0
    related(con, tmp_path)
    assert rows(con, MERGES) == [(ann, bob)]
    assert duplicate_pairs(con) == []
    memory.write_text(memory.read_text(encoding="utf-8-sig").replace(",merge,", ",,"))
    related(con, tmp_path)
    assert rows(con, MERGES) == []
    assert rows(con, "SELECT count(*) FROM kept_clients") == [(2,)]


def test_the_newer_word_on_the_work_list_wins_and_other_decisions_stay(tmp_path):
    work_list, memory = tmp_path / "list.csv", tmp_path / "duplicates.csv"
    decide(tmp_path, "a,b,merge", "c,d,merge")
    decide(tmp_path, "b,a,keep apart", name="list.csv")
    assert remember(work_list, memory, DUPLICATES) == 1
    assert decided(memory) == {("a", "b"): "keep apart", ("c", "d"): "merge"}


def test_a_wrong_word_on_the_work_list_leaves_the_memory_as_it_was(tmp_path):
    decide(tmp_path, "a,b,merge")
    decide(tmp_path, "a,b,keep apart", "c,d,perhaps", name="list.csv")
    with pytest.raises(ValueError, match="perhaps"):
        remember(tmp_path / "list.csv", tmp_path / "duplicates.csv", DUPLICATES)
    assert decided(tmp_path / "duplicates.csv") == {("a", "b"): "merge"}


def test_an_automatic_merge_is_undone_by_keep_apart(con, tmp_path):
    one, other = (add(con, "clients", i, name="John Doe", email="j@x.com") for i in "12")
    related(con, tmp_path)
    assert rows(con, MERGES) == [(one, other)]
    assert [r["so far"] for r in duplicate_pairs(con)] == ["merged unless you keep them apart"]
    decide(tmp_path, f"{one},{other},keep apart")
    related(con, tmp_path)
    assert rows(con, MERGES) == rows(con, "FROM clean.survivors") == []
    assert rows(con, "SELECT decision FROM clean.duplicate_pairs") == [("keep apart",)]


def test_a_decision_about_a_key_that_is_gone_is_listed_and_not_followed(con, tmp_path):
    key = add(con, "clients", "1", name="John Doe")
    decide(tmp_path, f"{key},main/clients/404,merge")
    related(con, tmp_path)
    assert rows(con, MERGES) == []
    assert rows(con, "SELECT left_key, right_key, reason FROM clean.idle_decisions") == [
        (key, "main/clients/404", "no such client or lead in these exports")
    ]


def test_a_decision_follows_a_client_without_id_whose_derived_key_changed(con, tmp_path):
    """Such a key is made of name, e-mail and phone: a new phone gives a new key."""
    one = add(con, "clients", "~new", name="Ann Lee", email="ann@x.com", phone="+12125550111")
    other = add(con, "clients", "7", name="A. Lee", phone="+12125550122")
    decide(
        tmp_path,
        f"main/clients/~old,{other},merge,Ann Lee,A. Lee,ann@x.com,,+12125550100,",
        header="left_key,right_key,decision,left_name,right_name,left_email,right_email,"
        "left_phone,right_phone",
    )
    related(con, tmp_path)
    assert {k for pair in rows(con, MERGES) for k in pair} == {one, other}
    assert rows(con, "FROM clean.idle_decisions") == []


def test_a_decision_stands_when_a_newer_export_supersedes_the_row(con, tmp_path):
    one, other = couple(con)
    decide(tmp_path, f"{one},{other},merge")
    related(con, tmp_path)
    con.execute("UPDATE clean.clients SET email = NULL, name = 'Ann Webb' WHERE source_id = '1'")
    related(con, tmp_path)
    assert len(rows(con, MERGES)) == 1


def test_decisions_that_contradict_through_a_third_are_put_back_to_the_person(con, tmp_path):
    a, b, c = (
        add(con, "clients", i, name=n) for i, n in (("1", "A B"), ("2", "C D"), ("3", "E F"))
    )
    decide(tmp_path, f"{a},{b},merge", f"{b},{c},merge", f"{a},{c},keep apart")
    related(con, tmp_path)
    assert rows(con, MERGES) == [(a, b)]
    found = rows(
        con, "SELECT left_key, right_key, decision FROM clean.duplicate_pairs ORDER BY ALL"
    )
    assert found == [(a, b, "merge"), (a, c, "keep apart"), (b, c, "review")]


def test_a_decided_pair_of_two_workspaces_is_merged_only_by_a_person(con, tmp_path):
    one, other = (add(con, "clients", "1", w, name="Ann Lee", email="a@x.com") for w in ("e", "w"))
    assert find_pairs(con, tmp_path) == []
    decide(tmp_path, f"{one},{other},merge")
    related(con, tmp_path)
    assert rows(con, MERGES) == [(one, other)]


@pytest.mark.parametrize("word", ["merge", "keep apart"])
def test_a_lead_folds_or_stays_as_a_person_decides(con, tmp_path, word):
    client = add(con, "clients", "1", name="Ann Lee", phone="+12125550100")
    lead = add(con, "leads", "2", name="Ann", phone="+12125550100")
    related(con, tmp_path)
    assert rows(con, MERGES) == []
    assert [(r["left_key"], r["right_key"]) for r in duplicate_pairs(con)] == [(client, lead)]
    decide(tmp_path, f"{client},{lead},{word}")
    related(con, tmp_path)
    assert rows(con, MERGES) == ([(client, lead)] if word == "merge" else [])
    assert duplicate_pairs(con) == []


def test_a_lead_of_the_same_home_with_jr_is_not_folded_without_a_person(con, tmp_path):
    add(con, "clients", "1", name="John Doe", phone="+12125550100")
    add(con, "leads", "2", name="John Doe Jr", phone="+12125550100")
    related(con, tmp_path)
    assert rows(con, MERGES) == []


def test_an_invoice_is_linked_or_left_as_a_person_decides(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee")
    jobs = [add(con, "jobs", n, client_ref="1", amount=100, completed="2024-01-10") for n in "12"]
    invoice = add(con, "invoices", "9", client_ref="1", total=100, issue_date="2024-01-12")
    related(con, tmp_path)
    asked = [(r["invoice_key"], r["job_key"], r["client"]) for r in invoice_links(con)]
    assert asked == [(invoice, job, "Ann Lee") for job in jobs]
    decide(tmp_path, f"{invoice},{jobs[1]},link", name=INVOICE_LINKS.name,
           header="invoice_key,job_key,decision")  # fmt: skip
    related(con, tmp_path)
    assert rows(con, "SELECT job_key, method, decision FROM clean.invoice_links") == [
        (jobs[1], "decided by a person", "accepted")
    ]
    assert links(con, "job") == {invoice: jobs[1]}
    decide(tmp_path, f"{invoice},{jobs[1]},do not link", name=INVOICE_LINKS.name,
           header="invoice_key,job_key,decision")  # fmt: skip
    related(con, tmp_path)
    assert links(con, "job") == {invoice: jobs[0]}


def test_a_number_that_leads_to_the_wrong_job_is_overruled_by_a_person(con, tmp_path):
    job = add(con, "jobs", "5")
    invoice = add(con, "invoices", "9", job_refs=["5"])
    order = add(con, "work_orders", "3", job_refs=["5"])
    for kind, document in ((INVOICE_LINKS, invoice), (WORK_ORDER_LINKS, order)):
        decide(tmp_path, f"{document},{job},do not link", f"{document},main/jobs/77,link",
               name=kind.name, header=",".join(kind.columns))  # fmt: skip
    related(con, tmp_path)
    assert links(con, "job") == {}
    assert rows(con, "SELECT decision FROM clean.invoice_links") == [("none",)]
    assert len(rows(con, "FROM clean.idle_decisions")) == 2
