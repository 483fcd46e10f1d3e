"""How much each likeness of two clients or leads says: fixed, documented weights (Fellegi-Sunter).

Belongs here: the levels of each comparison, their weights, and what bounds a score. Does not:
which pairs are compared (`matching_blocks`), the columns compared (`matching_columns`), the sum
(`matching_model`), and what an account's own data say of the weights (`matching_learned`).

A weight is log2(m/u): m is how often the level holds for two rows of one client, u how often for
two rows of different clients *that came up as candidates*. The probability of a match is
1 / (1 + 2^-(prior + sum of weights)). The figures are judgements, not trained on data, so that ten
clients are scored like two million; `benchmarks/duplicates.py` and `duplicate_typing.py` measure
what they earn. An account of many rows may adjust them, within bounds.

A cap bounds the score whatever the sum. Only the same whole name together with an own e-mail,
phone or street address can reach the automatic threshold. A name that is nearly the same needs
more: one of them where an initial or letters of the surname differ, two for a nickname, all three
for another surname. Fathers and sons of one name share a home and its phone, so these with two
e-mails are not enough either. Couples who share every contact point, colleagues behind one office
phone, branches of one firm and namesakes all stay for a person to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flitstack_pipeline.cleaning.text_distance import edits_at_most, nearly_alike, one_edit

#: log2 odds that a candidate pair is one client, before anything is compared.
PRIOR = -8.0


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: SQL condition on columns `*_l` and `*_r`, weight in bits,
    words for people, cap; for a name that is nearly the same, how many of e-mail, phone and
    address must be in common (`firm` ones: one of them no address), or `NEARLY_CAP` holds.
    `at_home` caps are for households and fall where an account is shown to have none."""

    condition: str
    weight: float
    words: str
    cap: float = 1.0
    points: int = 0
    at_home: bool = False

    def caps(self, homes: bool) -> bool:
        """Whether the cap counts in an account where families must be expected, or not."""
        return homes or not (self.at_home or self.points)


#: Nothing to compare on one side: says nothing.
MISSING: dict[str, str] = {
    "email": "len(emails_l) = 0 OR len(emails_r) = 0",
    "phone": "len(phones_l) = 0 OR len(phones_r) = 0",
    "name": "name_key_l IS NULL OR name_key_r IS NULL",
    "street": "street_l IS NULL OR street_r IS NULL",
    "house": "house_l IS NULL OR house_r IS NULL",
    "unit": "unit_l IS NULL OR unit_r IS NULL",
    "state": "state_l IS NULL OR state_r IS NULL",
    "place": "(city_l IS NULL OR city_r IS NULL) AND (postal_l IS NULL OR postal_r IS NULL)",
}

_SAME_MARKS = "suffixes_l = suffixes_r AND numbers_l = numbers_r"
_PEOPLE = "NOT is_business_l AND NOT is_business_r"
#: Of two given names one letter apart, the one that nobody bears is a typing error of the other.
_ONE_IS_UNKNOWN = "given_is_known_l <> given_is_known_r"
#: Two names that people bear are two people, however alike.
_NOT_BOTH_KNOWN = "NOT (given_is_known_l AND given_is_known_r)"


def one_off(column: str, letters: int) -> str:
    """SQL: a column of at least so many letters on the left, one letter apart on the right (or two
    turned around)."""
    one, other = f"{column}_l", f"{column}_r"
    return f"(length({one}) >= {letters} AND {one} <> {other} AND {edits_at_most(one, other, 1)})"


def nearly(column: str, other: str = "") -> str:
    """SQL: a column on the left and it, or another, on the right a typing error or two apart."""
    return nearly_alike(f"{column}_l", f"{other or column}_r")


_SHORTER_STREET = "least(length(street_l), length(street_r))"
#: `Oak Ct` and `Oak Dr` are two streets: short ones must differ by one letter.
_NEAR_STREETS = (
    f"({_SHORTER_STREET} >= 6 AND ("
    f"{edits_at_most('street_l', 'street_r', f'{_SHORTER_STREET} // 6')} "
    "OR jaro_winkler_similarity(street_l, street_r) >= 0.96))"
)
_ONE_DIGIT_OFF = f"(postal_l = postal_r OR {one_edit('postal_l', 'postal_r')})"
_THIRD = "length(letters_l) // 3"

