"""Each value parser, on the quirks it exists for."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flitstack_pipeline.cleaning.html import clean_note
from flitstack_pipeline.cleaning.values import dates, money, statuses, words
from flitstack_pipeline.cleaning.values.addresses import AddressCells, clean_address
from flitstack_pipeline.cleaning.values.contact_points import emails, phones
from flitstack_pipeline.cleaning.values.countries import country_code
from flitstack_pipeline.cleaning.values.names import split_name


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Maria de la Cruz", "Maria", "de la Cruz"),
        ("Doe, John", "John", "Doe"),
        ("JOHN DOE", "John", "Doe"),
        ("John & Jane Doe", "John & Jane", "Doe"),
        ("Bob Smith Jr.", "Bob", "Smith Jr."),
        ("Cher", "Cher", None),
    ],
)
def test_a_name_is_split_without_losing_a_part(text, first, last):
    name = split_name(text)
    assert (name.first, name.last) == (first, last)


def test_a_company_in_the_name_field_is_a_business_with_its_evidence():
    name = split_name("Acme Roofing LLC")
    assert name.looks_like_business
    assert "llc" in name.evidence


def test_phones_keep_order_and_extension_and_never_invent_digits():
    found = phones("(813) 555-2102 x12; 555-0102; 4.12346E+08")
    assert [p.shown for p in found] == ["+18135552102 x12", "555-0102", "4.12346E+08"]
    assert found[1].e164 is None


def test_emails_are_lower_case_in_order_and_placeholders_are_told():
    assert emails("mailto:Bob@X.CO.; a@b.co, none@none.com") == (
        ("bob@x.co", "a@b.co"),
        ("none@none.com",),
    )


def test_a_zip_gets_its_leading_zero_back_and_a_state_its_code():
    found = clean_address(
        AddressCells(street="12 Oak St", street2="Apt 4", city="Boston", state="Massachusetts",
                     postal_code="2134", country="USA")
    )  # fmt: skip
    assert found.line == "12 Oak St, Apt 4, Boston, MA 02134"
    assert country_code("United States") == "US"


def test_a_joined_address_is_taken_apart():
    found = clean_address(AddressCells(joined="12 Oak St, Apt 4, Tampa, FL 33602-1234"))
    assert (found.city, found.state, found.postal_code) == ("Tampa", "FL", "33602-1234")


@pytest.mark.parametrize(
    ("text", "value"),
    [("$1,234.50", "1234.50"), ("(123.45)", "-123.45"), ("--", None), ("", None), ("7", "7")],
)
def test_money_is_exact(text, value):
    assert money.amount(text) == (Decimal(value) if value else None)


def test_the_decimal_sign_is_decided_by_the_column():
    assert money.decimal_comma(["1.234,50", "7,00"])
    assert money.amount("1.234,50", comma=True) == Decimal("1234.50")
    assert not money.decimal_comma(["1,234.50", "12"])


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_any_amount_written_the_american_way_reads_back(value):
    text = f"{abs(value):,.2f}"
    assert money.amount(f"({text})" if value < 0 else text) == value


@pytest.mark.parametrize("text", ["25%", "see attached", "1.2.3"])
def test_what_is_no_amount_says_so(text):
    with pytest.raises(money.NotAnAmount):
        money.amount(text)


def test_the_order_of_day_and_month_is_decided_by_evidence_or_asked():
    assert dates.decide_order(["13/2/2024", "1/2/2024"]).order == dates.DAY_FIRST
    assert dates.decide_order(["2/13/2024", "1/2/2024"]).order == dates.MONTH_FIRST
    assert dates.decide_order(["2/13/2024", "13/2/2024"]).order == dates.UNDECIDED
    assert dates.decide_order(["1/2/2024"]).order == dates.UNDECIDED


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3/7/2024", "2024-03-07"),
        ("2024-03-07", "2024-03-07"),
        ("Jan 15, 2026", "2026-01-15"),
        ("45000", "2023-03-15"),
        ("7/4/69", "2069-07-04"),
    ],
)
def test_a_date_is_read_in_any_form(text, day):
    assert dates.moment(text).day.isoformat() == day


def test_a_time_of_day_keeps_the_accounts_zone_and_a_bare_date_stays_a_date():
    assert dates.moment("3/7/2024 2:05 PM", zone="America/New_York").exact == (
        "2024-03-07T14:05:00-05:00"
    )
    assert dates.moment("3/7/2024").exact is None


@pytest.mark.parametrize("text", ["3 days ago", "2/31/2024", "soon"])
def test_what_is_no_date_is_never_guessed(text):
    with pytest.raises(dates.NotADate):
        dates.moment(text)


def test_unpaid_is_never_read_as_paid_and_unknown_words_stay_unknown():
    assert statuses.canonical("invoices", "UNPAID ") == "unpaid"
    assert statuses.canonical("jobs", "En Progreso") == "in_progress"
    assert statuses.canonical("jobs", "Awaiting parts") is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        # QuickBooks, Xero, FreshBooks, Wave, Zoho, Stripe and Square call an invoice so
        (
            "Outstanding; Not due; Payment due; Balance Due; Pending payment; Awaiting Payment",
            "unpaid",
        ),
        (
            "Part paid; Part-paid; PartPaid; Partially paid; Partial payment; Paid in part",
            "partial",
        ),
        ("Parcialmente pagado; Partiellement payée; Teilweise bezahlt; Deels betaald", "partial"),
        ("Fully paid; Paid (full); Auto-paid; Payment received; Paid in full", "paid"),
        ("Uncollectible; Written off; Write-off", "bad_debt"),
        ("Past due; Overdue; Delinquent", "overdue"),
        ("Unsent; Draft; Not sent", "draft"),
        # more than one may be meant: a person says
        ("Pending; Approved; Refunded; Disputed; Overpaid; Not outstanding; Partial void", None),
    ],
)
def test_the_words_that_accounting_programs_have_for_invoices(words, status):
    for word in words.split("; "):
        assert statuses.canonical("invoices", word) == status, word


def test_document_numbers_are_opaque_but_comparable():
    assert words.document_number("42.0") == "42"
    assert words.document_number("0042") == "0042"
    assert words.normal_number("INV-0042") == words.normal_number("#42")
    assert words.split_numbers("101, 102 and 103") == ["101", "102", "103"]


def test_an_inline_image_leaves_a_note_with_its_place_kept():
    text, images = clean_note(
        '<p>See <img src="data:image/png;base64,AAAA"> here</p><script>x</script>'
    )
    assert images[0].data == b"\0\0\0"
    assert text == f"<p>See {{{{image:{images[0].sha256}}}}} here</p>"
