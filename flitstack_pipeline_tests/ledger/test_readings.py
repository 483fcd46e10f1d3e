"""The witness's own readings, each against values worked out by hand."""

import datetime as dt
import re

import duckdb
import pytest

from flitstack_pipeline.cleaning.values.words import EMPTY_WORDS as TAKEN_FOR_NOTHING
from flitstack_pipeline.ledger.moments import header_zone, zone_said
from flitstack_pipeline.ledger.readings import EMPTY_WORDS, agrees
from flitstack_pipeline.ledger.texts import Account
from flitstack_pipeline.ledger.witness import is_empty_word_sql
from flitstack_pipeline_tests.cleaning.corpus_lines import NO_VALUES, account_of, lines

NEW_YORK = Account("America/New_York", "US")

SAME = [
    ("number:.", "$1,234.50", "1234.50"),
    ("number:,", "1.234,50", "1234.50"),
    ("number:,", "1,5", "1.50"),
    ("number:.", "(50.00)", "-50.00"),
    ("number:.", "$ -", "0.00"),
    ("number:.", "50.00-", "-50.00"),
    ("number:.", "3.5 hrs", "3.5"),
    ("number:.", "1 234.50", "1234.50"),
    ("date:month first", "02/03/2024", "2024-02-03"),
    ("date:day first", "02/03/2024", "2024-03-02"),
    ("date:month first", "Jan 5, 2024", "2024-01-05"),
    ("date:month first", "5 de enero de 2024", "2024-01-05"),
    ("date:month first", "Mar 1, 2025", "2025-03-01"),
    ("date:day first", "mar. 5 de marzo de 2024", "2024-03-05"),
    ("date:month first", "45306", "2024-01-15"),
    ("date:month first", "1/15/2024 3:04 PM", "2024-01-15T15:04:00-05:00"),
    ("date:month first", "2024-01-15T20:04:00Z", "2024-01-15T15:04:00-05:00"),
    ("date:month first", "2024-01-16T02:00:00Z", "2024-01-15"),
    # 14:05 in Berlin is 8:05 in New York; behind an offset the word in brackets is a remark
    ("date:day first", "13.01.2024 14:05 Uhr", "2024-01-13T14:05:00-05:00"),
    ("date:day first", "am 13. Januar 2024 um 14:05 Uhr CET", "2024-01-13T08:05:00-05:00"),
    ("date:month first", "1/13/2024 2:05 PM [PST]", "2024-01-13T17:05:00-05:00"),
    ("date:month first", "2024-01-13 14:05 -0500 (CST)", "2024-01-13T14:05:00-05:00"),
    ("time", "9:05 PM", "21:05"),
    ("date:month first", "1/25/2024 9:05 PM", "21:05"),
    ("date:month first", "2024-01-26T02:05:00Z", "21:05"),
    ("phone", "(813) 555-0102", "+18135550102"),
    ("phone", "813.555.0102 x12", "+18135550102"),
    ("phone", "5125016306; 512-501-6307", "+15125016306\x1f+15125016307"),
    ("phone", "+52 1 55 1234 5678", "+525512345678"),
    ("phone", "8.135552001E9", "+18135552001"),
    ("phone", "call wife", "call wife\x1f+18135550102"),
    ("phone", "030 1234567", "+18135550102\n030 1234567"),
    ("email", "Ann@X.com", "ann@x.com"),
    ("name", "Lee, Ann", "Ann Lee"),
    ("name", "ANN LEE", "Ann Lee"),
    ("name", "Jesse Flowers", "Flowers, Jesse"),
    ("converted", "Yes", "main/clients/7\x1fmain"),
    ("converted", "No", "main/leads/L-1\x1fmain"),
    ("converted:kept", "true", "phone: none\nconverted: Yes"),
    ("address", "1 Oak Street, Tampa, FL 33602", "1 Oak St Tampa FL 33602 US"),
    (
        "address",
        "9 Elm St, Tampa, FL 33602, 813-555-2004",
        "9 Elm St Tampa FL 33602 US +18135552004",
    ),
    ("address", "Hauptstr. 5, D-10115 Berlin", "Hauptstr. 5 Berlin 10115 DE +18135552004"),
    ("address", "Hauptstr. 5, Berlin, Germany", "Hauptstr. 5 Berlin DE"),
    ("address", "12 Oak St, Tampa, FL, US 33602", "12 Oak St Tampa FL 33602 US"),
    ("address", "9 Elm St, Macon, Georgia, 31201, US", "9 Elm St Macon GA 31201 US"),
    (
        "address",
        "Kungsgatan 5, 411 19 Göteborg, Sverige",
        "Kungsgatan 5 Göteborg 411 19 SE +46812345678",
    ),
    ("address", "ul. Długa 5, 00-238 Warszawa, Polska", "ul. Długa 5 Warszawa 00-238 PL"),
    ("time", "9 Uhr", "09:00"),
    ("time", "kl. 14.05", "14:05"),
    ("address:state", "Connecticut", "CT"),
    ("address:zip", "6103", "06103"),
    ("address:zip", "33602-", "33602"),
    ("done", "Not done", "No"),
    ("done", "Completed", "Yes"),
    ("done", "x", "Yes"),
    ("yes_no", "x", "Yes"),
    ("yes_no", "FALSE", "No"),
    ("yes_no", "T", "Yes"),
    ("list", "VIP; Net-30", '["VIP","Net-30","contractor+ client"]'),
    ("id", "#00042", "main/jobs/42"),
    ("text", '="00042"', "00042"),
    ("document", "#301", "301"),
    ("id", "1001", "main/invoices/1001~13cb0303e5ef"),
    ("text", "<p>Gate <b>12</b></p>", "Gate 12"),
    ("in:text", "<p>Call <b@x.co> <br>soon</p>", "<p>Call &lt;b@x.co&gt; <br>soon</p>"),
    ("in:text", "<tr><td>Deck</td><td>100</td></tr>", "Deck | 100"),
    ("in:file", "attachments\\site.png", "site.png\x1fattachments/Site.PNG"),
    ("in:file", "attachments/photo%20(1).png", "p\x1fattachments/photo (1).png"),
    ("in:file", "Re\u0301sume\u0301.png", "Résumé.png\x1fx"),
    ("in:file", "noext", "noext.png\x1fattachments/noext"),
    ("in:file", "a/b:c.png", "a_b_c.png"),
    ("in:file", "x" * 160 + ".png", "x" * 150),
    ("in:file", "www.dropbox.com/s/gd.pdf?dl=0", "https://www.dropbox.com/s/gd.pdf?dl=0"),
    ("in:text", "Check", "2024-01-05 · 50.00 · Check · PAY-1"),
    ("in:number:.", "$50", "2024-01-05 · 50.00 · Check · PAY-1"),
    ("in:date:month first", "1/5/2024", "2024-01-05 · 50.00 · Check · PAY-1"),
]
#: Lines of many countries, and what fields hold: street, city, postcode, country, then a phone.
SAME += [
    ("address", line, f"{held} +4670123456")
    for line, held in (
        ("Hauptstraße 5 a\n01067 Dresden", "Hauptstraße 5 a Dresden 01067 DE"),
        ("Calle Mayor 3, 2º B, 28013 Madrid", "Calle Mayor 3, 2º B Madrid 28013 ES"),
        ("Vestergade 5, 8000 Aarhus C", "Vestergade 5 Aarhus C 8000 DK"),
        ("Storgata 10, 0155 Oslo", "Storgata 10 Oslo 0155 NO"),
        ("Rua Augusta 12, 1100-053 Lisboa", "Rua Augusta 12 Lisboa 1100-053 PT"),
        ("Bahnhofstrasse 5, CH-8001 Zürich", "Bahnhofstrasse 5 Zürich 8001 CH"),
        ("Mariahilfer Str. 10, A-1060 Wien", "Mariahilfer Str. 10 Wien 1060 AT"),
        ("Rue Neuve 5, 1000 Bruxelles", "Rue Neuve 5 Bruxelles 1000 BE"),
        ("Keizersgracht 123, 1015 CJ Amsterdam", "Keizersgracht 123 Amsterdam 1015 CJ NL"),
        ("Sveavägen 44, SE-111 34 Stockholm", "Sveavägen 44 Stockholm 111 34 SE"),
    )
]
LINES = "1 · 2 × Deck boards @ 400.00 = 800.00\n2 · 5 × Labor @ 100.00 = 500.00"
SAME += [
    ("text", "Deck boards x 2 @ $400.00 = $800.00; Labor x 5 @ $100.00", LINES),
    ("text", "5 x Labor @ 100\n2 x Deck boards @ $400", LINES),
    ("text", "Deck boards - 2 x $400.00 = $800.00; Labor 5 at 100", LINES),
    ("text", "Deck boards (2 x $400.00); Labor (5 x $100)", LINES),
    ("text", "2x4 Lumber x 10 @ $5", "1 · 10 × 2x4 Lumber @ 5.00 = 50.00"),
    ("text", "2x4 Lumber - 10 x $5", "1 · 10 × 2x4 Lumber @ 5.00 = 50.00"),
    ("text", "Door x2 - $700.00", "1 · 2 × Door = 700.00"),
    ("number:.", "3.00CR", "-3.00"),
    ("number:.", "$1,250.00 (cr)", "-1250.00"),
    ("number:,", "1.234,50 CR", "-1234.50"),
    ("number:.", "50.00 DR", "50.00"),
]
#: Quantity and price stand in each other's place, one way of writing them at a time.
SWAPPED = "1 · 400 × Deck boards @ 2.00 = 800.00"
OTHER = [
    *(
        ("text", cell, SWAPPED)
        for cell in (
            "Deck boards x 2 @ $400.00 = $800.00",
            "2 x Deck boards @ $400",
            "Deck boards - 2 x $400.00",
            "Deck boards (2 x $400.00) $800.00",
            "Deck boards 2 @ 400",
            "2 × Deck boards at 400 each",
            "2 ea x Deck boards @ $400",
            "Deck boards 2 x 400",
        )
    ),
    ("text", "2x4 Lumber x 10 @ $5", "1 · 5 × 2x4 Lumber @ 10.00 = 50.00"),
    ("number:.", "3.00CR", "3.00"),
    ("number:.", "50.00 DR", "-50.00"),
    ("number:.", "-3.00 CR", "3.00"),
    ("text", "Deck boards x 2 @ $400.00; Labor x 6 @ $100.00", LINES),
    ("text", "Deck boards x 2 @ $400.00; Deck boards x 2 @ $400.00", LINES),
    ("text", "Deck boards x 2 @ $400.00; Stain x 5 @ $100.00", LINES),
    ("address", "12", "13"),
    ("in:text", "<p>Call <b@x.co> soon</p>", "<p>Call soon</p>"),
    ("in:file", "roof.png", "attic roof.png\x1fattachments/attic roof.png"),
    ("in:file", "noext", "noext2.png"),
    ("in:file", "a.png", "b/aa.png"),
    ("number:.", "1,234.50", "1.23"),
    ("number:,", "1,5", "15.00"),
    ("number:.", "(50.00)", "50.00"),
    ("number:.", "-50", "50.00"),
    ("number:.", "TBD", "0.00"),
    ("date:day first", "02/03/2024", "2024-02-03"),
    ("date:undecided", "02/03/2024", "2024-02-03"),
    ("date:month first", "1/15/2024 3:04 PM", "2024-01-15T15:04:00-06:00"),
    ("date:month first", "2024-01-15T20:04:00Z", "2024-01-15T20:04:00-05:00"),
    ("date:month first", "1/13/2024 2:05 PM (EST)", "2024-01-13T13:05:00-05:00"),
    ("date:month first", "2024-01-13 14:05 -0500 (CST)", "2024-01-13T15:05:00-05:00"),
    ("date:day first", "le 13 janvier 2024", "2024-01-31"),
    ("time", "9:05 PM", "09:05"),
    ("date:month first", "1/25/2024 9:05 PM", "09:05"),
    ("date:month first", "1/25/2024", "09:05"),
    ("phone", "(813) 555-0102", "+18135550120"),
    ("phone", "5125016306; 512-501-6307", "+15125016306"),
    ("phone", "+1 521 551 2345 678", "+525512345678"),
    ("phone", "8.14E+09", "+18140000000"),
    ("done", "Not done", "Yes"),
    ("done", "someday", "No"),
    ("phone", "call wife", "call wife first\x1f+18135550102"),
    ("name", "Ann Lee", "Lee Ann"),
    ("converted", "No", "main/clients/7\x1fmain"),
    ("converted", "Yes", "main/leads/L-1\x1fmain"),
    ("converted:kept", "No", "converted: Yes"),
    ("converted:kept", "Yes", "status: Yes"),
    ("address", "1 Oak Street, Tampa, FL 33602", "1 Oak St FL Tampa 33602"),
    ("address", "1 Oak Street, Tampa, FL 33602", "1 Oak St Tampa FL US 33602"),
    ("address", "9 Elm St, Tampa, FL 33602, 813-555-2004", "9 Elm St Tampa FL 33602 US"),
    ("address", "9 Elm St, Tampa, FL 33602, 813-555-2004", "9 Elm St Tampa FL 33602 +18135552005"),
    ("address", "Hauptstr. 5, 10115 Berlin", "Hauptstr. 5 Berlin 10117 DE"),
    ("address", "5 Via Roma, 20121 Milano", "Via Roma 5 Milano 20121 IT"),
    ("address:zip", "33602-", "33606"),
    ("yes_no", "No", "Yes"),
    ("id", "42", "main/jobs/142"),
    ("list", "VIP; Net-30", '["VIP"]'),
    ("text", "Gate 12", "Gate 1"),
    ("document", "#301", "302"),
    ("id", "1001", "main/invoices/10011~13cb0303e5ef"),
    ("id", "1001", "main/invoices/1001~odd"),
    ("in:text", "Che", "2024-01-05 · 50.00 · Check · PAY-1"),
    ("in:number:.", "5", "2024-01-05 · 50.00 · Check · PAY-1"),
]


