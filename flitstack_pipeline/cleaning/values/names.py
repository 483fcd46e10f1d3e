"""Splits a display name into first and last, and tells people from businesses, with evidence.

Nothing is lost: when first and last put together do not give the name back, the caller keeps the
original.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from flitstack_pipeline.cleaning.values.accents import without_accents
from flitstack_pipeline.cleaning.values.family_first import (
    is_eastern,
    is_family_first,
    is_vietnamese,
    turned,
)
from flitstack_pipeline.cleaning.values.firms import (
    TWO_NAMES,
    are_initials_of_a_couple,
    firm_evidence,
    is_given,
    may_be_a_trade,
)
from flitstack_pipeline.cleaning.values.word_lists import word_groups
from flitstack_pipeline.cleaning.values.words import one_line

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nameparser import HumanName
    from nameparser.config import CONSTANTS

_COUPLE = re.compile(r"\s+(?:&|and|\+|y)\s+", re.I)
_SUFFIX_ONLY = re.compile(r"^(jr|sr|ii|iii|iv|md|phd|esq)\.?$", re.I)
_ROMAN = re.compile(r"(ii|iii|iv|vi|vii|viii)")
_NICKNAME = re.compile(r"\([^)]+\)|\"[^\"]+\"|\u201c[^\u201d]+\u201d")
_PARTICLES = frozenset(
    [
        "de",
        "la",
        "las",
        "los",
        "del",
        "van",
        "der",
        "den",
        "von",
        "da",
        "dos",
        "di",
        "du",
        "y",
        "and",
    ]
)
_SUFFIXES = frozenset(CONSTANTS.suffix_acronyms) | frozenset(CONSTANTS.suffix_not_acronyms)
#: Words that make a name of two words something else than given name and surname.
_SPECIAL = _SUFFIXES.union(
    CONSTANTS.titles, CONSTANTS.first_name_titles, CONSTANTS.prefixes, CONSTANTS.conjunctions
)
#: What a person is, behind the name or in brackets; never a part of the name.
_PROFESSIONS = word_groups("name_words")["professions"]
_OFFICES = word_groups("name_words")["offices"]
#: Those that may stand in front; `Md` is a given name there, and an estate is no person.
_LEADING = frozenset(w for w in _OFFICES if len(w) > 3) - {"estate"} | {"rn"}
#: Letters of a degree behind a comma, in a name that is not all capitals: `Mary Jones, CCRN`.
_LETTERS = re.compile(r"(?:[A-Z]{2,5}(?:-[A-Z]{1,3})?)(?: [A-Z]{2,5})*")
#: Mailboxes and desks that exports write where a name belongs.
_MAILBOXES = word_groups("name_words")["mailboxes"]
_SPANISH = word_groups("name_words")["spanish"]
#: `Yolanda Y Crawford` has an initial, not an "and".
_INITIAL_Y = re.compile(r"(\w[\w'\u2019-]+) [Yy](\.?) ([\w'\u2019-]{2,})")
#: Emoji, stars, hearts and other signs; letters, digits and punctuation of names stay.
_SIGNS = re.compile(
    r"[^\w\s.,&+'\u2019\u2018\"\u201c\u201d()\[\]/#@:;!?*\-\u2013\u2014]|[*\u200d\ufe0f]+"
)
_BRACKETED_END = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])\s*$")
#: `Ann Roe *DO NOT CALL*`, `Bob Fay ***VIP***`.
_STARRED_END = re.compile(r"(?<=\S)\s*\*+[^*]+\*+\s*$")
_DASHED_END = re.compile(r"\s+[-\u2013\u2014]+\s*\S.*$|\s*[-\u2013\u2014]+\s+\S.*$")
#: Who has one of these behind the name is a person.
_GENERATION = re.compile(r",?\s+(?:jr|sr|ii|iii|iv)\.?$", re.I)
_TWO_WORDS = re.compile(r"([^\W\d_][\w'\u2019-]+) ([^\W\d_][\w'\u2019-]+)")


#: What a person may answer about a pattern.
FIRMS, PEOPLE = "firms", "people"
FAMILY_FIRST, GIVEN_FIRST = "family name first", "given name first"


@dataclass(frozen=True)
class Doubt:
    """A pattern of names that has two readings: what it is, and the two, for the question."""

    what: str
    choices: tuple[str, str] = (FIRMS, PEOPLE)


#: By the name of the pattern.
DOUBTS = {
    "joined": Doubt("two surnames joined by '&' or 'and'"),
    "trade": Doubt("a word and a trade that is a surname as well"),
    "initials": Doubt("two initials joined, and a name"),
    "order": Doubt(
        "words of which the first may be a Vietnamese surname", (FAMILY_FIRST, GIVEN_FIRST)
    ),
    "order_eastern": Doubt(
        "words of which the first may be a Chinese or Korean surname, or signs without a blank of "
        "which the first may be one",
        (FAMILY_FIRST, GIVEN_FIRST),
    ),
}


@dataclass(frozen=True)
class Name:
    """A person's or business's name.

    `invertible` says that nothing was lost in the split, `doubt` that the pattern of the name has
    two readings (one of `DOUBTS`).
    """

    display: str
    first: str | None
    last: str | None
    invertible: bool
    looks_like_business: bool
    evidence: str
    doubt: str = ""


@lru_cache(maxsize=200_000)
def split_name(value: str | None) -> Name | None:
    """The name of a cell, or None when empty. Couples keep both given names as the first name."""
    found = one_line(value)
    if found is None:
        return None
    bare, evidence = without_remarks(found)
    if evidence and not is_mailbox(found):
        return _firm(found, evidence, "joined" if evidence == TWO_NAMES else "")
    return _person(found, bare, _doubt(bare))


def _doubt(name: str) -> str:
    """The pattern of this person's name that has another reading, or nothing."""
    if may_be_a_trade(name):
        return "trade"
    if are_initials_of_a_couple(name):
        return "initials"
    order = is_family_first(name)
    if order is not True and is_eastern(name):
        return "order_eastern"
    return "order" if order is None else ""


