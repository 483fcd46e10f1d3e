"""A custom column → an existing field of the sub-account, or a new one of the fitting type."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.catalog.declared import SOURCE
from flitstack_pipeline.mapping.matcher import Match
from flitstack_pipeline.mapping.profiles import Profile

#: Words of a definition sheet's type column → data type.
_TYPE_WORDS: tuple[tuple[str, str], ...] = (
    ("long|area|paragraph|memo|multi.?line", t.LARGE_TEXT),
    ("multi|checkbox(es)? list|check ?list|tags", t.MULTI),
    ("check|yes|bool|toggle|switch", "YES_NO"),
    ("drop|select|radio|choice|option|list|pick", t.CHOICE),
    ("money|currency|price|amount", t.MONEY),
    ("number|numeric|integer|decimal|percent", t.NUMERICAL),
    ("date|day", t.DATE),
    ("text|string|phone|e-?mail|url|link|auto", t.TEXT),
)
_COMPATIBLE = {
    t.TEXT: {t.TEXT, t.LARGE_TEXT},
    t.LARGE_TEXT: {t.LARGE_TEXT},
    t.NUMERICAL: {t.NUMERICAL, t.MONEY, t.TEXT, t.LARGE_TEXT},
    t.MONEY: {t.MONEY, t.NUMERICAL, t.TEXT, t.LARGE_TEXT},
    t.DATE: {t.DATE, t.TEXT},
    t.CHOICE: {t.CHOICE, "RADIO", t.TEXT, t.LARGE_TEXT},
    t.MULTI: {t.MULTI, "CHECKBOX", t.LARGE_TEXT},
}
SAME_FIELD = 0.85  # confidence at which an existing field is used rather than a new one made
NEAR_OPTION = 90

#: Evidence of a type that a person chose, and of text while nobody has.
SAID, UNTIL_SAID = "a person said what it is", "text until a person says what it is"


@dataclass(frozen=True)
class Definition:
    """A custom field definition of the source: type as read, options in order."""

    type: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class ColumnType:
    """The type a column should have, its transform, its words, and why."""

    data_type: str
    transform: str
    words: tuple[str, ...] = ()
    confidence: float = 0.8
    evidence: str = ""
    doubt: str = ""


#: Headers of what is written in digits and is no number: a leading zero counts, nobody adds it up.
_NAMES_A_THING = re.compile(
    r"\b(?:zip|zip ?code|post ?code|postal|code|pin|phones?|fax|mobile|cell|tel|id|ids|identifier|"
    r"serial|sku|upc|vin|ein|ssn|license|licence|permit|policy|claim|account|acct|apn|parcel)\b"
    r"|#|\bno\.|\bnumber$"
)
#: What is counted of a thing, and ends the header: `Permit Fee`, `Claim Total`.
_MEASURE = re.compile(
    r"\b(?:fees?|costs?|charges?|prices?|amounts?|totals?|values?|balance|due|paid|deductible|"
    r"deposit|limit|count|quantity|qty|size|area|acres|sq ?ft|length|width|depth|height|weight|"
    r"rate|hours|hrs|days|weeks|months|years|minutes|miles|distance|age|score|percent|%)"
    r"\s*(?:\([^()]*\))?$"
)
#: Headers under which a bare `7.5` beside `8.25%` is a percentage, too.
_SAYS_RATE = re.compile(r"%|\b(?:percent|percentage|pct|rate)\b")
#: A column has a type when so many of its filled cells fit it; with fewer a person is asked, and
#: below `DOUBTFUL` it is text.
FITTING, DOUBTFUL = 0.95, 0.8
#: What a person may answer about the type of a column.
TYPES = ("date", "number", "money", "rate", "text")


def infer_type(
    header: str, profile: Profile, definition: Definition | None, answer: str = ""
) -> ColumnType:
    """The type of a custom column.

    Args:
        header: Its name: digits under `Permit #` or `Service Zip code` are no number.
        profile: What its values look like, read as its files are written.
        definition: The source's own definition; it counts when the values agree.
        answer: One of `TYPES`, a person's word for a column that only mostly fits a type.

    Returns:
        The type; with a `doubt` when a person must say which it is.
    """
    if answer in TYPES:
        return _as_answered(answer, profile)
    if definition and definition.type:
        stated = next((d for pat, d in _TYPE_WORDS if re.search(pat, definition.type.lower())), "")
        found = _as_stated(stated, profile, definition)
        if found:
            return found
    found_by_values = _by_values(profile, header)
    if found_by_values.data_type == t.NUMERICAL and _names_a_thing(header):
        why = f"{profile.filled} values, digits of an identifier: kept as text"
        return ColumnType(t.TEXT, "text", (), 0.88, why)
    return found_by_values


def _names_a_thing(header: str) -> bool:
    """Whether a header names an identifier, such as `Gate Code`, and no count of things.

    "Number of …" and "# of …" are counts, and a fee for a permit is no permit.
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", header).casefold().strip()
    counted = re.search(r"(?:#|\bno\.?) of\b", plain) or _MEASURE.search(plain)
    return bool(_NAMES_A_THING.search(plain)) and not counted