#: Comparison → its levels; the first that holds counts.
COMPARISONS: dict[str, tuple[Level, ...]] = {
    "email": (
        Level("list_has_any(own_emails_l, own_emails_r)", 12, "same e-mail"),
        Level("list_has_any(emails_l, emails_r)", 4, "same e-mail, used by several names"),
        Level("true", -1, "different e-mails"),
    ),
    "phone": (
        Level("list_has_any(own_phones_l, own_phones_r)", 12, "same phone"),
        Level("list_has_any(phones_l, phones_r)", 3, "same phone, used by several names"),
        Level(
            one_edit("phones_l[1]", "phones_r[1]"),
            5,
            "phones one digit off",
        ),
        Level("true", -1, "different phones"),
    ),
    "name": (
        Level(
            "len(numbers_l) > 0 AND len(numbers_r) > 0 AND numbers_l <> numbers_r "
            "OR len(suffixes_l) > 0 AND len(suffixes_r) > 0 AND suffixes_l <> suffixes_r "
            "OR len(initials_l) > 0 AND len(initials_r) > 0 AND initials_l <> initials_r",
            -17,
            "names differ by a number, an initial or Jr/Sr",
            0.6,
        ),
        Level("name_key_l = name_key_r AND full_name_l", 7, "same name"),
        Level("name_key_l = name_key_r", 3, "same single-word name", 0.98),
        Level(
            "(is_lead_l OR is_lead_r) AND firm_key_l = firm_key_r",
            5,
            "same business, asked for by a lead",
            points=1,
        ),
        Level(
            "core_key_l = core_key_r AND len(legal_l) > 0 AND len(legal_r) > 0 "
            f"AND legal_l <> legal_r AND {_SAME_MARKS}",
            2,
            "same name, another legal form",
            0.95,
        ),
        Level(
            f"core_key_l = core_key_r AND (core_is_full_l OR is_business_l) AND {_SAME_MARKS}",
            5,
            "same name but for an initial or the legal form",
            points=1,
        ),
        Level(
            f"surname_l = surname_r AND list_has_any(forms_l, forms_r) AND {_SAME_MARKS}",
            4,
            "same surname, given name in another form",
            points=2,
        ),
        Level(
            f"letters_l = letters_r AND {_PEOPLE} AND {_SAME_MARKS}",
            6,
            "same name written apart or together",
            points=1,
        ),
        Level(
            f"given_l = given_r AND length(given_l) > 1 AND {one_off('surname', 4)} "
            f"AND {_SAME_MARKS}",
            5,
            "same given name, surname one letter off",
            points=1,
        ),
        Level(
            f"given_l = given_r AND length(given_l) > 1 AND {nearly('surname')} AND {_SAME_MARKS}",
            4,
            "same given name, surname nearly alike",
            points=1,
        ),
        Level(
            f"surname_l = surname_r AND {nearly('given')} AND {_SAME_MARKS} AND {_ONE_IS_UNKNOWN}",
            4,
            "same surname, given name mistyped",
            points=1,
        ),
        Level(
            f"{nearly('given', 'surname')} AND {nearly('surname', 'given')} AND {_SAME_MARKS}",
            4,
            "given name and surname exchanged, nearly alike",
            points=1,
        ),
        Level(
            f"{nearly('surname')} AND {nearly('given')} AND {_SAME_MARKS} AND {_NOT_BOTH_KNOWN}",
            3,
            "given name and surname nearly alike",
            points=1,
        ),
        Level(
            f"is_business_l AND is_business_r AND {one_off('core_key', 8)} AND {_SAME_MARKS}",
            3,
            "business names one letter off",
            points=2,
        ),
        Level(
            "len(words_l) > 0 AND len(words_r) > 0 "
            "AND (list_has_all(words_l, words_r) OR list_has_all(words_r, words_l))",
            -1.5,
            "one name holds the other",
            0.95,
            at_home=True,
        ),
        Level(
            f"surname_l = surname_r AND {_NOT_BOTH_KNOWN} AND {_PEOPLE} AND {_SAME_MARKS} "
            "AND jaro_winkler_similarity(given_l, given_r) >= 0.7",
            -1.5,
            "same surname, given names somewhat alike, one of them unknown",
            0.95,
            at_home=True,
        ),
        Level(
            f"{_PEOPLE} AND {_SAME_MARKS} AND {_NOT_BOTH_KNOWN} AND length(letters_l) >= 8 "
            f"AND ({edits_at_most('letters_l', 'letters_r', _THIRD)} "
            f"OR {edits_at_most('letters_l', 'turned_r', _THIRD)})",
            -1.5,
            "whole names alike but for some letters",
            0.95,
            at_home=True,
        ),
        Level(
            "jaro_winkler_similarity(name_key_l, name_key_r) >= 0.92",
            -1.5,
            "names nearly alike",
            0.95,
        ),
        Level(
            f"{_PEOPLE} AND (given_l IS NULL OR given_r IS NULL) AND {_SAME_MARKS} AND ("
            f"{nearly('surname')} OR {nearly('surname', 'given')} OR {nearly('given', 'surname')})",
            -4,
            "surnames nearly alike, one given name unknown",
            0.95,
            at_home=True,
        ),
        Level(
            f"given_l = given_r AND {_PEOPLE} "
            "AND jaro_winkler_similarity(surname_l, surname_r) >= 0.6",
            -1,
            "same given name, surname somewhat alike",
            points=3,
        ),
        Level(
            f"given_l = given_r AND {_PEOPLE}",
            -1,
            "same given name, another surname",
            points=3,
        ),
        Level(
            f"list_has_any(words_l, words_r) AND {_NOT_BOTH_KNOWN} AND {_PEOPLE}",
            -15,
            "names share a word, one given name unknown",
            0.9,
            at_home=True,
        ),
        Level(
            f"surname_l = surname_r AND {_PEOPLE} "
            "AND jaro_winkler_similarity(given_l, given_r) >= 0.75",
            -15.5,
            "same surname, given names alike and both known",
            0.9,
        ),
        Level(
            f"surname_l = surname_r AND {_PEOPLE} AND length(given_l) > 2 AND length(given_r) > 2",
            -15.5,
            "same surname, two given names",
            0.9,
        ),
        Level("list_has_any(words_l, words_r)", -15.5, "names share a word", 0.9),
        Level(
            f"{_PEOPLE} AND {_NOT_BOTH_KNOWN} AND greatest("
            "jaro_winkler_similarity(letters_l, letters_r), "
            "jaro_winkler_similarity(letters_l, turned_r)) >= 0.6",
            -19,
            "different names, some letters alike",
            0.6,
            at_home=True,
        ),
        Level("true", -19, "different names", 0.6),
    ),
    "street": (
        Level(
            "is_business_l AND is_business_r AND (has_branches_l OR has_branches_r) "
            "AND line_letters_l <> line_letters_r AND NOT "
            f"(coalesce(house_l = house_r, true) AND {_NEAR_STREETS})",
            -1,
            "a firm of several addresses",
            0.95,
        ),
        Level("street_l = street_r", 5, "same street"),
        Level("line_letters_l = line_letters_r", 5, "same street written apart or together"),
        Level(_NEAR_STREETS, 3, "streets nearly alike"),
        Level(
            f"{nearly('street', 'unit')} OR {nearly('unit', 'street')}",
            3,
            "street and street 2 exchanged",
        ),
        Level("true", -0.3, "different streets"),
    ),
    "house": (
        Level("house_l = house_r", 4, "same house number"),
        Level(one_edit("house_l", "house_r"), 1.5, "house number one digit off"),
        Level("true", -1, "different house numbers"),
    ),
    "unit": (
        Level("unit_l = unit_r", 1.5, "same street 2"),
        Level(
            "damerau_levenshtein(unit_l, unit_r) <= 2 "
            "OR jaro_winkler_similarity(unit_l, unit_r) >= 0.85",
            1,
            "street 2 nearly alike",
        ),
        Level("true", -0.3, "another street 2"),
    ),
    "place": (
        Level(
            "is_business_l AND is_business_r AND (has_branches_l OR has_branches_r) "
            "AND (street_l IS NULL OR street_r IS NULL) "
            "AND NOT coalesce(postal_l = postal_r, false)",
            -1,
            "a firm of several addresses, one unknown",
            0.95,
        ),
        Level(
            f"postal_l = postal_r AND (city_l = city_r OR {nearly('city')})",
            2,
            "same postcode and city",
        ),
        Level(
            f"postal_l = postal_r OR city_l = city_r AND {_ONE_DIGIT_OFF}",
            1.5,
            "same postcode, or city with a postcode one digit off",
        ),
        Level("city_l = city_r", 1, "same city"),
        Level(
            f"{nearly('city')} AND {_ONE_DIGIT_OFF}",
            1,
            "city and postcode nearly alike",
        ),
        Level(
            f"{nearly('city')} OR {_ONE_DIGIT_OFF}",
            0.5,
            "city or postcode nearly alike",
        ),
        Level("true", -1.5, "another place"),
    ),
    "state": (
        Level("state_l = state_r", 0, "same state"),
        Level("true", -0.5, "another state"),
    ),
}
#: Levels of the name that say two given names of one surname, and one person.
HOUSEHOLD = [x.words for x in COMPARISONS["name"]].index("same surname, two given names")
ONE_PERSON = tuple(
    i for i, x in enumerate(COMPARISONS["name"]) if x.weight > 0 and x.cap == 1 and i < HOUSEHOLD
)
#: Levels of the name by which a lead that is said to be converted is the client it came to be.
CONVERTED = (*ONE_PERSON, *(i for i, x in enumerate(COMPARISONS["name"]) if x.words in (
    "same single-word name", "one name holds the other")))  # fmt: skip
