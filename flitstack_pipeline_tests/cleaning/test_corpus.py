"""The corpus: texts as tools, spreadsheets and people write them, with the right value of each.

`corpus/<parser>.csv` holds a text, what its column holds, what is known of the account, the right
value and the reason. The values were written by hand, or formatted by others (Babel, phonenumbers,
strftime) from known ones (`make_corpus` wrote `corpus/formatted/`), never by the parsers. Four
words stand for what is no value: `asked` (two readings are possible and a person must say), `none`
(not of this kind: kept as written), `empty` (how people and programs write nothing), `pending` (not
known yet, they say: kept, counted).
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal

import pytest

from flitstack_pipeline.cleaning.html import clean_note
from flitstack_pipeline.cleaning.values import dates, money, numbers, statuses, words
from flitstack_pipeline.cleaning.values.addresses import AddressCells, clean_address
from flitstack_pipeline.cleaning.values.contact_points import emails, phones_of_row
from flitstack_pipeline.cleaning.values.names import split_name
from flitstack_pipeline.cleaning.values.wrapping import unwrapped
from flitstack_pipeline.mapping.transforms import Unfit, yes_no
from flitstack_pipeline_tests.cleaning.corpus_lines import (
    ASKED,
    EMPTY,
    NO_VALUES,
    NONE,
    PENDING,
    account_of,
    lines,
)

COMMA = {"comma": True, "point": False, "unknown": None}


def _date(cell, account, _):
    found = _moment(cell, account)
    return found if isinstance(found, str) else found.day.isoformat()


def _whole_moment(cell, account, _):
    found = _moment(cell, account)
    return found if isinstance(found, str) else found.exact or found.day.isoformat()


def _moment(cell, account):
    try:
        local = f"{dates.IN_ZONE}{account['local']}" if "local" in account else ""
        order = account.get("order", dates.MONTH_FIRST) + local
        found = dates.moment(cell, order, account.get("zone", "UTC"))
    except dates.DoubtfulDate:
        return ASKED
    except dates.NotADate:
        return NONE
    return found or EMPTY


def _money(cell, account, _):
    try:
        return _same(money.amount(cell, comma=COMMA[account["sign"]]))
    except money.DoubtfulAmount:
        return ASKED
    except money.NotAnAmount:
        return NONE


def _number(cell, account, _, read=numbers.number):
    try:
        return _same(read(cell, comma=COMMA[account["sign"]]))
    except (numbers.DoubtfulNumber, money.DoubtfulAmount):
        return ASKED
    except numbers.NotANumber:
        return NONE


def _rate(cell, account, _):
    return _number(cell, account, _, numbers.rate)


def _same(value):
    """A number as plain text, without zeros behind the point."""
    return EMPTY if value is None else format(value.normalize(), "f")


def _phone(cell, account, _):
    found = phones_of_row(cell, account["country"], account.get("home", account["country"]))
    certain = [p.shown for p in found if p.e164]
    return "; ".join(certain) or (NONE if found else EMPTY)


def _email(cell, *_):
    good, dropped = emails(cell)
    return "; ".join(good) or (NONE if dropped else EMPTY)


def _name(cell, *_):
    found = split_name(cell)
    if found is None:
        return EMPTY
    if found.looks_like_business:
        return "firm"
    if found.doubt in ("order", "order_eastern"):
        return ASKED
    return f"{found.first} | {found.last or ''}" if found.first else "nobody"


def _address(cell, account, _):
    found = clean_address(AddressCells(joined=words.text(cell)), account["country"])
    parts = [found.street, found.city, found.state, found.postal_code, found.country]
    shown = " | ".join(p or "" for p in parts)
    return (f"{shown} | {found.phone}" if found.phone else shown) if found.line else EMPTY


def _text(cell, _, column):
    bare = unwrapped(cell)
    if words.pending(bare):
        return PENDING
    return (clean_note(bare)[0] if column == "note" else words.text(bare)) or EMPTY


def _yes_no(cell, *_):
    try:
        return yes_no(words.text(unwrapped(cell))) or EMPTY
    except Unfit:
        return NONE


def _choice(cell, _, column):
    kind, _, vocabulary = column.partition(" ")
    if kind == "list":
        return "; ".join(words.split_list(unwrapped(cell))) or EMPTY
    return statuses.canonical(vocabulary, cell) or NONE


PARSERS = {
    "dates": _date, "moments": _whole_moment, "money": _money, "numbers": _number, "rates": _rate,
    "phones": _phone, "emails": _email, "names": _name, "addresses": _address, "texts": _text,
    "yes_no": _yes_no, "choices": _choice,
}  # fmt: skip
NUMERIC = ("money", "numbers", "rates")


def read(name, line):
    """What the parser finds in a line of the corpus, in the words of the corpus."""
    if name not in ("names", "phones", "choices", "addresses") and words.pending(line["text"]):
        return PENDING
    return PARSERS[name](line["text"], account_of(line), line["column"])


def right(name, line):
    value = line["right"]
    if name in NUMERIC and value not in NO_VALUES:
        return _same(Decimal(value))
    return value


@pytest.mark.parametrize("name", PARSERS)
def test_every_line_of_the_corpus_is_read_right(name):
    wrong = [
        f"{line['text']!r} ({line['account']}): {found!r}, right is {line['right']!r}, "
        f"for {line['reason']}"
        for line in lines(name)
        if (found := read(name, line)) != right(name, line)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", [n for n in PARSERS if n != "yes_no"])
def test_the_corpus_has_a_hundred_values_in_four_spellings_for_each_parser(name):
    spellings = defaultdict(set)
    for line in lines(name):
        spellings[line["right"]].add(line["text"])
    values = [v for v in spellings if v not in NO_VALUES and len(spellings[v]) >= 4]
    assert len(values) >= 100


def test_yes_and_no_are_each_in_thirty_spellings():
    for value in ("Yes", "No"):
        assert len({line["text"] for line in lines("yes_no") if line["right"] == value}) >= 30


@pytest.mark.parametrize(
    "name", ["dates", "moments", "money", "numbers", "rates", "phones", "names", "addresses"]
)
def test_what_differs_by_country_is_of_five_countries(name):
    places = {
        place
        for line in lines(name)
        for place in re.findall(r"\b[a-z]{2}_([A-Z]{2})\b|country=([A-Z]{2})",
                                f"{line['reason']} {line['account']}")
    }  # fmt: skip
    assert len(places) >= 5


def test_the_corpus_has_two_hundred_lines_that_are_no_value_or_a_question():
    unread = [line for name in PARSERS for line in lines(name) if line["right"] in (ASKED, NONE)]
    assert len(unread) >= 200