def _as_stated(stated: str, profile: Profile, definition: Definition) -> ColumnType | None:
    said = f"defined as {definition.type!r}"
    words = tuple(dict.fromkeys((*definition.options, *profile.words)))
    simple = {
        t.LARGE_TEXT: ("text", 1.0),
        t.TEXT: ("text", 1.0),
        t.NUMERICAL: ("number", profile.numbers),
        t.MONEY: ("money", profile.numbers),
    }
    rates = stated == t.NUMERICAL and "percent" in definition.type.lower()
    if rates and profile.rates >= FITTING:
        return ColumnType(t.NUMERICAL, "rate", (), 0.97, f"{said}{_odd(profile, profile.rates)}")
    if stated in simple and (simple[stated][1] >= FITTING or not profile.filled):
        said += _odd(profile, simple[stated][1])
        data_type = t.LARGE_TEXT if stated == t.TEXT and profile.longest > 250 else stated
        return ColumnType(data_type, simple[stated][0], (), 0.97, said)
    days = profile.dates + profile.day_numbers
    if stated == t.DATE and (not profile.filled or days >= FITTING):
        return ColumnType(t.DATE, "date", (), 0.97, f"{said}{_odd(profile, days)}")
    if stated == t.CHOICE and len(words) <= 200:
        return ColumnType(t.CHOICE, "choice", words, 0.97, f"{said}, {len(words)} options")
    if stated == t.MULTI:
        words = tuple(dict.fromkeys((*definition.options, *profile.parts)))
        return ColumnType(t.MULTI, "multi", words, 0.97, f"{said}, {len(words)} options")
    if stated == "YES_NO" and (profile.yes_no == 1.0 or not profile.filled):
        return ColumnType(t.CHOICE, "yes_no", t.YES_NO, 0.97, f"{said}, values Yes and No")
    return None


def _odd(profile: Profile, share: float) -> str:
    """How many values of a column do not fit its type, in words."""
    odd = round(profile.filled * (1 - share))
    return f"; {odd:,} that do not fit are kept in Original_Values__c" if odd else ""


def _as_answered(answer: str, profile: Profile) -> ColumnType:
    said = SAID
    typed = {
        "date": (t.DATE, "date", profile.dates + profile.day_numbers),
        "number": (t.NUMERICAL, "number", profile.numbers),
        "money": (t.MONEY, "money", profile.numbers),
        "rate": (t.NUMERICAL, "rate", profile.rates),
    }
    if answer in typed:
        data_type, transform, share = typed[answer]
        return ColumnType(data_type, transform, (), 0.97, f"{said}{_odd(profile, share)}")
    return ColumnType(t.LARGE_TEXT if profile.longest > 250 else t.TEXT, "text", (), 0.97, said)


def _by_values(profile: Profile, header: str) -> ColumnType:
    n = f"{profile.filled} values, {profile.distinct} distinct"
    if not profile.filled:
        return ColumnType(t.TEXT, "text", (), 0.6, "no values: kept as text")
    few = profile.distinct <= 12 and profile.filled >= 3 * profile.distinct
    if profile.yes_no == 1.0 or (profile.yes_no >= FITTING and not few):
        odd = _odd(profile, profile.yes_no)
        return ColumnType(t.CHOICE, "yes_no", t.YES_NO, 0.92, f"{n}, yes or no{odd}")
    signed = profile.percents > 0.5 or (profile.percents and _SAYS_RATE.search(header.casefold()))
    rates = profile.rates if signed else 0.0
    days = profile.dates + (profile.day_numbers if profile.dates > 0.5 else 0.0)
    sorts = (
        (days, t.DATE, "date", 0.92, "dates"),
        (rates, t.NUMERICAL, "rate", 0.88, "percentages"),
        (profile.numbers if profile.money > 0.5 else 0.0, t.MONEY, "money", 0.92,
         "amounts with a currency sign"),
        (profile.numbers, t.NUMERICAL, "number", 0.88, "numbers"),
    )  # fmt: skip
    for share, data_type, transform, sure, words in sorts:
        if share >= FITTING:
            odd = _odd(profile, share)
            return ColumnType(data_type, transform, (), sure, f"{n}, all {words}{odd}" if not odd
                              else f"{n}, {words}{odd}")  # fmt: skip
    likely = next((s for s in sorts if DOUBTFUL <= s[0] < FITTING), None)
    if likely:
        share, _, transform, _, words = likely
        data_type = t.LARGE_TEXT if profile.longest > 250 else t.TEXT
        why = f"{n}, {share:.0%} of them {words}: {UNTIL_SAID}"
        return ColumnType(data_type, "text", (), 0.6, why, doubt=transform)
    if few and profile.longest <= 40 and not profile.separated:
        return ColumnType(t.CHOICE, "choice", profile.words, 0.82, f"{n}: looks like a dropdown")
    tokens = len(profile.parts)
    if profile.separated > 0.15 and tokens <= 15 and profile.filled >= 2 * tokens:
        return ColumnType(t.MULTI, "multi", profile.parts, 0.78, f"{n}: lists of {tokens} words")
    if profile.longest > 250:
        return ColumnType(t.LARGE_TEXT, "text", (), 0.9, f"{n}, up to {profile.longest} characters")
    return ColumnType(t.TEXT, "text", (), 0.85, f"{n}, free text")


