import itertools

import numpy as np
import pytest
from openpyxl import Workbook

from flitstack_pipeline.cleaning.assignment import best_assignment
from flitstack_pipeline.mapping.header_files import propose_between, read_headers
from flitstack_pipeline.mapping.matcher import Header, match_headers
from flitstack_pipeline.mapping.meanings import meaning_of, meanings_of


def assigned(columns, fields):
    found = match_headers([Header(c) for c in columns], [Header(f) for f in fields])
    return {m.column: m.assigned for m in found}


@pytest.mark.parametrize(
    ("header", "head", "entity", "kinds"),
    [
        ("custFirstName", "firstname", "person", set()),
        ("Est. #", "number", "estimate", set()),
        ("numberofemployees", "employees", "", set()),
        ("hs_lead_status", "status", "person", set()),
        ("BillAddr.Line1", "street", "", {"billing"}),
        ("Street Address 2", "street2", "", set()),
        ("Person - Phone - Mobile", "phone", "person", {"mobile"}),
        ("How did you hear about us?", "source", "", set()),
        ("LastModifiedDate", "updated", "", set()),
        ("Lead Owner", "name", "owner", set()),
        ("Amt Due", "balance", "", set()),
        ("Téléphone cell", "phone", "", {"mobile"}),
        ("Total Price With Tax", "total", "", set()),
        ("Invoice Total ex Tax", "subtotal", "invoice", set()),
        ("Days to paid", "daycount", "", set()),
        ("Closed date", "closedate", "", {"actual"}),
        ("Expected Close Date", "closedate", "", set()),
        ("E-mail 2 Address", "email", "", set()),
        ("E-mail Display Name", "name", "", {"display"}),
        ("D.O.B.", "birthday", "", set()),
        ("State of Payment", "status", "invoice", set()),
        ("Date of Loss", "date", "", set()),
        ("Client First", "firstname", "person", set()),
        ("Phone 2 - Value", "phone", "", set()),
        ("Billing Address City", "city", "", {"billing"}),
        ("Job Address", "street", "", {"service"}),
        ("Do Not Mail", "optout", "", {"mail"}),
        ("Unsubscribed from all email", "optout", "", {"email"}),
        ("Emergency Contact Name", "name", "emergency", set()),
        ("Mr./Ms.", "salutation", "", set()),
        ("GST Rate", "taxrate", "", set()),
    ],
)
def test_a_header_says_what_it_is_whose_and_which_sort(header, head, entity, kinds):
    found = meaning_of(header)
    assert (found.head, found.entity, set(found.kinds)) == (head, entity, kinds)


def test_words_that_only_tell_more_are_no_head():
    assert meaning_of("Tax Region").rest == {"tax"}
    assert meaning_of("Days to paid").rest == {"paid"}
    assert meaning_of("E-mail 2 Address").place == 2
    assert meaning_of("Phone Confirmation Level").behind == {"confirmation", "level"}


def test_confidence_falls_with_every_word_nobody_knows():
    fields = [Header("Status"), Header("Owner"), Header("City")]
    sure = [
        match_headers([Header(column)], fields)[0].candidates[0]
        for column in ("Status", "Zorp Status", "Zorp Quell Status", "Zorp Quell Brindle Status")
    ]
    assert {c.field for c in sure} == {"Status"}
    confidences = [c.confidence for c in sure]
    assert confidences == sorted(confidences, reverse=True) and confidences[-1] < 0.9
    assert len(set(confidences)) == 4


def best(columns, fields):
    found = match_headers([Header(c) for c in columns], [Header(f) for f in fields])
    return [(m.candidates[0].field, m.candidates[0].confidence) for m in found]


def test_a_channel_a_sort_or_a_word_that_may_mean_two_things_keeps_confidence_below_nine_in_ten():
    ((_, letters),) = best(["Do Not Mail"], ["Email Opt Out", "Phone"])
    ((_, email),) = best(["Do Not Email"], ["Email Opt Out", "Phone"])
    assert letters < 0.9 <= email
    people = ["First Name", "Last Name", "City"]
    (*_, (field, title)) = best([*people, "Title"], [*people, "Job Title"])
    assert field == "Job Title" and title < 0.9
    ((_, tags),) = best(["Label"], ["Tags", "Name"])
    assert tags < 0.9


def test_a_field_that_two_columns_may_mean_is_given_to_one_of_them_with_doubt():
    alone = dict(best(["Billing Zip", "Phone"], ["Zip", "Phone"]))
    both = dict(best(["Billing Zip", "Service Zip", "Phone"], ["Zip", "Phone"]))
    assert both["Zip"] < 0.9 <= alone["Zip"]


