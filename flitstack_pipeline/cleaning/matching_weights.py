"""How much each likeness of two clients says: fixed, documented weights (Fellegi-Sunter).

Belongs here: the levels of each comparison, their weights, and the SQL that adds them up. Does
not: which pairs are compared (`duplicates`).

A weight is log2(m/u): m is how often the level holds for two rows of one client, u how often for
two rows of different clients *that came up as candidates*. The probability of a match is
1 / (1 + 2^-(prior + sum of weights)). The figures are judgements, not trained on data, so that ten
clients are scored like two million; `benchmarks/duplicates.py` measures them.

A cap bounds the score whatever the sum: only the same whole name together with an own e-mail,
phone or street address can reach the automatic threshold. Couples who share every contact point,
colleagues behind one office phone, and namesakes all stay for a person to decide.
"""

from __future__ import annotations

from dataclasses import dataclass

#: log2 odds that a candidate pair is one client, before anything is compared.
PRIOR = -8.0


@dataclass(frozen=True)
class Level:
    """One outcome of a comparison: SQL condition over a and b, weight in bits, words, cap."""

    condition: str
    weight: float
    words: str
    cap: float = 1.0


_BOTH = "len(a.{0}) > 0 AND len(b.{0}) > 0"

#: Comparison → its levels; the first that holds counts, none holding counts 0.
COMPARISONS: dict[str, tuple[Level, ...]] = {
    "e-mail": (
        Level("list_has_any(a.own_emails, b.own_emails)", 10, "same e-mail"),
        Level("list_has_any(a.emails, b.emails)", 4, "same e-mail, used by several names"),
        Level(_BOTH.format("emails"), -1, "different e-mails"),
    ),
    "phone": (
        Level("list_has_any(a.own_phones, b.own_phones)", 8, "same phone"),
        Level("list_has_any(a.phones, b.phones)", 3, "same phone, used by several names"),
        Level(_BOTH.format("phones"), -1, "different phones"),
    ),
    "name": (
        Level("a.name_key = b.name_key AND a.full_name", 7, "same name"),
        Level("a.name_key = b.name_key", 3, "same single-word name"),
        Level(
            "a.loose_key = b.loose_key AND len(a.words) > 0",
            4,
            "same name but for the legal form",
            0.98,
        ),
        Level(
            "list_has_all(a.words, b.words) OR list_has_all(b.words, a.words)",
            3,
            "one name holds the other",
            0.95,
        ),
        Level(
            "jaro_winkler_similarity(a.name_key, b.name_key) >= 0.92",
            2,
            "names nearly alike",
            0.95,
        ),
        Level("list_has_any(a.words, b.words)", -4, "names share a word", 0.9),
        Level("true", -10, "different names", 0.6),
    ),
    "address": (
        Level("a.address_key = b.address_key AND a.postal = b.postal", 8, "same address"),
        Level("a.address_key = b.address_key AND a.city = b.city", 7, "same street and city"),
        Level("a.postal = b.postal AND a.address_key IS NULL", 1, "same postcode"),
        Level("a.address_key IS NOT NULL AND b.address_key IS NOT NULL", -1, "different addresses"),
    ),
}

#: Without an own e-mail, phone or street in common there is no automatic merge at all.
NOTHING_EXACT_CAP = 0.9
_EXACT = (
    "list_has_any(a.own_emails, b.own_emails) OR list_has_any(a.own_phones, b.own_phones) "
    "OR coalesce(a.address_key = b.address_key AND (a.postal = b.postal OR a.city = b.city), false)"
)


def score_sql() -> str:
    """SQL for the score of rows a and b, 0 to 1, four decimals."""
    total = " + ".join([str(PRIOR), *(_case(c, "weight", "0") for c in COMPARISONS)])
    caps = ", ".join(_case(c, "cap", "1.0") for c in COMPARISONS)
    exact = f"CASE WHEN {_EXACT} THEN 1.0 ELSE {NOTHING_EXACT_CAP} END"
    return f"round(least(1.0 / (1.0 + pow(2.0, -({total}))), {caps}, {exact}), 4)"


def evidence_sql() -> str:
    """SQL for the evidence in words: `same e-mail, different phones, same name`."""
    words = ", ".join(_case(c, "words", "NULL") for c in COMPARISONS)
    return f"concat_ws(', ', {words})"


def _case(comparison: str, what: str, otherwise: str) -> str:
    def shown(level: Level) -> str:
        value = getattr(level, what)
        return f"'{value}'" if what == "words" else f"{float(value)}"

    levels = COMPARISONS[comparison]
    arms = " ".join(f"WHEN {level.condition} THEN {shown(level)}" for level in levels)
    return f"(CASE {arms} ELSE {otherwise} END)"
