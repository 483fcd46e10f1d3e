import pytest

from flitstack_pipeline.cleaning.duplicates import Pair, find_pairs, groups
from flitstack_pipeline.cleaning.matching_blocks import LARGEST_BLOCK
from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows

MERGES = "SELECT kept_key, merged_key FROM clean.merges ORDER BY ALL"
HOME = {"address1": "12 Oak Street", "city": "Boston", "postal_code": "02134"}


@pytest.fixture
def con():
    return empty_warehouse()


def pair(con, tmp_path, left, right):
    add(con, "clients", "1", **left)
    add(con, "clients", "2", **right)
    found = find_pairs(con, tmp_path)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"email": "j@x.com"}, {"email": "j@x.com"}),
        ({"email": "j@x.com"}, {"email": "k@x.com", "extra_emails": ["j@x.com"]}),
        ({"phone": "+12125550100"}, {"phone": "+12125550100"}),
        (HOME, {**HOME, "address1": "12 oak st."}),
    ],
)
def test_the_same_full_name_with_one_exact_contact_point_is_one_client(con, tmp_path, left, right):
    found = pair(con, tmp_path, {"name": "John Doe", **left}, {"name": "Doe, John", **right})
    assert (found.decision, "same name" in found.evidence) == ("merge", True), found


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"name": "John Doe"}, {"name": "Jane Doe"}),
        ({"name": "John Doe"}, {"name": "Joan Doe"}),
        ({"name": "John Doe Jr"}, {"name": "John Doe Sr"}),
        ({"name": "Ann Lee"}, {"name": "Marcus Webb"}),
        ({"name": "Acme LLC", "is_business": True}, {"name": "Acme Inc", "is_business": True}),
    ],
)
def test_sharing_every_contact_point_never_merges_different_names(con, tmp_path, left, right):
    shared = {"email": "home@x.com", "phone": "+12125550100", **HOME}
    found = pair(con, tmp_path, {**left, **shared}, {**right, **shared})
    assert found is None or found.decision == "review", found


def test_namesakes_without_anything_in_common_are_not_even_compared(con, tmp_path):
    assert pair(con, tmp_path, {"name": "John Smith"}, {"name": "John Smith"}) is None


def test_namesakes_in_one_postcode_are_not_merged(con, tmp_path):
    near = {"name": "John Smith", "postal_code": "02134"}
    found = pair(con, tmp_path, near, near)
    assert found is None or found.decision == "review"


def test_an_office_phone_of_many_names_says_little_even_for_namesakes(con, tmp_path):
    for i, name in enumerate(("Ann Lee", "Bo Ray", "Cy Fox", "Di Orr", "Ed Poe")):
        add(con, "clients", f"o{i}", name=name, phone="+12125550100")
    for i in (1, 2):
        add(con, "clients", f"s{i}", name="John Smith", phone="+12125550100", email=f"j{i}@x.com")
    assert all(p.decision != "merge" for p in find_pairs(con, tmp_path))


def test_clients_of_two_workspaces_are_never_the_same(con, tmp_path):
    for workspace in ("east", "west"):
        add(con, "clients", "1", workspace, name="John Doe", email="j@x.com")
    assert find_pairs(con, tmp_path) == []


def test_more_rows_than_a_block_holds_are_still_found_and_without_comparing_all(con, tmp_path):
    count = LARGEST_BLOCK * 4
    for i in range(count):
        add(con, "clients", f"{i:04}", name="John Doe", email="j@x.com")
    found = find_pairs(con, tmp_path)
    assert len(found) == count - 1
    assert len(set(groups(found).values())) == 1


def test_what_a_person_decided_stands_in_both_directions(con, tmp_path):
    a = add(con, "clients", "1", name="John Doe", email="j@x.com")
    b = add(con, "clients", "2", name="John Doe", email="j@x.com")
    c = add(con, "clients", "3", name="Somebody Else")
    (tmp_path / "duplicates.csv").write_text(
        f"left_key,right_key,decision\n{b},{a},keep apart\n{c},{a},Merge\n"
    )
    related(con, tmp_path)
    assert rows(con, MERGES) == [(a, c)]
    assert {d for (d,) in rows(con, "SELECT decision FROM clean.duplicate_pairs")} == {
        "keep apart",
        "merge",
    }


def test_two_rows_kept_apart_are_not_joined_through_a_third():
    pairs = [
        Pair("a", "b", 1, "", "merge"),
        Pair("b", "c", 1, "", "merge"),
        Pair("a", "c", 1, "", "keep apart"),
    ]
    joined = groups(pairs)
    assert joined.get("a") == joined.get("b")
    assert joined.get("c") != joined.get("a")