@pytest.mark.parametrize(
    ("column", "right", "wrong"),
    [
        ("dest", "Destination", "Departure"),
        ("Chr.", "Chromosome", "Orientation"),
        ("temp_max", "Maximum of Temperature", "Temporal note"),
        ("Vernaculr name", "vernacularName", "Scientific name"),
    ],
)
def test_abbreviated_and_mistyped_words_of_a_foreign_domain_meet(column, right, wrong):
    others = ["Lat. of colony", "Wing chord", "Ring code"]
    assert assigned([column, *others], [wrong, right, *others])[column] == right


def test_a_tax_region_is_no_state_and_a_count_of_days_is_no_amount():
    found = match_headers(
        [Header("Tax Region"), Header("Days to paid")], [Header("State"), Header("Amount Paid")]
    )
    assert all(match.candidates[0].confidence < 0.9 for match in found)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("Cost to Date", "Job cost"),  # a sum of what has been, not the cost
        ("Is Paid", "Amount Paid"),  # yes or no, not an amount
        ("Tax", "Tax"),  # the amount, the rate, or the name of one
        ("Discount", "Discount Amount"),
    ],
)
def test_what_a_header_leaves_open_is_never_sure(column, field):
    (found,) = match_headers([Header(column)], [Header(field)])
    assert found.candidates[0].field == field
    assert found.candidates[0].confidence < 0.9


def test_an_end_is_no_sum_so_far():
    assert meaning_of("To Date").kinds == set()
    assert meaning_of("Costs to date").kinds == {"todate"}
    assert meaning_of("Amount paid to date").head == "paid"


def test_lists_of_a_domain_nobody_here_knows_are_matched_by_their_letters():
    assert assigned(
        ["spectral_class", "apparent_mag", "right_asc", "paralax_mas"],
        ["Right Ascension", "Parallax (mas)", "Magnitude (apparent)", "Class of Spectrum"],
    ) == {
        "spectral_class": "Class of Spectrum", "apparent_mag": "Magnitude (apparent)",
        "right_asc": "Right Ascension", "paralax_mas": "Parallax (mas)",
    }  # fmt: skip


def test_neighbours_tell_what_a_bare_name_or_title_means():
    person = meanings_of(["First Name", "Last Name", "Job Title", "Title", "Name"])
    assert person[3].head == "salutation" and person[4].entity == "person"
    deal = meanings_of(["Name", "Stage", "Close Date", "Amount"])
    assert deal[0].entity == "deal" and deal[3].head == "dealvalue"


def test_vendors_names_for_the_same_thing_meet():
    assert assigned(
        ["Given Name", "Surname", "E-mail", "Cell", "Zip", "Quote #", "Amt Due", "Lead Src"],
        ["lastName", "firstName", "Email Address", "Mobile Phone", "postalCode",
         "Estimate Number", "Balance", "Original Source", "Gate Code"],
    ) == {
        "Given Name": "firstName", "Surname": "lastName", "E-mail": "Email Address",
        "Cell": "Mobile Phone", "Zip": "postalCode", "Quote #": "Estimate Number",
        "Amt Due": "Balance", "Lead Src": "Original Source",
    }  # fmt: skip


def test_two_columns_never_take_the_same_field():
    found = assigned(["Phone", "Phone Number", "Main Phone"], ["Phone", "Work Phone"])
    taken = [f for f in found.values() if f]
    assert len(taken) == len(set(taken))


def test_nothing_plausible_is_assigned_to_nothing():
    assert assigned(["Dog breed"], ["Invoice Number", "Country"]) == {"Dog breed": None}


def test_values_decide_where_names_do_not():
    columns = [Header("Info 1", samples=("a@b.co", "c@d.io")), Header("Info 2", samples=("x",))]
    found = match_headers(columns, [Header("Email"), Header("Notes")])
    best = found[0].candidates[0]
    assert best.field == "Email" and "e-mail addresses" in best.evidence


def test_candidates_are_ranked_with_confidence_and_evidence():
    (match,) = match_headers([Header("Surname")], [Header("Last Name"), Header("First Name")])
    assert match.candidates[0].confidence >= 0.85
    assert match.candidates[0].confidence > match.candidates[1].confidence
    assert "last name" in match.candidates[0].evidence


def test_the_assignment_is_the_best_there_is():
    random = np.random.default_rng(5)
    for rows, columns in ((3, 3), (2, 4), (4, 3)):
        scores = random.random((rows, columns))
        given = best_assignment(scores)
        total = sum(scores[i, j] for i, j in enumerate(given) if j is not None)
        small = min(rows, columns)
        best = max(
            sum(scores[i, j] for i, j in zip(r, c, strict=True))
            for r in itertools.combinations(range(rows), small)
            for c in itertools.permutations(range(columns), small)
        )
        assert total == pytest.approx(best)


def test_two_files_are_matched_from_the_command(tmp_path):
    (tmp_path / "a.csv").write_text("header,description\nZip,postal\nSurname,\n")
    (tmp_path / "b.csv").write_text("postalCode,lastName\n32801,Lee\n")
    found = propose_between(tmp_path / "a.csv", tmp_path / "b.csv")
    assert [m["target"] for m in found] == ["postalCode", "lastName"]
    assert set(found[0]["candidates"][0]) == {"target", "confidence", "evidence"}
    assert found[0]["runners_up"] == found[0]["candidates"][1:]


