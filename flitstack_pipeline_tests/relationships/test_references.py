import duckdb
import pytest

from flitstack_pipeline.catalog.clean import RELATIONSHIP_DDL
from flitstack_pipeline.cleaning.match_keys import address_key, number_key
from flitstack_pipeline.cleaning.relationships import summary
from flitstack_pipeline.cleaning.values.words import normal_number
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, links, related, rows


@pytest.fixture
def con():
    return empty_warehouse()


def orphans(con, role):
    return rows(
        con, f"SELECT child_key, reference, reason FROM clean.orphans WHERE role = '{role}'"
    )


@pytest.mark.parametrize(
    "number",
    ["42", "0042", "#42", "INV-42", "inv 0042", "42.0", "2024-007", "A", "JOB-12b", "0", "#INV_9"],
)
def test_the_normal_form_of_a_number_is_the_same_in_sql_and_in_python(number):
    form = number_key("?").replace("?", f"'{number}'")
    assert duckdb.execute(f"SELECT {form}").fetchall()[0][0] == normal_number(number)


def test_street_words_compare_in_their_short_form():
    one, two = (
        address_key(f"'{a}'") for a in ("12 North Oak Street, Unit 4", "12 n. oak st apt 4")
    )
    assert duckdb.execute(f"SELECT {one} = {two}").fetchall() == [(True,)]


def test_a_client_is_found_by_id_in_its_own_workspace_only(con, tmp_path):
    add(con, "clients", "7", "east", name="Ann Lee")
    west = add(con, "clients", "7", "west", name="Bo Ray")
    job = add(con, "jobs", "1", "west", client_ref="7")
    lost = add(con, "jobs", "1", "north", client_ref="7")
    related(con, tmp_path)
    assert links(con, "client") == {job: west}
    assert orphans(con, "client") == [(lost, "7", "no such client")]


@pytest.mark.parametrize("name", ["Núñez, Ana", "ANA NUNEZ", " Ana  Núñez ", "Mrs. Ana Núñez"])
def test_a_client_without_id_is_found_by_a_name_only_one_has(con, tmp_path, name):
    client = add(con, "clients", "7", name="Ana Núñez")
    job = add(con, "jobs", "1", client_name=name)
    related(con, tmp_path)
    assert links(con, "client") == {job: client}
    assert rows(con, "SELECT method FROM clean.links") == [("name",)]


def test_a_name_of_two_clients_is_an_orphan_unless_they_are_one(con, tmp_path):
    for i in "12":
        add(con, "clients", i, name="John Smith", email=f"{i}@x.com")
    job = add(con, "jobs", "1", client_name="John Smith")
    related(con, tmp_path)
    assert orphans(con, "client") == [
        (job, "John Smith", "several records fit this name; name the right one")
    ]
    con.execute("UPDATE clean.clients SET email = 'same@x.com'")
    related(con, tmp_path)
    assert links(con, "client") == {job: rows(con, "SELECT kept_key FROM clean.merges")[0][0]}
    assert orphans(con, "client") == []


def test_links_to_a_merged_client_point_at_the_kept_one(con, tmp_path):
    kept = add(con, "clients", "1", name="John Doe", email="j@x.com", phone="+12125550100")
    gone = add(con, "clients", "2", name="John Doe", email="j@x.com")
    job = add(con, "jobs", "1", client_ref="2")
    note = add(con, "activities", "1", record_type="clients", record_ref="2", kind="note")
    related(con, tmp_path)
    assert links(con, "client") == {job: kept}
    assert links(con, "record") == {note: kept}
    merged = rows(con, "SELECT merged_key FROM clean.merges")
    assert merged == [(gone,)]
    assert not rows(con, f"SELECT 1 FROM clean.links WHERE parent_key = '{gone}'")


def test_a_document_of_a_lead_belongs_to_the_lead_and_a_client_goes_first(con, tmp_path):
    lead = add(con, "leads", "5", name="Lea Dow")
    add(con, "leads", "6", name="Ann Lee")
    client = add(con, "clients", "7", name="Ann Lee")
    one = add(con, "estimates", "1", client_name="Lea Dow")
    two = add(con, "estimates", "2", client_name="Ann Lee")
    related(con, tmp_path)
    assert links(con, "client") == {one: lead, two: client}


def test_several_numbers_in_a_cell_are_several_links_in_their_order(con, tmp_path):
    first, second = (add(con, "jobs", n) for n in ("JOB-0012", "13"))
    order = add(con, "work_orders", "W1", job_refs=["12", "#13", "99"])
    related(con, tmp_path)
    assert rows(
        con, "SELECT parent_key, position, method FROM clean.links WHERE role = 'job' ORDER BY 2"
    ) == [(first, 1, "number, normal form"), (second, 2, "number, normal form")]
    assert orphans(con, "job") == [(order, "99", "no such number")]


def test_the_number_as_shown_wins_over_one_that_only_looks_alike(con, tmp_path):
    add(con, "jobs", "42")
    exact = add(con, "jobs", "0042")
    visit = add(con, "visits", "v", job_ref="0042")
    related(con, tmp_path)
    assert links(con, "job") == {visit: exact}