def decided(value: str, answer: str) -> Name:
    """A name of a pattern that has two readings, read as a person said."""
    found = one_line(value) or value
    if answer == FIRMS:
        return _firm(found, "a person said that such names are firms")
    return _person(found, without_remarks(found)[0], family_first=answer == FAMILY_FIRST)


def _firm(found: str, evidence: str, doubt: str = "") -> Name:
    return Name(found, None, None, True, True, evidence, doubt)


def _person(found: str, bare: str, doubt: str = "", *, family_first: bool = False) -> Name:
    """The name of a person; `bare` is without remarks."""
    tidy = _cased_alike(bare) if is_vietnamese(bare) else natural_case(bare)
    if is_mailbox(tidy):
        return Name(found, None, None, False, False, "a mailbox, nobody's name")
    if family_first or is_family_first(tidy):
        whole = _cased_alike(bare)
        given, family = turned(whole)
        return Name(
            whole, given, family, False, False, "a name that stands family name first", doubt
        )
    first, last = _everyday(tidy) or _split(tidy)
    display = " ".join(p for p in (first, last) if p)
    return Name(display, first, last, display == found, False, "reads like a person", doubt)


def without_remarks(name: str) -> tuple[str, str]:
    """(the name without signs and remarks, what speaks for a firm in it or "").

    `Lisa Ray ⭐`, `John Smith - Rental`, `Jane Doe (upstairs)`, `Ann Lee, Trustee` are people with
    a remark. A name that is a firm's keeps its whole text, so the first part is then `name`.
    """
    unstarred = _STARRED_END.sub("", name)
    bare = " ".join(_SIGNS.sub(" ", unstarred).split()).strip(" ,;-") or name
    head = bare
    while _BRACKETED_END.search(head) and _BRACKETED_END.sub("", head).strip():
        head = _BRACKETED_END.sub("", head).strip()
    dashed = _DASHED_END.sub("", head).strip(" ,")
    if len(dashed.split()) >= 2 or ("," in dashed and dashed):
        head = dashed
    head = _without_profession(head)
    evidence = firm_evidence(head)
    if not evidence and len(head.split()) < 2:
        evidence, head = firm_evidence(bare), head or bare
    return (name, evidence) if evidence else (_without_mailbox(head), "")


