"""How much each likeness of two clients says: fixed, documented weights (Fellegi-Sunter).

Belongs here: the levels of each comparison, their weights, and what bounds a score. Does not:
which pairs are compared (`duplicates`), the columns compared (`matching_columns`), and the model
that adds the weights up (`matching_model`, with Splink).

A weight is log2(m/u): m is how often the level holds for two rows of one client, u how often for
two rows of different clients *that came up as candidates*. The probability of a match is
1 / (1 + 2^-(prior + sum of weights)). The figures are judgements, not trained on data, so that ten
clients are scored like two million; `benchmarks/duplicates.py` measures what they earn.

A cap bounds the score whatever the sum. Only the same whole name together with an own e-mail,
phone or street address can reach the automatic threshold. A name that is nearly the same needs
more: an e-mail or phone where an initial or one letter of the surname differs, two points for a
nickname, all three for another surname. Fathers and sons of one name share a home and its phone,
so these with two e-mails are not enough either. Couples who share every contact point, colleagues
behind one office phone, branches of one firm and namesakes all stay for a person to decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

#: log2 odds that a candidate pair is one client, before anything is compared.
PRIOR = -8.0


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: SQL condition on columns `*_l` and `*_r`, weight in bits,
    words for people, cap; for a name that is nearly the same, how many of e-mail, phone and street
    (one of them not the street) must be in common, or `NEARLY_CAP` holds."""

    condition: str
    weight: float
    words: str
    cap: float = 1.0
    points: int = 0


#: Nothing to compare on one side: says nothing.
MISSING: dict[str, str] = {
    "email": "len(emails_l) = 0 OR len(emails_r) = 0",
    "phone": "len(phones_l) = 0 OR len(phones_r) = 0",
    "name": "name_key_l IS NULL OR name_key_r IS NULL",
    "address": "address_key_l IS NULL AND address_key_r IS NULL AND postal_l IS DISTINCT FROM "
    "postal_r",
}

_SAME_MARKS = "suffixes_l = suffixes_r AND numbers_l = numbers_r"
_TYPING_ERROR = "damerau_levenshtein({0}_l, {0}_r) = 1 AND length({0}_l) >= {1}"

#: Comparison → its levels; the first that holds counts.
COMPARISONS: dict[str, tuple[Level, ...]] = {
    "email": (
        Level("list_has_any(own_emails_l, own_emails_r)", 10, "same e-mail"),
        Level("list_has_any(emails_l, emails_r)", 4, "same e-mail, used by several names"),
        Level("true", -1, "different e-mails"),
    ),
    "phone": (
        Level("list_has_any(own_phones_l, own_phones_r)", 10, "same phone"),
        Level("list_has_any(phones_l, phones_r)", 3, "same phone, used by several names"),
        Level("true", -1, "different phones"),
    ),
    "name": (
        Level(
            "len(numbers_l) > 0 AND len(numbers_r) > 0 AND numbers_l <> numbers_r "
            "OR len(suffixes_l) > 0 AND len(suffixes_r) > 0 AND suffixes_l <> suffixes_r "
            "OR len(initials_l) > 0 AND len(initials_r) > 0 AND initials_l <> initials_r",
            -14,
            "names differ by a number, an initial or Jr/Sr",
            0.6,
        ),
        Level("name_key_l = name_key_r AND full_name_l", 7, "same name"),
        Level("name_key_l = name_key_r", 3, "same single-word name", 0.98),
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
            f"given_l = given_r AND length(given_l) > 1 AND {_TYPING_ERROR.format('surname', 4)} "
            f"AND {_SAME_MARKS}",
            5,
            "same given name, surname one letter off",
            points=1,
        ),
        Level(
            f"surname_l = surname_r AND {_TYPING_ERROR.format('given', 4)} AND {_SAME_MARKS} "
            "AND given_is_known_l <> given_is_known_r",
            3,
            "same surname, given name one letter off",
            points=2,
        ),
        Level(
            f"is_business_l AND is_business_r AND {_TYPING_ERROR.format('core_key', 8)} "
            f"AND {_SAME_MARKS}",
            3,
            "business names one letter off",
            points=2,
        ),
        Level(
            "len(words_l) > 0 AND len(words_r) > 0 "
            "AND (list_has_all(words_l, words_r) OR list_has_all(words_r, words_l))",
            1.5,
            "one name holds the other",
            0.95,
        ),
        Level(
            "jaro_winkler_similarity(name_key_l, name_key_r) >= 0.92",
            0.5,
            "names nearly alike",
            0.95,
        ),
        Level(
            "given_l = given_r AND NOT is_business_l AND NOT is_business_r",
            -1,
            "same given name, another surname",
            points=3,
        ),
        Level("list_has_any(words_l, words_r)", -10, "names share a word", 0.9),
        Level("true", -14, "different names", 0.6),
    ),
    "address": (
        Level("address_key_l = address_key_r AND postal_l = postal_r", 8, "same address"),
        Level("address_key_l = address_key_r AND city_l = city_r", 7, "same street and city"),
        Level(
            "postal_l = postal_r AND (address_key_l IS NULL OR address_key_r IS NULL)",
            1,
            "same postcode",
        ),
        Level(
            "is_business_l AND is_business_r AND (has_branches_l OR has_branches_r)",
            -1,
            "a firm of several addresses",
            0.95,
        ),
        Level("address_key_l IS NOT NULL AND address_key_r IS NOT NULL", -1, "different addresses"),
        Level("true", 0, "one address unknown"),
    ),
}

