"""Who must not be called, texted or e-mailed: recognised with evidence, confirmed, carried over."""

import pytest

from flitstack_pipeline.mapping.build import map_object
from flitstack_pipeline.mapping.document import MapDocument
from flitstack_pipeline.mapping.opt_outs import what_it_says
from flitstack_pipeline.mapping.propose import propose
from flitstack_pipeline_tests.mapping.small import mapped, put, warehouse


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("Do Not Call", {"call"}), ("DNC", {"call"}), ("do-not-text", {"sms"}),
        ("doNotEmail", {"email"}), ("Don't text or call", {"sms", "call"}),
        ("No SMS", {"sms"}), ("no emails", {"email"}), ("Do not contact", {"all"}),
        ("DND", {"all"}), ("Opted out", {"all"}), ("Email Opt-Out", {"email"}),
        ("Opted out of texts", {"sms"}), ("Unsubscribed", {"email"}),
        ("Unsubscribe SMS", {"sms"}), ("STOP texts", {"sms"}),
        ("Do not call - text only", {"call"}), ("Text only, do not call", {"call"}),
        ("Never phone", {"call"}), ("Not to be called", {"call"}), ("Unsub", {"email"}),
        ("quit texting", {"sms"}), ("unsubscribed_from_emails", {"email"}),
        ("Removed from mailing list", {"email"}), ("Opted out of fax and email", {"email"}),
    ],
)  # fmt: skip
def test_what_says_an_opt_out(text, channels):
    said = what_it_says(text)
    assert said is not None and set(said.channels) == channels
    assert said.sure and not said.consents


@pytest.mark.parametrize(
    "text",
    ["Call No", "No. of calls", "Email", "Phone 2", "Notes", "Preferred contact", "Call back",
     "Text color", "VIP", "Mailing address", "Option", "Do not mow the front",
     "HasOptedOutOfFax", "Do not fax", "Sunbathing"],
)  # fmt: skip
def test_what_says_none(text):
    assert what_it_says(text) is None


def test_a_time_of_day_is_for_a_person_and_consent_is_the_other_way_round():
    assert not what_it_says("Do not call before 9am").sure
    asked = what_it_says("SMS Opt In")
    assert asked.consents and asked.channels == ("sms",)


@pytest.fixture
def con():
    con = warehouse()
    people = [
        {"custom": {"Do Not Text": "Yes", "SMS Consent": "yes"}, "tags": ["VIP"]},
        {"custom": {"Do Not Text": "No", "SMS Consent": "No"},
         "tags": ["Do not call", "unsubscribed"]},
        {"custom": {"Do Not Text": "ask first"}, "tags": []},
        {"custom": {"Unsubscribed At": "2024-03-05", "Marketing": "Opted out"}},
        {"custom": {"Marketing": "Subscribed"}, "tags": ["Do not call before 9"]},
    ]  # fmt: skip
    for n, values in enumerate(people):
        put(con, "clients", n, name=f"C {n}", first_name=f"C{n}", **values)
    put(con, "leads", 9, name="L 9", first_name="L9", custom={"DNC": "x"})
    put(con, "clients", 7, name="Twin", first_name="Twin", custom={"Do Not Text": "yes"})
    con.execute("INSERT INTO clean.merges VALUES ('clients', 'main/clients/4', 'main/clients/7')")
    return con


def entry(document, name):
    return document.values[f"opt-outs:{name}"]


def test_columns_and_tags_are_proposed_word_by_word_with_evidence(con):
    document = propose(con)
    text = entry(document, "clients.custom:Do Not Text")
    assert text.map == {"Yes": "sms", "yes": "sms", "No": "none", "ask first": ""}
    assert "the header 'Do Not Text'" in text.evidence
    assert entry(document, "clients.custom:SMS Consent").map == {"No": "sms", "yes": "none"}
    assert entry(document, "clients.custom:Unsubscribed At").map == {"(a date)": "email"}
    marketing = entry(document, "clients.custom:Marketing").map
    assert (marketing["Opted out"], marketing["(any other text)"]) == ("all", "none")
    assert entry(document, "clients.tags").map == {
        "Do not call": "call", "unsubscribed": "email", "Do not call before 9": ""}  # fmt: skip
    assert entry(document, "leads.custom:DNC").map == {"x": "call"}
    document.confirm_all("Ann")
    waiting = document.unconfirmed()
    assert any("'ask first' has no target" in line for line in waiting)
    assert any("'Do not call before 9' has no target" in line for line in waiting)


def test_they_become_do_not_disturb_of_the_contact_merged_rows_included(con, tmp_path):
    document = propose(con)
    entry(document, "clients.custom:Do Not Text").map["ask first"] = "none"
    entry(document, "clients.tags").map["Do not call before 9"] = "none"
    document.confirm_all("Ann")
    document.save(tmp_path / "map.yaml")
    document = MapDocument.load(tmp_path / "map.yaml")
    assert document.unconfirmed() == []
    map_object(con, "clients", document)
    map_object(con, "leads", document)
    held = {k: r["payload"].get("dnd") for k, r in mapped(con, "clients").items()}
    everything = {"doNotCall", "doNotEmail", "doNotSms", "doNotWhatsApp", "doNotGmb", "doNotFb"}
    contact = "contact:main/clients/"
    assert held[f"{contact}0"] == {"doNotSms": True}
    assert held[f"{contact}1"] == {"doNotCall": True, "doNotEmail": True, "doNotSms": True}
    assert held[f"{contact}2"] is None
    assert held[f"{contact}3"].keys() == everything
    assert held[f"{contact}4"] == {"doNotSms": True}  # its merged twin said so
    assert mapped(con, "leads")["contact:main/leads/9"]["payload"]["dnd"] == {"doNotCall": True}


def test_a_channel_the_map_does_not_know_is_named(con, tmp_path):
    document = propose(con)
    entry(document, "leads.custom:DNC").map["x"] = "fax"
    document.save(tmp_path / "map.yaml")
    with pytest.raises(ValueError, match="fax is none of"):
        MapDocument.load(tmp_path / "map.yaml")


def test_a_column_of_numbers_that_may_be_texted_opts_nobody_out():
    con = warehouse()
    header = "Text Message Enabled Phone #"
    for n, number in enumerate(["813-555-2001", "(813) 555-2002", "No", ""]):
        put(con, "clients", n, name=f"C {n}", first_name=f"C{n}", custom={header: number})
    document = propose(con)
    said = document.values[f"opt-outs:clients.custom:{header}"]
    assert said.map == {"(a phone number)": "none", "No": "sms"}