#: The comparisons that make up the address.
ADDRESS = ("street", "house", "unit", "place")

#: Bits of these together from which two addresses count as one.
SAME_ADDRESS = 6.5
#: Without an own e-mail, phone or address in common there is no automatic merge at all.
NOTHING_EXACT_CAP = 0.9
#: A name that is nearly the same, with fewer points in common than it needs.
NEARLY_CAP = 0.98
#: Two people of one name at one address with one phone and two e-mails: father and son?
HOME_CAP = 0.98

#: Weights by comparison and level, in the order of `COMPARISONS`; None are the declared ones.
Weights = Mapping[str, tuple[float, ...]]
DECLARED: Weights = {name: tuple(x.weight for x in levels) for name, levels in COMPARISONS.items()}


def level_sql(comparison: str) -> str:
    """SQL for the place of the level that holds, NULL when there is nothing to compare."""
    arms = " ".join(f"WHEN {x.condition} THEN {i}" for i, x in enumerate(COMPARISONS[comparison]))
    return f"(CASE WHEN {MISSING[comparison]} THEN NULL {arms} END)::TINYINT"


def bits_sql(weights: Weights, comparisons: tuple[str, ...] = tuple(COMPARISONS)) -> str:
    """SQL for the sum of the weights of levels, over columns named like the comparisons."""
    return " + ".join(by_level(c, map(str, weights[c]), "0.0") for c in comparisons)


