"""Who owns what in HighLevel: by e-mail, by a person's choice, never by chance."""

import json

import pytest

from flitstack_pipeline.mapping.document import CONFIRMED, EXCLUDED, MapDocument, OwnerEntry
from flitstack_pipeline.migration.account_schema import Catalog
from flitstack_pipeline.migration.users import Member, Outcome, members_of, resolve_team
from flitstack_pipeline_tests.mapping.small import put, warehouse

KEY = "main/users/1"
USERS = [
    {"id": "u1", "name": "Ana Diaz", "email": "Ana@Example.com"},
    {"id": "u2", "name": "Office", "email": "office@example.com"},
    {"id": "u3", "name": "Gone", "email": "gone@example.com", "deleted": True},
]


def resolve(email, entry=None, fallback="", name="Somebody", records=2):
    member = Member(KEY, name, email, records=records)
    team = resolve_team(USERS, [member], {KEY: entry} if entry else {}, fallback)
    return team.people[0]


def entry(user, status=CONFIRMED):
    return OwnerEntry(user=user, status=status)


@pytest.mark.parametrize(
    ("email", "owner", "fallback", "outcome", "user"),
    [
        ("ANA@example.com", None, "", Outcome.MATCHED, "u1"),
        ("ana@example.com", entry("ana@example.com"), "", Outcome.MATCHED, "u1"),
        ("x@example.com", entry("office@example.com"), "", Outcome.CHOSEN, "u2"),
        ("x@example.com", entry("x@example.com"), "", Outcome.NOBODY, None),
        ("x@example.com", entry("x@example.com"), "OFFICE@example.com", Outcome.FALLBACK, "u2"),
        ("", entry(""), "office@example.com", Outcome.FALLBACK, "u2"),
        ("ana@example.com", entry("ana@example.com", EXCLUDED), "", Outcome.NOBODY, None),
        ("gone@example.com", None, "", Outcome.UNDECIDED, None),
        ("x@example.com", entry("x@example.com", "proposed"), "", Outcome.UNDECIDED, None),
        ("x@example.com", entry("typo@example.com"), "", Outcome.UNDECIDED, None),
        ("x@example.com", entry(""), "nobody@example.com", Outcome.UNDECIDED, None),
    ],
)
def test_each_member_has_one_outcome(email, owner, fallback, outcome, user):
    found = resolve(email, owner, fallback)
    assert found.outcome is outcome
    assert (found.user or {}).get("id") == user


def test_a_name_alone_is_a_suggestion_and_not_a_match():
    found = resolve("other@example.com", name="ana  diaz")
    assert found.user is None and found.suggestion == "Ana@Example.com"


def test_only_members_with_records_hold_the_gate_shut():
    idle, busy = resolve("x@example.com", records=0), resolve("x@example.com")
    assert not idle.open and busy.open


def test_the_roster_says_whom_to_invite():
    team = resolve_team(USERS, [Member(KEY, "Luis", "luis@example.com", "Admin", records=7)])
    (row,) = team.roster("main")
    assert row["outcome"] == "undecided" and row["records"] == 7
    assert "invite luis@example.com" in row["what to do"] and KEY in row["what to do"]
    assert team.problems()[0].startswith("“Luis” (7 records)")


def test_owned_records_are_counted_per_sub_account():
    con = warehouse()
    ana = put(con, "users", 1, name="Ana", email="ana@example.com")
    con.execute("CREATE TABLE mapped.jobs (payload VARCHAR, location VARCHAR)")
    owned = json.dumps({"owner": ana})
    con.executemany(
        "INSERT INTO mapped.jobs VALUES (?, ?)",
        [[owned, "main"], [owned, "dallas"], ["{}", "main"]],
    )
    assert [m.records for m in members_of(con)] == [2]
    assert [m.records for m in members_of(con, "dallas")] == [1]


def test_records_of_several_members_with_one_user_have_one_owner_when_read_back():
    members = [Member("main/users/1", "X", "x@example.com"),
               Member("main/users/2", "Ana", "ana@example.com")]  # fmt: skip
    document = MapDocument(owners={"main/users/1": entry("ana@example.com")})
    users = resolve_team(USERS, members, document.owners).users
    assert users == {"main/users/2": "u1", "main/users/1": "u1"}
    catalog = Catalog("loc", users=users)
    assert catalog.owner_key("main/users/1") == "main/users/2" == catalog.user_key("u1")
    assert catalog.owner_key("main/users/9") == "main/users/9"
