"""Quirks (docs/contractor_plus.md#quirks), cell by cell; cleaning twice changes nothing."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flitstack_pipeline.cleaning.html import clean_note, plain_note
from flitstack_pipeline.cleaning.values import dates, money, statuses, words
from flitstack_pipeline.cleaning.values.addresses import AddressCells, clean_address, parse_line
from flitstack_pipeline.cleaning.values.contact_points import emails, phones
from flitstack_pipeline.cleaning.values.names import split_name


@pytest.mark.parametrize(
    ("text", "first", "last", "keeps_all"),
    [
        ("John Doe & Jane Roe", "John Doe & Jane", "Roe", True),
        ("John Doe and Jane Doe", "John and Jane", "Doe", False),
        ("Mr. & Mrs. Smith", "Mr. & Mrs.", "Smith", True),
        ("José Ortega y Gasset", "José", "Ortega y Gasset", True),
        ("Juan Carlos y María López", "Juan Carlos y María", "López", True),
        ("MCDONALD, RONALD", "Ronald", "McDonald", False),
        ("Smith, Jr., Bob", "Bob", "Smith Jr.", False),
        ("Bob Smith, Jr.", "Bob", "Smith Jr.", False),
        ("BOB SMITH III", "Bob", "Smith III", False),
        ('Ann "Annie" Lee', 'Ann "Annie"', "Lee", True),
        ("Dr. Ann Lee", "Dr. Ann", "Lee", True),
        ("Kevin Bank", "Kevin", "Bank", True),
        ("O'Brien, Pat", "Pat", "O'Brien", False),
    ],
)
def test_a_name_is_split_and_says_whether_it_can_be_put_together_again(
    text, first, last, keeps_all
):
    name = split_name(text)
    assert (name.first, name.last, name.invertible) == (first, last, keeps_all)


def test_a_persons_surname_does_not_make_a_business_but_a_banks_name_does():
    assert not split_name("Kevin Bank").looks_like_business
    assert split_name("Wells Fargo Bank").looks_like_business


@pytest.mark.parametrize("name", ["Joe's Crab Shack", "Harper & Sons", "Dale Electric"])
def test_firms_named_after_people_are_firms(name):
    assert split_name(name).looks_like_business


@pytest.mark.parametrize("name", ["Capt. James Hook", "Kim St. Clair", "Juan Carlos de Borbón"])
def test_a_title_or_a_particle_speaks_for_a_person(name):
    assert not split_name(name).looks_like_business


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("1,5", False, "1.5"),
        ("1.234,50", False, "1234.50"),
        ("1,234.50", True, "1234.50"),
        ("1.234", True, "1234"),
        ("1.234", False, "1.234"),
        ("$ -5.00", False, "-5.00"),
        ("−5", False, "-5"),
        ("5.00-", False, "-5.00"),
        ("1 234,50 EUR", False, "1234.50"),
        ("12,34,567.00", False, "1234567.00"),
    ],
)
def test_a_separator_is_never_misread_as_a_factor(text, comma, value):
    assert money.amount(text, comma=comma) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$ -", "0"),
        ("$-", "0"),
        (" $ -   ", "0"),
        ("-", "0"),
        ("—", "0"),
        ("-0-", "0"),
        ("€ -0.00-", "0"),
        ("$(50.00)", "-50"),
        ("$ (50.00)", "-50"),
        ("$(1,234.50)", "-1234.50"),
        ("($50.00)", "-50"),
        ("(50,00) €", "-50"),
        ("$ (1.234,50)", "-1234.50"),
        ("50.00-", "-50"),
        ("USD 50", "50"),
        ("USD (50)", "-50"),
        ("50.00CR", "-50"),
        ("$50.00 (Cr.)", "-50"),
        ("50.00 DR", "50"),
    ],
)
def test_amounts_as_accountants_and_spreadsheets_format_them(text, value):
    assert money.amount(text) == Decimal(value)
    assert Decimal(money.stored(text, False, 4)[0]) == Decimal(value)


def test_brackets_do_not_hide_the_decimal_sign():
    assert [money.decimal_sign(t) for t in ("$ (1.234,50)", "$(1,234.50)", "$ -")] == [
        ",",
        ".",
        None,
    ]


@pytest.mark.parametrize("text", ["$(-5)", "-$(5)", "()", "$()", "(5) - (6)", "$ - 5 -"])
def test_brackets_with_a_second_sign_or_nothing_are_no_amount(text):
    with pytest.raises(money.NotAnAmount):
        money.amount(text)


@pytest.mark.parametrize("text", ["1.5E+03", "5 - 10", "2x4", "1,234.5.6", "-5.00 CR", "(-5)", "$"])
def test_what_is_not_one_number_is_no_amount(text):
    with pytest.raises(money.NotAnAmount):
        money.amount(text)


def test_a_unit_beside_a_quantity_is_taken_apart():
    assert money.quantity_and_unit("3.5 hrs") == ("3.5", "hrs")
    assert money.quantity_and_unit("12") == ("12", None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("8135552102.0", ["+18135552102"]),
        ("8135552102 8135552103", ["+18135552102", "+18135552103"]),
        ("(813) 555-2102 Bob", ["+18135552102"]),
        ("1-800-FLOWERS", ["+18003569377"]),
        ("+44 20 7946 0958", ["+442079460958"]),
        ("813-555-2102#12", ["+18135552102 x12"]),
        ("123-456-7890", ["123-456-7890"]),
        ("0000000000", ["0000000000"]),
        ("call the office", ["call the office"]),
    ],
)
def test_a_phone_is_e164_only_when_it_can_exist(text, shown):
    assert [p.shown for p in phones(text)] == shown


def test_words_beside_a_phone_are_not_lost():
    assert phones("813-555-2102 (wife)")[0].remark == "wife"


def test_emails_joined_by_words_or_slashes_are_all_found():
    assert emails("ann@x.co and bob@x.co")[0] == ("ann@x.co", "bob@x.co")
    assert emails("ann@x.co/bob@x.co")[0] == ("ann@x.co", "bob@x.co")
    assert emails("MAILTO:A@B.CO")[0] == ("a@b.co",)
    assert emails("x@gmail.com")[0] == ("x@gmail.com",)


@pytest.mark.parametrize(
    ("line", "street", "city", "state", "zip_code"),
    [
        ("12 Oak St, Tampa, FL 33602", "12 Oak St", "Tampa", "FL", "33602"),
        ("12 Oak St, Suite B, Tampa, FL 33602", "12 Oak St, Suite B", "Tampa", "FL", "33602"),
        ("1 Main St, New York, New York 10001", "1 Main St", "New York", "NY", "10001"),
        ("12 Oak St\nTampa, Fla 33602\nUSA", "12 Oak St", "Tampa", "FL", "33602"),
        ("PO Box 12, Boston MA 02134-1234", "PO Box 12", "Boston", "MA", "02134-1234"),
    ],
)
def test_a_line_of_address_gives_its_parts(line, street, city, state, zip_code):
    found = parse_line(line)
    assert (found.street, found.city, found.state) == (street, city, state)
    assert found.postal_code == zip_code


def test_a_country_named_in_the_line_wins_over_the_accounts():
    found = clean_address(AddressCells(joined="10 Downing St, London SW1A 2AA, UK"))
    assert (found.street, found.city) == ("10 Downing St", "London")
    assert (found.postal_code, found.country) == ("SW1A 2AA", "GB")


@pytest.mark.parametrize(
    ("text", "day", "exact"),
    [
        ("20240105", "2024-01-05", None),
        ("2024-01-05 00:00:00", "2024-01-05", None),
        ("15 de enero de 2026", "2026-01-15", None),
        ("15 février 2026", "2026-02-15", None),
        ("1/5/2024 2:30 AM EST", "2024-01-05", "2024-01-05T02:30:00-05:00"),
        ("2024-01-05T10:00:00.000Z", "2024-01-05", "2024-01-05T05:00:00-05:00"),
        ("0000-00-00", None, None),
    ],
)
def test_dates_of_many_makers_are_read(text, day, exact):
    found = dates.moment(text, zone="America/New_York")
    assert (found.day.isoformat() if found else None) == day
    assert (found.exact if found else None) == exact


@pytest.mark.parametrize("text", ["Jan 2026", "1/5", "May", "13/13/2024"])
def test_a_day_that_is_not_given_is_not_invented(text):
    with pytest.raises(dates.NotADate):
        dates.moment(text)


def test_times_of_day_come_as_words_and_as_excels_part_of_a_day():
    assert [dates.time_of_day(t) for t in ("noon", "0.5", "12 am", "2:05 PM")] == [
        "12:00",
        "12:00",
        "00:00",
        "14:05",
    ]


@pytest.mark.parametrize(
    ("vocabulary", "word", "status"),
    [
        ("estimates", "Not Sent", "draft"),
        ("estimates", "Not approved", None),
        ("invoices", "No pagada", "unpaid"),
        ("invoices", "Non payé", "unpaid"),
        ("jobs", "Not started", "new"),
        ("jobs", "Not completed", None),
        ("leads", "Not contacted", "new"),
    ],
)
def test_a_negated_status_is_never_its_opposite(vocabulary, word, status):
    assert statuses.canonical(vocabulary, word) == status


def test_last_name_first_people_are_told_from_a_plain_list():
    assert words.split_people("Doe, John; Roe, Ann") == ["John Doe", "Ann Roe"]
    assert words.split_people("van der Berg, Jan") == ["Jan van der Berg"]
    assert words.split_people("Baker, Bob and Day, Sue") == ["Bob Baker", "Sue Day"]
    assert words.split_people("Bob Baker/Sue Day") == ["Bob Baker", "Sue Day"]
    assert words.split_people("Bob Baker, Sue Day, Ann Roe, Cy Dee")[0] == "Bob Baker"
    assert words.split_people("John Doe, Ann Roe & Bo Li") == ["John Doe", "Ann Roe", "Bo Li"]


def test_images_without_quotes_and_remote_ones_are_taken_out_with_their_place_kept():
    text, images = clean_note(
        '<p><img width=3 src=data:image/png;base64,AAAA><img src="https://x.co/y.png"></p>'
    )
    assert [image.url for image in images] == ["", "https://x.co/y.png"]
    marks = [f"{{{{image:{image.sha256}}}}}" for image in images]
    assert text == f"<p>{''.join(marks)}</p>"


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=25)


@settings(max_examples=150, deadline=None)
@given(TEXT)
def test_cleaning_what_is_clean_changes_nothing(text):
    for address in emails(text)[0]:
        assert emails(address) == ((address,), ())
    for phone in phones(text):
        if phone.e164:
            assert phones(phone.e164)[0].e164 == phone.e164
    note = clean_note(text)[0]
    assert clean_note(note)[0] == note
    assert words.one_line(words.one_line(text)) == words.one_line(text)


WORD = st.text(st.sampled_from("abcdefgäé'-ÉXM"), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=4).map(" ".join))
def test_a_split_that_says_it_lost_nothing_lost_nothing(text):
    name = split_name(text)
    if name and name.invertible and not name.looks_like_business:
        assert " ".join(p for p in (name.first, name.last) if p) == " ".join(text.split())


@settings(max_examples=150, deadline=None)
@given(st.dates(min_value=dates.EARLIEST, max_value=dates.LATEST))
def test_any_day_reads_back_from_every_way_of_writing_it(day):
    for shape in ("%Y-%m-%d", "%m/%d/%Y", "%b %d, %Y", "%d %B %Y", "%Y%m%d"):
        assert dates.moment(day.strftime(shape)).day == day


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>Gate code 12</div><div>34 Oak is the other house</div>",
         "Gate code 12<br>34 Oak is the other house"),
        ("<h3>Quote</h3><table><tr><td>Deck</td><td>100</td></tr><tr><td>200</td><td>Fence</td>"
         "</tr></table>", "Quote<br>Deck | 100<br>200 | Fence"),
        ("<p>Call John <john@mailbox.net> before 9<br>thanks</p>",
         "<p>Call John &lt;john@mailbox.net&gt; before 9<br>thanks</p>"),
        ("<P>A</P><main>b</main><aside>c</aside>", "<p>A</p>b<br>c"),
        ("<tr>\n<th>Item<th>Qty\n<tr><td>Deck<td>2", "Item | Qty<br>Deck | 2"),
        ("<table><tr><td><div>a</div></td><td><p>b</p></td></tr><tr><td>c</td><td></td></tr></table>",
         "a | b<br>c |"),
        ("<dl><dt>Gate</dt><dd>12</dd></dl>", "Gate<br>12"),
        ("a<!-- no --><br>b <https://x.co/y?z=1>", "a<br>b &lt;https://x.co/y?z=1&gt;"),
        ("<p>pipe <10 ft & >2, <none></p>", "<p>pipe &lt;10 ft &amp; &gt;2, &lt;none&gt;</p>"),
        ("Call <john@mailbox.net> a <b and c> d", "Call <john@mailbox.net> a <b and c> d"),
        ("<label>Gate</label> <option>1</option><option>2</option>", "Gate <br>1<br>2"),
        ("<o:p>Word</o:p><p class=MsoNormal>x</p>", "Word<p>x</p>"),
    ],
)  # fmt: skip
def test_lines_and_cells_of_html_stay_apart_and_nothing_in_it_vanishes(html, text):
    assert clean_note(html) == (text, [])


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Para one</p><p>Para <b>two</b></p>", "Para one\nPara two"),
        ("<ul><li>One</li><li>Two</li></ul>after", "- One\n- Two\nafter"),
        ('See <a href="https://x.co/a">the plan</a>, <a href="mailto:j@x.co">j@x.co</a><br>ok',
         "See the plan (https://x.co/a), j@x.co\nok"),
        ("<p>Call &lt;j@x.co&gt; &amp; &quot;Sue&quot;&nbsp;Day</p>", 'Call <j@x.co> & "Sue" Day'),
        ("<table><tr><td>Deck</td><td>100</td></tr><tr><td>Fence</td><td>9</td></tr></table>",
         "Deck | 100\nFence | 9"),
        ('Roof <img src="/u/7.png" alt="North"> end',
         "Roof [image not in the export: North, /u/7.png] end"),
        ("plain & simple", "plain & simple"),
    ],
)  # fmt: skip
def test_a_note_that_goes_to_a_field_is_plain_text(html, text):
    assert plain_note(*clean_note(html)) == text


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("/uploads/notes/77.png", "the export has no file for '/uploads/notes/77.png'"),
        ("cid:ii_abc@mail", "it lies in an e-mail for 'cid:ii_abc@mail'"),
        ("data:image/png;base64,!!!", "its data are damaged"),
        ("file:///C:/a.png", "the export has no file for 'file:///C:/a.png'"),
        ("", "it has no address"),
    ],
)
def test_an_image_that_is_nowhere_is_told_in_the_text_and_listed(source, problem):
    text, (image,) = clean_note(f'<b>x</b><img src="{source}" alt="">')
    assert image.problem == problem and not image.data and not image.url
    assert text.startswith("<b>x</b>[") and (source[:20] in text or "damaged" in text)


def test_an_image_that_lies_beside_the_exports_is_taken():
    found = {"uploads/7.png": ("image/png", b"png")}
    text, (image,) = clean_note('<p>a</p><img src="uploads/7.png">', found.get)
    assert (image.data, image.problem) == (b"png", "") and image.sha256 in text
    assert plain_note(text, [image]) == f"a\n[image: note-image-{image.sha256[:16]}.png]"


@pytest.mark.parametrize(
    "source",
    ["data:image/png;base64,AAEC-_8", "data:image/png;charset=utf-8;base64,AAEC%2B%2F8%3D"],
)
def test_base64_without_padding_or_percent_encoded_is_an_image(source):
    _, (image,) = clean_note(f'<p>a</p><img src="{source}">')
    assert image.data == b"\0\1\2\xfb\xff"


def test_an_image_whose_address_has_no_scheme_is_fetched_by_https():
    _, (image,) = clean_note('<p>a</p><img src="//cdn.example.org/77.png">')
    assert image.url == "https://cdn.example.org/77.png"


@pytest.mark.parametrize(
    "word", ["undefined", "NaN", "null", "[object Object]", "#REF!", "#VALUE!", "{}", "(none)"]
)
def test_what_programs_write_for_nothing_is_empty(word):
    assert words.text(word) is None


@pytest.mark.parametrize("value", ["None St", "Nan Road 5", "Undefined Cafe", "{12}"])
def test_what_only_looks_like_nothing_stays(value):
    assert words.text(value) == value