@dataclass(frozen=True)
class Place:
    """Where a column goes: label, type, existing options, whether it exists already, why."""

    label: str
    data_type: str
    options: tuple[str, ...]
    exists: bool
    confidence: float
    evidence: str
    alternatives: tuple[str, ...] = ()


def choose_place(
    header: str,
    wanted: ColumnType,
    match: Match,
    existing: list[dict[str, Any]],
    taken: set[str],
    prefix: str,
) -> Place:
    """An existing field that means the same and has a compatible type, else a new field.

    `match` are the account's fields for this header, best first; `taken` casefolded labels of the
    target in use; `prefix` makes a clashing name its own.
    """
    label = re.sub(r"\s+", " ", header).strip()
    if wanted.transform == "rate" and not re.search(r"%|percent|pct", label, re.I):
        label += " (%)"  # the field holds the number alone
    others = tuple(
        f"{c.field} · {c.confidence:.2f}" for c in match.candidates[:3] if c.confidence >= 0.2
    )
    conflict = ""
    best = match.candidates[0] if match.candidates else None
    if best is not None and best.confidence >= SAME_FIELD and best.field.casefold() not in taken:
        there = existing[best.index]
        data_type = str(there.get("dataType") or t.TEXT)
        if data_type in _COMPATIBLE.get(wanted.data_type, ()):
            options = tuple(str(o) for o in there.get("options") or ())
            sure = min(wanted.confidence + 0.03, best.confidence)
            evidence = f"the sub-account has {best.field!r} ({data_type}): {best.evidence}"
            return Place(
                best.field, data_type, options, True, sure, f"{evidence}; {wanted.evidence}",
                others[1:],
            )  # fmt: skip
        conflict = f"; the sub-account's {best.field!r} is {data_type} and would lose values"
    if label.casefold() in {str(f["name"]).casefold() for f in existing}:
        label = f"{label} ({SOURCE.name})"
    if label.casefold() in taken:
        label = f"{prefix} {label}"
    confidence = wanted.confidence - (0.15 if conflict else 0.0)
    evidence = f"new field {wanted.data_type}: {wanted.evidence}{conflict}"
    return Place(label, wanted.data_type, (), False, confidence, evidence, others)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", text.casefold().removesuffix("__c")).strip()


@dataclass
class Options:
    """Word → option label, why where that is not plain, and how sure of the least sure one."""

    labels: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    confidence: float = 1.0


def option_map(words: tuple[str, ...], options: tuple[str, ...]) -> Options:
    """Every word gets an option: the destination's own where it has one, else one of its own."""
    found = Options()
    known: dict[str, str] = {_plain(o) or o.casefold(): o for o in options}
    held = _held_words(words, options)
    for word in words:
        plain = _plain(word) or word.casefold()
        near = max(known, key=lambda k: fuzz.ratio(k, plain), default="")
        likeness = fuzz.ratio(near, plain)
        if plain not in known and near and options and likeness >= NEAR_OPTION:
            found.labels[word] = known[near]
            found.hints[word] = f"written like {known[near]!r} ({likeness:.0f} %)"
            found.confidence = min(found.confidence, 0.8)
            continue
        if plain not in known and word in held:
            found.labels[word] = held[word]
            found.hints[word] = f"{word!r} and {held[word]!r} share their words"
            found.confidence = min(found.confidence, 0.7)
            continue
        made = plain not in known
        found.labels[word] = known.setdefault(plain, word)
        if found.labels[word] != word:
            found.hints[word] = f"same word as {found.labels[word]!r}"
            found.confidence = min(found.confidence, 0.93)
        elif made and options:
            found.hints[word] = "a new option: the sub-account has none like it"
            found.confidence = min(found.confidence, 0.9)
    return found


_NEGATIONS = frozenset({"no", "not", "non", "without", "none"})


def _held_words(words: tuple[str, ...], options: tuple[str, ...]) -> dict[str, str]:
    """Words that one option alone holds, or that hold one: `Shingle` ~ `Asphalt Shingle`.

    Only a pair that is alone on both sides counts, and never one that differs in a negation.
    """
    tokens = {text: _tokens(text) for text in (*words, *options)}
    plain = {_plain(word) for word in words}
    free = [o for o in options if _plain(o) not in plain and tokens[o]]
    pairs = [
        (word, option)
        for word in words
        for option in free
        if tokens[word]
        and (tokens[word] < tokens[option] or tokens[option] < tokens[word])
        and not (tokens[word] ^ tokens[option]) & _NEGATIONS
    ]
    return {
        word: option
        for word, option in pairs
        if sum(w == word for w, _ in pairs) == 1 and sum(o == option for _, o in pairs) == 1
    }


def _tokens(text: str) -> frozenset[str]:
    return frozenset(w.removesuffix("s") if len(w) > 3 else w for w in _plain(text).split())
