"""Two spellings of one firm's name share a key; two firms do not."""

import duckdb
import pytest

from flitstack_pipeline.cleaning.match_keys import firm_keys, legal_form


def shown(form, name):
    return duckdb.execute(f"SELECT {form('$1')}", [name]).fetchone()[0]


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("Müller & Söhne GmbH", "Mueller und Soehne GmbH", True),
        ("Müller & Söhne GmbH", "MULLER & SOHNE GMBH", True),
        ("Groß Bau GmbH", "Gross Bau", True),
        ("Møller & Sønner ApS", "Moeller og Soenner ApS", True),
        ("García e Hijos, S.A. de C.V.", "Garcia e Hijos SA de CV", True),
        ("Dupont et Fils SARL", "Dupont & Fils S.A.R.L.", True),
        ("Müller Bau GmbH", "Möller Bau GmbH", False),
        ("Blue Sky Homes", "Blu Sky Homes", False),
        ("Bolt Builders, LLC", "Bolt Builders of Tampa, LLC", False),
    ],
)
def test_one_firm_in_the_spellings_of_its_letters_shares_a_key(first, second, one):
    assert bool(set(shown(firm_keys, first)) & set(shown(firm_keys, second))) == one


def test_a_legal_form_is_told_whatever_its_country():
    assert shown(legal_form, "Müller Bau GmbH") == "gmbh"
    assert shown(legal_form, "Müller Bau AG") == "ag"
    assert shown(legal_form, "Bolt Builders, L.L.C.") == "llc"
    assert shown(legal_form, "Bolt Builders") is None
