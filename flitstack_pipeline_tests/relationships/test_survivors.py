"""What a record that was several rows is made of."""

from decimal import Decimal

import pytest

from flitstack_pipeline_tests.relationships.small import add, empty_warehouse, related, rows

HOME = {"address1": "12 Oak Street", "city": "Boston", "state": "MA", "postal_code": "02134"}


@pytest.fixture
def con():
    return empty_warehouse()


def survivor(con, columns):
    return rows(con, f"SELECT {columns} FROM clean.survivors")[0]


def lost(con, columns="field, kept_value, losing_value"):
    return rows(con, f"SELECT {columns} FROM clean.merged_values ORDER BY ALL")


def test_the_most_complete_row_is_kept_filled_from_the_others_and_the_rest_is_listed(con, tmp_path):
    poor = add(
        con, "clients", "1", name="John Doe", email="j@x.com", created="2020-01-01",
        tags=["VIP", "Late"], custom={"Gate": "77", "Dog": "Rex"}, website="https://old.example",
        notes="Pays late", lead_source="Radio", assigned_to=["Mia"],
    )  # fmt: skip
    rich = add(
        con, "clients", "2", name="John Doe", email="j@x.com", created="2021-01-01",
        phone="+12125550100", tags=["VIP"], custom={"Gate": "12"}, notes="Rings twice",
        lead_source="Web", service_address="3 Elm St", status="Active", **HOME,
    )  # fmt: skip
    related(con, tmp_path)
    assert rows(con, "FROM clean.merges") == [("clients", rich, poor)]
    assert survivor(
        con, "source_key, website, tags, custom, notes, lead_source, created::VARCHAR, assigned_to"
    ) == (
        rich, "https://old.example", ["VIP", "Late"], {"Gate": "12", "Dog": "Rex"},
        "Rings twice\n\nPays late", "Web", "2020-01-01", ["Mia"],
    )  # fmt: skip
    assert lost(con, "merged_key, field, kept_value, losing_value") == [
        (poor, "custom.Gate", "12", "77"),
        (poor, "lead_source", "Web", "Radio"),
        (rich, "created", "2020-01-01", "2021-01-01"),
    ]


def test_what_belongs_together_comes_from_one_row(con, tmp_path):
    for i, more in enumerate(
        (
            {"city": "Salem", "phone": None, "website": "https://a.example", "notes": "x"},
            {**HOME, "phone": "+12125550100", "phone_extension": "7"},
        )
    ):
        add(
            con, "clients", str(i), name="Doe Roofing", is_business=bool(i), email="j@x.com", **more
        )
    related(con, tmp_path)
    assert survivor(con, "address1, city, phone, phone_extension, is_business") == (
        "12 Oak Street", "Boston", "+12125550100", "7", True,
    )  # fmt: skip


def test_every_email_and_phone_stays_in_order_and_none_twice(con, tmp_path):
    add(con, "clients", "1", name="John Doe", email="a@x.com", extra_emails=["b@x.com"],
        phone="+12125550100", phone_extension="12", created="2020-01-01", notes="n")  # fmt: skip
    add(con, "clients", "2", name="John Doe", email="b@x.com", extra_emails=["c@x.com", "a@x.com"],
        phone="+12125550100", extra_phones=["+12125550199"])  # fmt: skip
    related(con, tmp_path)
    assert survivor(con, "email, extra_emails, phone, phone_extension, extra_phones") == (
        "a@x.com", ["b@x.com", "c@x.com"], "+12125550100", "12",
        ["+12125550100", "+12125550199"],
    )  # fmt: skip
    assert lost(con) == []


def test_that_a_lead_says_it_was_not_converted_is_listed_where_it_is_a_client(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee", email="a@x.com")
    add(con, "leads", "2", name="Ann Lee", email="a@x.com", converted=False)
    related(con, tmp_path)
    assert lost(con) == [("converted", "Yes", "No")]


def test_a_leads_values_fill_its_client_and_what_only_leads_have_is_listed(con, tmp_path):
    client = add(con, "clients", "1", name="Ann Lee", email="a@x.com", custom={"Gate": "1"})
    add(con, "leads", "2", name="Ann Lee", email="a@x.com", phone="+12125550100",
        estimated_value=Decimal("500"), lead_status="won", notes="Asked twice",
        custom={"Gate": "2", "Budget": "low"})  # fmt: skip
    related(con, tmp_path)
    assert survivor(con, "source_key, phone, notes, custom") == (
        client, "+12125550100", "Asked twice", {"Gate": "1"},
    )  # fmt: skip
    assert lost(con) == [
        ("custom.Budget", None, "low"),
        ("custom.Gate", "1", "2"),
        ("estimated_value", None, "500.0000"),
        ("lead_status", None, "won"),
    ]


def test_source_text_of_a_merged_row_is_not_lost(con, tmp_path):
    add(con, "clients", "1", name="Ann Lee", email="a@x.com", website="https://a.example")
    add(con, "clients", "2", name="Ann Lee", email="a@x.com", originals={"phone": "call me"})
    related(con, tmp_path)
    assert lost(con) == [("originals.phone", None, "call me")]


def test_owners_of_a_merged_row_are_owners_of_its_client(con, tmp_path):
    mia = add(con, "users", "1", name="Mia Chen")
    add(con, "clients", "1", name="Ann Lee", email="a@x.com", website="https://a.example")
    add(con, "clients", "2", name="Ann Lee", email="a@x.com", assigned_to=["Mia Chen"])
    related(con, tmp_path)
    kept = rows(con, "SELECT kept_key FROM clean.merges")[0][0]
    assert rows(con, "SELECT child_key, parent_key FROM clean.links WHERE role = 'owner'") == [
        (kept, mia)
    ]


def test_clients_that_are_no_duplicates_have_no_survivor_and_are_migrated_as_they_are(
    con, tmp_path
):
    key = add(con, "clients", "1", name="Ann Lee")
    related(con, tmp_path)
    assert rows(con, "FROM clean.survivors") == []
    assert rows(con, "SELECT source_key FROM kept_clients") == [(key,)]