@pytest.mark.parametrize(("kind", "text", "value"), SAME)
def test_a_value_that_says_the_same_is_found(kind, text, value):
    assert agrees(kind, text, value, NEW_YORK)


@pytest.mark.parametrize(("kind", "text", "value"), OTHER)
def test_a_value_that_says_something_else_is_not(kind, text, value):
    assert agrees(kind, text, value, NEW_YORK) == ""


#: Hours from UTC in July of the zone a header names.
_HEADERS = [
    ("Created (UTC)", 0), ("Start (Z)", 0), ("Last Modified (CST)", -5), ("Completed (EST)", -4),
    ("Due (EST)", -4), ("Modified (CT)", -5), ("When [PT]", -7), ("Created (local, EST)", -4),
    ("Due Date (Pacific Time Zone)", -7), ("Start (Pacific)", -7), ("Start (eastern time)", -4),
    ("Tax (CT)", None), ("Location (CT)", None), ("Estimate (PT)", None), ("State (MT)", None),
    ("Start Date (Est)", None), ("Total (USD)", None), ("Start (local)", None), ("Agmt", None),
]  # fmt: skip


@pytest.mark.parametrize(("header", "hours"), _HEADERS)
def test_a_header_names_a_zone_or_a_state(header, hours):
    zone = zone_said(header_zone(header)) if header_zone(header) else None
    there = zone and zone.utcoffset(dt.datetime(2024, 7, 1))
    assert there == (None if hours is None else dt.timedelta(hours=hours))