def test_an_empty_file_is_refused_in_words(tmp_path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(ValueError, match="no header line"):
        propose_between(tmp_path / "a.csv", tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Name;E-mail;Ph\nAnn;a@b.co;1", ["Name", "E-mail", "Ph"]),
        ("sep=;\nName;Ph\nAnn;1", ["Name", "Ph"]),
        ("header\nFirst Name\nLast Name\n", ["First Name", "Last Name"]),
        ("First Name\nLast Name\nZip\n", ["First Name", "Last Name", "Zip"]),
        ("First Name,Last Name,Zip\n", ["First Name", "Last Name", "Zip"]),
        ("Field Name,Type,Required,Sample 1,Sample 2\nPipe,picklist,yes,PVC,Lead\n", ["Pipe"]),
        ("name,description\nGate,the code\n", ["Gate"]),
        ("Name,Email\nAnn,a@b.co\n", ["Name", "Email"]),
        ("A\tB\r\n1\t2\r\n", ["A", "B"]),
    ],
)
def test_headers_are_read_from_a_listing_or_from_data_whatever_the_separator(tmp_path, text, names):
    for encoding in ("utf-8", "utf-16", "utf-8-sig"):
        (tmp_path / "x.csv").write_text(text, encoding=encoding)
        assert [h.name for h in read_headers(tmp_path / "x.csv")] == names


@pytest.mark.parametrize("heading", ["header\n", "header,description\n", ""])
def test_a_listing_is_read_to_its_end(tmp_path, heading):
    lines = [f"Field {n}" + (f',"{"x" * 1_100}"' if "," in heading else "") for n in range(1_200)]
    (tmp_path / "x.csv").write_text(heading + "\n".join([*lines, "Größe"]) + "\n")
    names = [h.name for h in read_headers(tmp_path / "x.csv")]
    assert (len(names), names[1_199], names[1_200]) == (1_201, "Field 1199", "Größe")


def test_a_listing_in_a_workbook_is_read_to_its_end(tmp_path):
    book = Workbook()
    for row in (["header", "type"], *([f"Field {n}", "text"] for n in range(700))):
        book.active.append(row)
    book.save(tmp_path / "x.xlsx")
    assert [h.name for h in read_headers(tmp_path / "x.xlsx")][-1] == "Field 699"


def test_a_header_line_longer_than_what_is_read_for_samples_is_read_whole(tmp_path):
    names = [f"{'wide ' * 40}{n}" for n in range(6_000)]  # 1.2 million letters
    (tmp_path / "x.csv").write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    assert len(read_headers(tmp_path / "x.csv")) == 6_000


def test_samples_options_and_types_of_a_listing_are_kept(tmp_path):
    text = "header,type,options\nPipe,Dropdown (single),PVC; Lead | Copper\n"
    (tmp_path / "x.csv").write_text(text)
    (found,) = read_headers(tmp_path / "x.csv")
    assert (found.samples, found.type) == (("PVC", "Lead", "Copper"), "choice")


def test_a_name_that_says_nothing_is_read_by_its_description_and_values():
    columns = [Header("Fld_1", "Customer's main e-mail", ("a@b.co", "c@d.io"))]
    (match,) = match_headers(columns, [Header("Notes"), Header("Email"), Header("Phone")])
    assert match.assigned == "Email" and match.candidates[0].confidence > 0.8


def test_the_same_options_speak_louder_than_the_names():
    columns = [Header("Cladding", samples=("Metal", "Shingle", "Tile"))]
    fields = [
        Header("Roof covering", samples=("Shingle", "Metal", "Tile", "Slate")),
        Header("Name"),
    ]
    (match,) = match_headers(columns, fields)
    assert match.candidates[0].field == "Roof covering"
    assert "100% of the values" in match.candidates[0].evidence


def test_headers_of_any_text_are_matched_without_an_error():
    odd = [Header(h) for h in ("", " ", "###", "名前", "🙂", "a" * 500, "()", "None", "%s", "\x00")]
    found = match_headers(odd, odd)
    assert len(found) == len(odd)
    assert all(0 <= c.confidence <= 1 for m in found for c in m.candidates)
    assert match_headers(odd, [])[0].candidates == ()
    assert match_headers([], odd) == []


def test_what_a_person_confirmed_before_lifts_a_proposal_and_says_so():
    columns, fields = [Header("Ref A")], [Header("Gate Code"), Header("Zone")]
    before = match_headers(columns, fields)[0].candidates[0].confidence
    (match,) = match_headers(columns, fields, {("ref a", "zone"): 2})
    assert match.assigned == "Zone" and match.candidates[0].confidence > max(0.8, before)
    assert "confirmed 2 times before" in match.candidates[0].evidence
