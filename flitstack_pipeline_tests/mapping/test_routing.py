"""Routing: a person goes where the first rule says, everything of theirs goes with them."""

import pytest

from flitstack_pipeline.mapping.document import MapDocument, MapError, Routing
from flitstack_pipeline.mapping.routing import location_case, rule_problems
from flitstack_pipeline.mapping.sources import prepare, with_links
from flitstack_pipeline_tests.mapping.small import link, put, warehouse

RULES = [
    {"by": "clients.custom:Territory", "equals": "South", "location": "south"},
    {"by": "city", "equals": "Reno", "location": "reno"},
    {"by": "workspace", "equals": "North", "location": "north"},
]


def placed(con, document, dataset):
    prepare(con, document)
    rows = con.execute(
        f"SELECT source_id, location FROM ({with_links(con, document, dataset)})"
    ).fetchall()
    return dict(rows)


@pytest.fixture
def con():
    con = warehouse()
    south = put(con, "clients", 1, name="A", city="Reno", custom={"Territory": "SOUTH"})
    put(con, "clients", 2, name="B", city="reno")
    put(con, "clients", 3, name="C", city="Elko", workspace="north")
    put(con, "clients", 4, name="D")
    put(con, "leads", 5, name="E", city="RENO")
    for n, parent in enumerate([south, "main/clients/2", "north/clients/3", "main/clients/4"]):
        link(con, put(con, "jobs", n, number=str(n)), "client", parent)
    put(con, "jobs", 9, number="9", workspace="north")  # without a client
    return con


def test_the_first_rule_that_holds_decides_and_children_follow(con):
    document = MapDocument(routing=Routing("main", RULES))
    assert placed(con, document, "clients") == {
        "1": "south", "2": "reno", "3": "north", "4": "main"}  # fmt: skip
    assert placed(con, document, "leads") == {"5": "reno"}
    assert placed(con, document, "jobs") == {
        "0": "south", "1": "reno", "2": "north", "3": "main", "9": "north"}  # fmt: skip


def test_a_rule_for_clients_says_nothing_about_leads():
    case = location_case([{"by": "clients.city", "equals": "x", "location": "y"}], "main", "leads")
    assert case == "'main'"


def test_quotes_in_names_and_values_are_only_text(con):
    rule = {"by": "custom:It's", "equals": "O'Neil", "location": "d'Or"}
    document = MapDocument(routing=Routing("main", [rule]))
    assert set(placed(con, document, "clients").values()) == {"main"}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"by": "city", "equals": "Reno"}, "needs by, equals and location"),
        ({"by": "clients.nonsense", "equals": "x", "location": "y"}, "neither workspace nor"),
        ({"by": "jobs.number", "equals": "x", "location": "y"}, "neither workspace nor"),
        ({"by": "is_business", "equals": "x", "location": "y"}, "neither workspace nor"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_named(tmp_path, rule, says):
    assert says in rule_problems([rule])[0]
    document = MapDocument(routing=Routing("main", [rule | {"location": "y"}]))
    if "location" in rule:
        document.save(tmp_path / "map.yaml")
        with pytest.raises(MapError, match="neither workspace nor"):
            MapDocument.load(tmp_path / "map.yaml")


def test_good_rules_have_no_problems():
    assert rule_problems(RULES) == []