def test_a_pair_that_is_sure_joins_a_group_whose_other_names_were_never_compared():
    names = {"a": "jon smyth", "b": "john smyth", "c": "john smith"}
    chain = [Pair("a", "b", 0.9995, "", "merge"), Pair("b", "c", 0.9992, "", "merge")]
    assert groups(chain, names) == {"a": "a", "b": "a"}
    assert groups(chain, names, sure=0.9993) == {"a": "a", "b": "a"}
    assert groups(chain, names, sure=0.999) == {"a": "a", "b": "a", "c": "a"}
    assert groups(chain, names, doubted=[("a", "c")], sure=0.999) == {"a": "a", "b": "a"}
    kept_apart = [*chain, Pair("a", "c", 0.2, "", "keep apart")]
    assert groups(kept_apart, names, sure=0.999) == {"a": "a", "b": "a"}


def test_a_merge_that_a_decision_forbids_is_put_to_review(con, tmp_path):
    a, b, c = (add(con, "clients", i, name="John Doe", email="j@x.com") for i in "123")
    (tmp_path / "duplicates.csv").write_text(f"left_key,right_key,decision\n{a},{c},keep apart\n")
    related(con, tmp_path)
    assert rows(con, MERGES) == [(a, b)]
    assert rows(
        con, "SELECT left_key, right_key FROM clean.duplicate_pairs WHERE decision = 'review'"
    ) == [(b, c)]


def test_chains_of_duplicates_become_one_kept_record(con, tmp_path):
    add(con, "clients", "1", name="John Doe", email="j@x.com", created="2020-01-01")
    add(con, "clients", "2", name="John Doe", email="j@x.com", phone="+12125550100")
    add(con, "clients", "3", name="John Doe", phone="+12125550100", created="2022-01-01")
    related(con, tmp_path)
    found = rows(con, MERGES)
    assert len(found) == 2
    assert len({kept for kept, _ in found}) == 1


@pytest.mark.parametrize("reference", ["c1", None])
def test_a_lead_that_is_a_client_folds_into_the_kept_client(con, tmp_path, reference):
    kept = add(con, "clients", "c2", name="John Doe", email="j@x.com", phone="+12125550100")
    add(con, "clients", "c1", name="John Doe", email="j@x.com")
    lead = add(
        con, "leads", "9", name="John Doe", phone="+12125550100", converted=True,
        converted_client_ref=reference, estimated_value=500,
    )  # fmt: skip
    related(con, tmp_path)
    assert rows(con, "SELECT kept_key, merged_key FROM clean.merges WHERE object = 'leads'") == [
        (kept, lead)
    ]
    assert ("estimated_value", "500.0000") in rows(
        con, "SELECT field, losing_value FROM clean.merged_values WHERE object = 'leads'"
    )


def test_a_lead_with_a_clients_phone_and_another_name_stays_a_lead(con, tmp_path):
    add(con, "clients", "1", name="John Doe", phone="+12125550100")
    add(con, "leads", "9", name="Marcus Webb", phone="+12125550100")
    related(con, tmp_path)
    assert rows(con, MERGES) == []


def test_a_lead_that_fits_two_clients_is_an_orphan_that_says_so(con, tmp_path):
    add(con, "clients", "1", name="John Doe", phone="+12125550100", email="a@x.com", **HOME)
    add(con, "clients", "2", name="Jack Doe", phone="+12125550100", email="b@x.com")
    add(con, "leads", "9", name="Doe", phone="+12125550100")
    related(con, tmp_path)
    assert rows(con, MERGES) == []
    assert rows(con, "SELECT role, reason FROM clean.orphans") == [
        ("converted", "2 clients fit this lead; name the right one")
    ]


def test_accounting_moves_merged_rows_per_file_and_a_second_run_changes_nothing(con, tmp_path):
    con.execute("CREATE TABLE raw.clients (_row_id VARCHAR, _file VARCHAR)")
    con.execute("CREATE TABLE clean.accounting (dataset VARCHAR, file VARCHAR, rows_read BIGINT, "
                "loaded BIGINT, merged BIGINT)")  # fmt: skip
    for i in "123":
        key = add(con, "clients", i, name="John Doe", email="j@x.com")
        con.execute("INSERT INTO raw.clients VALUES (?, ?)", [key, "a.csv" if i < "3" else "b.csv"])
    con.execute("INSERT INTO clean.accounting VALUES ('clients', 'a.csv', 2, 2, 0), "
                "('clients', 'b.csv', 1, 1, 0)")  # fmt: skip
    for _ in range(2):
        relate(con, tmp_path)
        assert rows(con, "SELECT file, loaded, merged FROM clean.accounting ORDER BY file") == [
            ("a.csv", 1, 1),
            ("b.csv", 0, 1),
        ]
