"""What holds for any clients, leads, documents and decisions: nothing lost, all undoable."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flitstack_pipeline.catalog.clean import RELATIONSHIP_DDL
from flitstack_pipeline.cleaning.duplicates import Pair, groups
from flitstack_pipeline.cleaning.relationships import relate
from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, rows

FEW = settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],  # shrinking would relate hundreds of times
)
keys = st.sampled_from("abcdefgh")
pairs = st.lists(
    st.builds(
        lambda one, other, word, person: Pair(
            min(one, other), max(one, other), 1.0, "decided by a person" if person else "", word
        ),
        keys, keys, st.sampled_from(("merge", "merge", "keep apart")), st.booleans(),
    ).filter(lambda p: p.left != p.right),
    max_size=14,
)  # fmt: skip

people = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ann Lee", "Lee, Ann", "Ann B. Lee", "Bob Ray", "Acme Roofing"]),
        "email": st.sampled_from([None, "a@x.com", "a@x.com", "b@x.com"]),
        "phone": st.sampled_from([None, "+12125550100", "+12125550101"]),
        "phone_extension": st.sampled_from([None, None, "7"]),
        "extra_emails": st.sampled_from([None, ["c@x.com"], ["a@x.com", "d@x.com"]]),
        "extra_phones": st.sampled_from([None, ["+12125550102 x3", "call the office"]]),
        "address1": st.sampled_from([None, "12 Oak St", "9 Elm St"]),
        "city": st.sampled_from([None, "Boston", "Salem"]),
        "website": st.sampled_from([None, "https://a.example", "https://b.example"]),
        "tags": st.sampled_from([None, ["VIP"], ["Late", "VIP"]]),
        "notes": st.sampled_from([None, "Rings twice", "Pays late"]),
        "custom": st.sampled_from([None, {"Gate": "1"}, {"Gate": "2", "Dog": "Rex"}]),
        "originals": st.sampled_from([None, {"phone": "call me"}]),
        "created": st.sampled_from([None, "2020-01-01", "2021-01-01"]),
        "status": st.sampled_from([None, "Active", "Archived"]),
    }
)


@given(pairs)
@settings(deadline=None)
def test_groups_respect_what_is_kept_apart_and_are_named_by_their_smallest_key(listed):
    found = groups(listed)
    for key, root in found.items():
        assert root == min(k for k, r in found.items() if r == root)
        assert found[root] == root
        assert list(found.values()).count(root) > 1, key
    for pair in listed:
        if pair.decision == "keep apart":
            assert found.get(pair.left, pair.left) != found.get(pair.right, pair.right)


@given(pairs, st.randoms())
@settings(deadline=None)
def test_without_decisions_against_it_groups_are_the_connected_parts_in_any_order(listed, random):
    merges = [p for p in listed if p.decision == "merge"]
    shuffled = list(merges)
    random.shuffle(shuffled)
    assert groups(merges) == groups(shuffled)
    assert all(groups(merges)[p.left] == groups(merges)[p.right] for p in merges)


@given(st.lists(people, min_size=6, max_size=18), st.lists(people, max_size=4), st.randoms())
@FEW
def test_merging_loses_no_value_and_no_child_and_can_be_repeated_and_undone(clients, leads, random):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        con = _warehouse(clients, leads)
        relate(con, folder)
        first = _tables(con)
        _no_value_is_lost(con)
        _no_child_is_lost(con, len(clients) + len(leads))
        relate(con, folder)
        assert _tables(con) == first, "a second run says something else"
        random.shuffle(order := list(range(len(clients))))
        other = _warehouse(clients, leads, order)
        relate(other, folder)
        assert _tables(other) == first, "the order of rows makes a difference"
        _undo_everything(con, folder)


def _warehouse(clients, leads, order=None):
    con = empty_warehouse()
    for i in order or range(len(clients)):
        add(
            con,
            "clients",
            f"{i:02}",
            is_business="Acme" in clients[i]["name"],
            **_filled(clients[i]),
        )
    for i, lead in enumerate(leads):
        add(con, "leads", f"{i:02}", estimated_value=100 + i, **_filled(lead))
    for kind, people_of in (("clients", clients), ("leads", leads)):
        for i in range(len(people_of)):
            add(con, "jobs", f"{kind}{i:02}", client_ref=f"{i:02}", client_name=None)
            add(
                con,
                "activities",
                f"{kind}{i:02}",
                record_type=kind,
                record_ref=f"{i:02}",
                kind="note",
            )
    return con


def _filled(values):
    return {k: v for k, v in values.items() if v is not None}


def _tables(con):
    names = [*RELATIONSHIP_DDL, "clean.survivors"]
    return {name: rows(con, f"SELECT * FROM {name} ORDER BY ALL") for name in names}


def _no_value_is_lost(con):
    """Every cell of every merged row stands in its survivor or in the list of losing values."""
    gone = rows(con, "SELECT object, kept_key, merged_key FROM clean.merges")
    for dataset, kept_key, key in [*gone, *(("clients", k, k) for _, k, _ in gone)]:
        row = _row(con, f'clean."{dataset}"', key)
        kept = _row(con, "clean.survivors", kept_key)
        lost = rows(con, "SELECT field, losing_value FROM clean.merged_values WHERE merged_key = "
                         f"'{key}'")  # fmt: skip
        shown = _texts(kept) | {text for _, value in lost for text in (value, *value.split(", "))}
        told = " ".join(sorted(shown))
        for text in _texts(row):
            assert text in shown or text in told, (text, key, kept)


def _row(con, table, key):
    cursor = con.execute(f"SELECT * FROM {table} WHERE source_key = '{key}'")
    names = [d[0] for d in cursor.description]
    skipped = {"source_key", "source_id", "raw_id", "workspace", "is_business", "converted"}
    return {n: v for n, v in zip(names, cursor.fetchall()[0], strict=True) if n not in skipped}


def _texts(row):
    found = set()
    for value in row.values():
        if isinstance(value, dict):
            found |= {str(v) for v in value.values()}
        elif isinstance(value, list):
            found |= {str(v) for v in value}
        elif value is not None:
            found |= {str(value)}
    return found


def _no_child_is_lost(con, children):
    """Every job and note hangs on a record that is migrated, or is listed as an orphan."""
    for role in ("client", "record"):
        told = rows(con, f"SELECT child_key FROM clean.links WHERE role = '{role}' UNION ALL "
                         f"SELECT child_key FROM clean.orphans WHERE role = '{role}'")  # fmt: skip
        assert len(told) == len(set(told)) == children
    assert not rows(con, "SELECT 1 FROM clean.links l JOIN clean.merges m "
                         "ON m.merged_key = l.parent_key")  # fmt: skip
    assert not rows(con, "SELECT 1 FROM clean.merges m JOIN clean.merges k "
                         "ON k.merged_key = m.kept_key")  # fmt: skip


def _undo_everything(con, folder):
    """Keeping every pair apart restores every row as it was.

    A lead whose client is two again may fit the other one: it is asked about once more.
    """
    apart = set()
    while asked := rows(con, "SELECT p.left_key, p.right_key FROM clean.duplicate_pairs p "
                             "WHERE p.decision <> 'keep apart'"):  # fmt: skip
        assert not apart & set(asked), "a pair kept apart is asked about again"
        apart |= set(asked)
        lines = [f"{left},{right},keep apart" for left, right in apart]
        (folder / "duplicates.csv").write_text("\n".join(["left_key,right_key,decision", *lines]))
        relate(con, folder)
    assert rows(con, "FROM clean.merges") == []
    assert rows(con, "FROM kept_clients ORDER BY ALL") == rows(
        con, "FROM clean.clients ORDER BY ALL"
    )