def without_signs(part: str | None) -> str | None:
    """A part of a name without emoji and stars; None where nothing else was in it."""
    if not part or part.isalpha():
        return part
    return " ".join(_SIGNS.sub(" ", part).split()) or None


def _without_profession(name: str) -> str:
    """The name without professions: `John Smith, Attorney at Law`, `Mary Lee BSN RN`."""
    first, *rest = (part.strip() for part in name.split(","))
    if len(first.split()) < 2:
        return _without_office(first, rest)
    kept = [part for part in rest if not _is_profession(part) and not _is_degree(part, name)]
    words = first.split()
    while len(words) > 2 and _plain(words[-1]) in _OFFICES:
        words.pop()
    while len(words) > 2 and _plain(words[0]) in _LEADING:
        words.pop(0)
    return ", ".join([" ".join(words), *kept])


def _without_office(family: str, rest: list[str]) -> str:
    """`Jones, Mary RN` without what Mary is; `Smith, Trustee` is a surname alone."""
    if not rest:
        return family
    words = rest[0].split()
    while words and _plain(words[-1]) in _OFFICES and not _is_suffix(rest[0]):
        words.pop()
    return ", ".join([family, *([" ".join(words)] if words else []), *rest[1:]])


def _is_degree(part: str, name: str) -> bool:
    return not name.isupper() and bool(_LETTERS.fullmatch(part)) and not _is_generation(part)


def _plain(word: str) -> str:
    return word.casefold().replace(".", "")


def _is_profession(part: str) -> bool:
    words = [w.casefold().replace(".", "") for w in part.split()]
    return bool(words) and all(w in _PROFESSIONS for w in words) and not _is_generation(part)


def _is_generation(part: str) -> bool:
    return bool(_GENERATION.fullmatch(f" {part.strip()}"))


def _without_mailbox(name: str) -> str:
    """`Lisa Ray Office` without its desk; two names must be left."""
    words = name.split()
    while len(words) > 2 and words[-1].casefold().strip(".") in _MAILBOXES:
        words.pop()
    return " ".join(words).strip(" ,-")


def is_mailbox(name: str) -> bool:
    """Whether a text is a mailbox or a desk (`Office`), which is nobody's name."""
    return all(w.casefold().strip(".") in _MAILBOXES for w in name.split())


def _everyday(name: str) -> tuple[str, str] | None:
    """Given name and surname of a name of two plain words, which needs no parser.

    "Jr.", "III" and their like belong to the surname.
    """
    generation = _GENERATION.search(name)
    match = _TWO_WORDS.fullmatch(name[: generation.start()] if generation else name)
    if not match or not _SPECIAL.isdisjoint(w.lower() for w in match.groups()):
        return None
    suffix = f" {generation.group(0).strip(', ')}" if generation else ""
    return match.group(1), match.group(2) + suffix


def natural_case(name: str) -> str:
    """ALL CAPS and all lower case become capitalised; mixed case is left as typed."""
    if not _shouts_or_whispers(name):
        return name
    inverted = "," in name and name.split()[0].lower() in _PARTICLES
    return _capitalised_words(name, start=int(inverted))


def _cased_alike(name: str) -> str:
    """ALL CAPS and all lower case with each word capitalised; mixed case as typed."""
    if not _shouts_or_whispers(name):
        return name
    return " ".join(_capitalised(word, 0) for word in name.split())