@pytest.mark.parametrize("word", ["pst", "PST", "pacific standard time", "GMT-8", "-08:00"])
def test_a_person_may_write_a_zone_in_any_case(word):
    assert zone_said(word).utcoffset(dt.datetime(2024, 7, 1)) == dt.timedelta(hours=-8)


def test_the_same_text_arrives_verbatim_and_another_by_a_rule():
    assert agrees("text", "Ann", "Ann", NEW_YORK) == "verbatim"
    assert agrees("phone", "(813) 555-0102", "+18135550102", NEW_YORK) == "phone to E.164"


@pytest.mark.parametrize("word", sorted(TAKEN_FOR_NOTHING))
def test_the_witness_knows_every_word_that_cleaning_takes_for_nothing(word):
    """Two lists on purpose: who adds a word to one is asked here whether it means nothing."""
    asked = is_empty_word_sql("text", EMPTY_WORDS)
    assert duckdb.execute(f"SELECT {asked} FROM (SELECT ? AS text)", [word]).fetchall() == [(True,)]


def _asked_of_the_witness(name, line):
    """(kind, text, value, account) of a line of the corpus, its value as fields hold it."""
    known, right = account_of(line), line["right"].replace(" | ", " ").replace("; ", "\x1f")
    sign = {"comma": ","}.get(known.get("sign", ""), ".")
    local = f"@{known['local']}" if "local" in known else ""
    kinds = {
        "dates": f"date:{known.get('order', 'month first')}{local}", "money": f"number:{sign}",
        "phones": "phone", "emails": "email", "addresses": "address", "yes_no": "yes_no",
    }  # fmt: skip
    kinds |= {"moments": kinds["dates"], "numbers": kinds["money"], "rates": kinds["money"]}
    if name == "addresses" and line["right"].count(" | ") > 4:  # a phone behind the address
        right = re.sub(r"US \(?(\d{3})\)?\D(\d{3})[-.](\d{4})$", r"US +1\1\2\3", right)
    if name in ("money", "numbers", "rates"):
        right = right.lstrip("+")
    account = Account(known.get("zone", "America/New_York"), known.get("country", "US"))
    return kinds[name], line["text"], right, account


#: Cells that cleaning keeps beside their value, because it cannot give them back.
KEPT_AS_WELL = {"call 813-555-2102 after 5", "none@none.com; ann@mailbox.net",
                "9 Elm St, Tampa, FL 33602, gate 7"}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["dates", "moments", "money", "numbers", "rates", "phones", "emails", "addresses", "yes_no"],
)
def test_the_witness_reads_the_corpus_as_it_is_right(name):
    told = [
        _asked_of_the_witness(name, line)
        for line in lines(name)
        if line["right"] not in NO_VALUES and line["text"] not in KEPT_AS_WELL
    ]
    assert [
        (text, value) for kind, text, value, of in told if not agrees(kind, text, value, of)
    ] == []