def test_a_number_of_two_records_is_settled_by_the_client_they_share_or_not_at_all(con, tmp_path):
    for i in "12":
        add(con, "clients", i, name=f"Client {i}")
        add(con, "jobs", f"{i}a", number="50", client_ref=i)
    order = add(con, "work_orders", "W1", job_refs=["50"], client_ref="2")
    loose = add(con, "visits", "v", job_ref="50")
    related(con, tmp_path)
    assert links(con, "job") == {order: "main/jobs/2a"}
    assert orphans(con, "job") == [
        (loose, "50", "several records fit this number; name the right one")
    ]


def test_an_estimate_that_only_the_job_names_belongs_to_that_job(con, tmp_path):
    estimate = add(con, "estimates", "E1")
    job = add(con, "jobs", "1", estimate_refs=["1"])
    related(con, tmp_path)
    assert links(con, "job") == {estimate: job}
    assert links(con, "estimate") == {job: estimate}


def test_owners_and_technicians_are_team_members_by_name_in_their_order(con, tmp_path):
    luis = add(con, "users", "1", name="Luis Ortega", email="l@x.com")
    mia = add(con, "users", "2", name="Mía Chen", email="m@x.com")
    job = add(con, "jobs", "1", assigned_to=["luis ortega", "Mia Chen", "Gone Guy"])
    order = add(con, "work_orders", "1", assigned_to=["m@x.com"])
    related(con, tmp_path)
    found = rows(con, "SELECT child_key, role, parent_key, position FROM clean.links ORDER BY ALL")
    assert (job, "owner", luis, 1) in found
    assert (job, "owner", mia, 2) in found
    assert (order, "technician", mia, 1) in found
    assert orphans(con, "owner") == [(job, "Gone Guy", "no such team member")]


def test_a_team_member_of_two_workspaces_is_one_person_and_two_namesakes_are_not(con, tmp_path):
    for workspace in ("east", "west"):
        add(con, "users", "1", workspace, name="Luis Ortega", email="l@x.com")
        add(con, "users", "2", workspace, name="Sam Poe", email=f"{workspace}@x.com")
    here = add(con, "jobs", "1", "east", assigned_to=["Sam Poe"])
    far = add(con, "jobs", "1", "north", assigned_to=["Luis Ortega"])
    unsure = add(con, "jobs", "2", "north", assigned_to=["Sam Poe"])
    related(con, tmp_path)
    assert links(con, "owner") == {here: "east/users/2", far: "east/users/1"}
    assert [key for key, _, _ in orphans(con, "owner")] == [unsure]


def test_files_and_notes_hang_on_their_record_by_type_and_number(con, tmp_path):
    add(con, "invoices", "5")
    job = add(con, "jobs", "5")
    file = add(con, "attachments", "f", record_type="jobs", record_ref="#0005", file_name="a.jpg")
    lost = add(con, "activities", "n", record_type="estimates", record_ref="5", kind="note")
    related(con, tmp_path)
    assert links(con, "record") == {file: job}
    assert orphans(con, "record") == [(lost, "estimates 5", "no such record")]


def test_lines_and_payments_without_their_document_are_listed(con, tmp_path):
    add(con, "invoices", "1")
    add(con, "payments", "p1", invoice_key="main/invoices/1", amount=1)
    lost = add(con, "payments", "p2", invoice_key="main/invoices/2", amount=1)
    related(con, tmp_path)
    assert orphans(con, "document") == [(lost, "main/invoices/2", "no such document")]


def test_every_child_is_linked_or_an_orphan_and_a_second_run_says_the_same(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee")
    for i in range(30):
        add(con, "jobs", str(i), client_ref=str(i % 3), estimate_refs=[str(i), "x"])
        add(con, "estimates", str(i), client_name="Ann Lee" if i % 2 else None)
    tables = {}
    for run in (1, 2):
        related(con, tmp_path)
        tables[run] = {t: rows(con, f"SELECT * FROM {t} ORDER BY ALL") for t in RELATIONSHIP_DDL}
    assert tables[1] == tables[2]
    told = rows(
        con,
        "SELECT child_key FROM clean.links WHERE role = 'client' UNION ALL "
        "SELECT child_key FROM clean.orphans WHERE role = 'client'",
    )
    assert len(told) == len(set(told)) == 60
    assert sum(line["count"] for line in summary(con)) == len(tables[1]["clean.orphans"])


def test_many_documents_resolve_without_comparing_all_with_all(con, tmp_path):
    con.execute("INSERT INTO clean.jobs BY NAME SELECT 'main/jobs/' || i AS source_key, "
                "'main' AS workspace, i::VARCHAR AS source_id, '' AS raw_id, "
                "'JOB-' || i AS number FROM range(30000) t(i)")  # fmt: skip
    con.execute("INSERT INTO clean.visits BY NAME SELECT 'main/visits/' || i AS source_key, "
                "'main' AS workspace, i::VARCHAR AS source_id, '' AS raw_id, "
                "i::VARCHAR AS job_ref FROM range(30000) t(i)")  # fmt: skip
    related(con, tmp_path)
    assert len(links(con, "job")) == 30000