def natural_cases(first: str, last: str) -> tuple[str, str]:
    """First and last name in natural case, judged together: `BOB`, `RAY`, but not `JP`, `Ray`."""
    if not _shouts_or_whispers(f"{first} {last}"):
        return first, last
    return _capitalised_words(first), _capitalised_words(last, start=len(first.split()))


def _shouts_or_whispers(name: str) -> bool:
    """Whether a name is all of one case; three letters may be initials."""
    return len(name) >= 4 and (name.isupper() or name.islower())


def _capitalised_words(name: str, start: int = 0) -> str:
    return " ".join(_capitalised(word, i) for i, word in enumerate(name.split(), start))


def _capitalised(word: str, position: int) -> str:
    lower = word.lower()
    if position and lower in _PARTICLES:
        return lower
    if _ROMAN.fullmatch(lower) or re.fullmatch(r"(\w\.)+", lower):
        return word.upper()
    cased = re.sub(r"(^|[-'\u2019(\"])(\w)", lambda m: m[1] + m[2].upper(), lower)
    return re.sub(r"^Mc(\w)", lambda m: "Mc" + m[1].upper(), cased)


def _split(name: str) -> tuple[str | None, str | None]:
    initial = _INITIAL_Y.fullmatch(name)
    if initial and not (is_given(initial[1]) and is_given(initial[3])):
        return f"{initial[1]} Y{initial[2]}", initial[3]
    if _COUPLE.search(name) and "," not in name:
        return _split_couple(name)
    if "," in name:
        inverted = _split_inverted(name)
        if inverted:
            return inverted
    if len(name.split()) == 1:
        return name, None
    if double := _two_surnames(name.split()):
        return double
    human = HumanName(name)
    first = " ".join(p for p in (human.title, human.first, human.middle) if p) or None
    last = " ".join(p for p in (human.last, human.suffix) if p) or None
    nickname = _NICKNAME.search(name)
    if nickname and first:
        first = f"{first} {nickname.group(0)}"
    return (last, None) if first is None and last else (first, last)


def _two_surnames(words: list[str]) -> tuple[str, str] | None:
    """Two surnames as Spanish has them: `Gabriel García Márquez` has both as the last name."""
    if len(words) not in (3, 4) or not all(map(_is_spanish, words[-2:])):
        return None
    return " ".join(words[:-2]), " ".join(words[-2:])


def _is_spanish(surname: str) -> bool:
    plain = without_accents(surname.casefold())
    return plain in _SPANISH and not is_given(plain)


def _split_inverted(name: str) -> tuple[str, str] | None:
    """`Doe, John` and `Smith, Jr., Bob`; None for `Bob Smith, Jr.`, which is in natural order."""
    parts = [p.strip() for p in name.split(",") if p.strip()]
    suffixes = [p for p in parts[1:] if _SUFFIX_ONLY.match(p)]
    rest = [p for p in parts[1:] if p not in suffixes]
    if not rest or (len(parts[0].split()) > 1 and all(_is_suffix(p) for p in rest)):
        return None
    return " ".join(rest), " ".join([parts[0], *suffixes])


def _is_suffix(part: str) -> bool:
    return all(w.lower().replace(".", "") in _SUFFIXES for w in part.split())


def _split_couple(name: str) -> tuple[str | None, str | None]:
    """`John & Jane Doe` → `John & Jane`, `Doe`; `John Doe & Ann Roe` → `John Doe & Ann`, `Roe`."""
    found = _COUPLE.search(name)
    assert found is not None
    joint, left, right = found.group(0), name[: found.start()], name[found.end() :]
    if len(right.split()) == 1:
        if joint.strip().casefold() == "y":  # José Ortega y Gasset: one surname
            given, *family = left.split()
            return (given, f"{' '.join(family)}{joint}{right}") if family else (name, None)
        first, last = _split(left)
        return (f"{first}{joint}{right}", last) if last else (name, None)
    first, last = _split(right)
    left_first, left_last = _split(left)
    same = left_last and last and left_last.casefold() == last.casefold()
    return f"{left_first if same else left}{joint}{first}", last
