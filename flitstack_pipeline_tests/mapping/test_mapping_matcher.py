import itertools

import numpy as np
import pytest

from flitstack_pipeline.mapping.assignment import best_assignment
from flitstack_pipeline.mapping.matcher import Header, match_headers, propose_between, tokens


def assigned(columns, fields):
    found = match_headers([Header(c) for c in columns], [Header(f) for f in fields])
    return {m.column: m.assigned for m in found}


def test_headers_are_read_in_words():
    assert tokens("custFirstName") == ("customer", "first", "name")
    assert tokens("Est. #") == ("estimate", "number")
    assert tokens("Paid_Date__c") == ("paid", "date")
    assert tokens("E-mail Address") == ("email", "address")


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
    assert [m["assigned"] for m in found] == ["postalCode", "lastName"]
    assert set(found[0]["candidates"][0]) == {"field", "confidence", "evidence"}


def test_an_empty_file_is_refused_in_words(tmp_path):
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(ValueError, match="no header line"):
        propose_between(tmp_path / "a.csv", tmp_path / "a.csv")