def score_sql(weights: Weights, prior: float, homes: bool) -> str:
    """SQL for the capped score, four decimals; `homes` when people of one home must be expected."""
    caps = ", ".join(
        by_level(c, [_cap(level, homes) for level in levels]) for c, levels in COMPARISONS.items()
    )
    exact = f"CASE WHEN {_POINTS} > 0 THEN 1.0 ELSE {NOTHING_EXACT_CAP} END" if homes else "1.0"
    sure = f"1 / (1 + pow(2.0, -({prior} + {bits_sql(weights)})))"
    return f"round(least({sure}, {caps}, {exact}, {_HOME if homes else '1.0'}), 4)"


def evidence_sql() -> str:
    """SQL for the evidence in words: `same e-mail, different phones, same name`."""
    words = {
        c: by_level(c, [f"'{level.words}'" for level in levels], "NULL")
        for c, levels in COMPARISONS.items()
    }
    said = [words[c] for c in words if c not in (*ADDRESS, "state")]
    parts = [words[c] for c in ADDRESS]
    same = "street = 1 AND house = 0 AND coalesce(unit, 0) = 0 AND place = 1"
    address = f"CASE WHEN {same} THEN 'same address' ELSE concat_ws(', ', {', '.join(parts)}) END"
    return f"concat_ws(', ', {', '.join(said)}, nullif({address}, ''))"


def by_level(comparison: str, shown: Iterable[str], otherwise: str = "1.0") -> str:
    """SQL for what is shown of the level of a comparison, given for each level in order."""
    arms = " ".join(f"WHEN {i} THEN {text}" for i, text in enumerate(shown))
    return f"(CASE {comparison} {arms} ELSE {otherwise} END)"


_SAME_EMAIL = "coalesce(email = 0, false)::INT"
_SAME_PHONE = "coalesce(phone = 0, false)::INT"
#: SQL: two rows with the same or nearly the same address.
SAME_ADDRESS_SQL = f"({bits_sql(DECLARED, ADDRESS)}) >= {SAME_ADDRESS}"
_SAME_STREET = f"({SAME_ADDRESS_SQL})::INT"
#: How many own contact points two clients have in common.
_POINTS = f"({_SAME_EMAIL} + {_SAME_PHONE} + {_SAME_STREET})"
#: Of two people of one name at one address, what else is known of both must not differ.
_HOME = (
    f"CASE WHEN {_SAME_STREET} = 1 AND {_SAME_EMAIL} = 0 AND NOT (is_business AND phone = 0) "
    f"AND (coalesce(email = {len(COMPARISONS['email']) - 1}, false) "
    f"OR coalesce(phone = {len(COMPARISONS['phone']) - 1}, false)) THEN {HOME_CAP} ELSE 1.0 END"
)


def _cap(level: Level, homes: bool) -> str:
    if not level.caps(homes):
        return "1.0"
    if not level.points:
        return str(level.cap)
    enough = f"{_POINTS} >= {level.points}"
    if level.points > 1:
        enough += f" AND {_SAME_EMAIL} + {_SAME_PHONE} > 0"
    return f"CASE WHEN {enough} THEN {level.cap} ELSE {NEARLY_CAP} END"