#: Without an own e-mail, phone or street in common there is no automatic merge at all.
NOTHING_EXACT_CAP = 0.9
#: A name that is nearly the same, with fewer points in common than it needs.
NEARLY_CAP = 0.98
#: Two people of one name at one address with one phone and two e-mails: father and son?
HOME_CAP = 0.98


def level_number(comparison: str, place: int) -> int:
    """Splink's number of the level at `place` (0 is the first): the last is 0, missing is -1."""
    return len(COMPARISONS[comparison]) - 1 - place


def score_sql() -> str:
    """SQL for the capped score, over Splink's `match_probability` and `gamma_*`, four decimals."""
    caps = ", ".join(_by_level(c, _cap) for c in COMPARISONS)
    exact = f"CASE WHEN {_POINTS} > 0 THEN 1.0 ELSE {NOTHING_EXACT_CAP} END"
    return f"round(least(match_probability, {caps}, {exact}, {_HOME}), 4)"


def evidence_sql() -> str:
    """SQL for the evidence in words: `same e-mail, different phones, same name`."""
    words = ", ".join(_by_level(c, lambda level: f"'{level.words}'", "NULL") for c in COMPARISONS)
    return f"concat_ws(', ', {words})"


_SAME_EMAIL = f"(gamma_email = {level_number('email', 0)})::INT"
_SAME_PHONE = f"(gamma_phone = {level_number('phone', 0)})::INT"
_SAME_STREET = f"(gamma_address >= {level_number('address', 1)})::INT"
#: How many own contact points two clients have in common.
_POINTS = f"({_SAME_EMAIL} + {_SAME_PHONE} + {_SAME_STREET})"
_HOME = (
    f"CASE WHEN {_SAME_STREET} + {_SAME_PHONE} = 2 AND gamma_email = 0 AND NOT is_business_l "
    f"THEN {HOME_CAP} ELSE 1.0 END"
)


def _cap(level: Level) -> str:
    if not level.points:
        return str(level.cap)
    enough = f"{_POINTS} >= {level.points} AND {_SAME_EMAIL} + {_SAME_PHONE} > 0"
    return f"CASE WHEN {enough} THEN {level.cap} ELSE {NEARLY_CAP} END"


def _by_level(comparison: str, shown: Callable[[Level], str], otherwise: str = "1.0") -> str:
    arms = " ".join(
        f"WHEN {level_number(comparison, i)} THEN {shown(level)}"
        for i, level in enumerate(COMPARISONS[comparison])
    )
    return f"(CASE gamma_{comparison} {arms} ELSE {otherwise} END)"
