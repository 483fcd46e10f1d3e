"""Splits a display name into first and last, and tells people from businesses, with evidence.

Nothing is lost: when first and last put together do not give the name back, the caller keeps the
original.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

import probablepeople

from flitstack_pipeline.cleaning.values.words import one_line

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nameparser import HumanName
    from nameparser.config import CONSTANTS

_COMPANY = re.compile(
    r"\b(llc|l\.l\.c|inc|incorporated|corp|corporation|company|ltd|llp|pllc|gmbh|"
    r"construction|roofing|plumbing|builders|properties|realty|management|enterprises|"
    r"holdings|services|solutions|contracting|contractors|restaurant|hoa|"
    r"association|apartments|city of|county of|estate of|family trust|landscaping|cleaning|"
    r"electric|electrical|hvac|dental|clinic|hospital|university|pharmacy|attorneys|law offices?|"
    r"bakery|pizza|grill|cafe|catering|hardware|supply|lumber|storage|towing|motors|salon|"
    r"daycare|fitness|insurance|mortgage|rentals|logistics|trucking|wholesale)\b\.?|\bs\.a\.",
    re.I,
)
#: Joe's …, … & Sons: how firms are named after people, and people are not.
_NAMED_AFTER = re.compile(
    r"^[^\W\d_]+['\u2019]s\s+\S|(?:&|\band)\s+(?:sons?|bros|brothers)\b", re.I
)
#: Words of businesses that are also surnames: they decide only where no person is named.
_PERHAPS_COMPANY = re.compile(
    r"\b(co|limited|pc|builder|group|church|school|partners|bank|hotel)\b\.?|\d", re.I
)
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
#: Who has one of these behind the name is a person.
_GENERATION = re.compile(r",?\s+(?:jr|sr|ii|iii|iv)\.?$", re.I)
_TWO_WORDS = re.compile(r"([^\W\d_][\w'\u2019-]+) ([^\W\d_][\w'\u2019-]+)")


@dataclass(frozen=True)
class Name:
    """A person's or business's name. `invertible` says that nothing was lost in the split."""

    display: str
    first: str | None
    last: str | None
    invertible: bool
    looks_like_business: bool
    evidence: str


@lru_cache(maxsize=200_000)
def split_name(value: str | None) -> Name | None:
    """The name of a cell, or None when empty. Couples keep both given names as the first name."""
    found = one_line(value)
    if found is None:
        return None
    business, evidence = _is_business(found)
    if business:
        return Name(found, None, None, True, True, evidence)
    tidy = natural_case(found)
    first, last = _everyday(tidy) or _split(tidy)
    display = " ".join(p for p in (first, last) if p)
    return Name(display, first, last, display == found, False, evidence)


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


def is_business(
    business_name: str | None, website: str | None, name: Name | None
) -> tuple[bool, str]:
    """Whether a client is a business: business name, website or a company's name, and why."""
    if business_name:
        return True, "business name given"
    if website:
        return True, "website given"
    if name and name.looks_like_business:
        return True, name.evidence
    return False, "no business name, no website, reads like a person"


def _is_business(name: str) -> tuple[bool, str]:
    word = _COMPANY.search(name)
    if word:
        return True, f"the name holds {word.group(0)!r}"
    perhaps, words = _PERHAPS_COMPANY.search(name), len(name.split())
    if _NAMED_AFTER.search(name):
        return True, "named like a firm after a person"
    if words < 2 or "," in name or (words == 2 and not perhaps) or _COUPLE.search(name):
        return False, "reads like a person"
    if _GENERATION.search(name):
        return False, "a generation follows the name"
    if not perhaps and _speaks_for_a_person(name):
        return False, "a title or a particle of surnames"
    if _reads_like_corporation(name):
        also = f" and holds {perhaps.group(0)!r}" if perhaps else ""
        return True, f"probablepeople reads a corporation{also}"
    return False, "reads like a person"


def _speaks_for_a_person(name: str) -> bool:
    """A title in front, or a particle that only surnames have ("de", "van", "St.")."""
    first, *rest = (w.lower().rstrip(".") for w in name.split())
    return first in CONSTANTS.titles or any(w in CONSTANTS.prefixes for w in rest[:-1])


def _reads_like_corporation(name: str) -> bool:
    try:
        return bool(probablepeople.tag(name)[1] == "Corporation")
    except probablepeople.RepeatedLabelError:
        return False


def natural_case(name: str) -> str:
    """ALL CAPS and all lower case become capitalised; mixed case is left as typed."""
    return _capitalised_words(name) if _shouts_or_whispers(name) else name


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
    if _COUPLE.search(name) and "," not in name:
        return _split_couple(name)
    if "," in name:
        inverted = _split_inverted(name)
        if inverted:
            return inverted
    if len(name.split()) == 1:
        return name, None
    human = HumanName(name)
    first = " ".join(p for p in (human.title, human.first, human.middle) if p) or None
    last = " ".join(p for p in (human.last, human.suffix) if p) or None
    nickname = _NICKNAME.search(name)
    if nickname and first:
        first = f"{first} {nickname.group(0)}"
    return (last, None) if first is None and last else (first, last)


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
