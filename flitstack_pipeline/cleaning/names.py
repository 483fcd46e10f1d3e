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

from flitstack_pipeline.cleaning.words import one_line

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nameparser import HumanName

_COMPANY = re.compile(
    r"\b(llc|l\.l\.c|inc|incorporated|corp|corporation|co|company|ltd|limited|llp|pllc|pc|gmbh|"
    r"construction|roofing|plumbing|builders?|properties|realty|management|enterprises|group|"
    r"holdings|services|solutions|contracting|contractors|restaurant|church|school|hoa|"
    r"association|apartments|partners|bank|hotel|city of|county of)\b\.?",
    re.I,
)
_COUPLE = re.compile(r"\s+(?:&|and|\+|y)\s+", re.I)
_SUFFIX_ONLY = re.compile(r"^(jr|sr|ii|iii|iv|md|phd|esq)\.?$", re.I)


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
    tidy = _natural_case(found)
    first, last = _split(tidy)
    display = " ".join(p for p in (first, last) if p)
    return Name(display, first, last, display == found, False, evidence)


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
    if re.search(r"\d", name):
        return True, "the name holds a number"
    if len(name.split()) < 2 or _COUPLE.search(name) or "," in name:
        return False, "reads like a person"
    try:
        _, kind = probablepeople.tag(name)
    except probablepeople.RepeatedLabelError:
        return False, "unclear; taken for a person"
    if kind == "Corporation" and len(name.split()) > 2:
        return True, "probablepeople reads a corporation"
    return False, "reads like a person"


def _natural_case(name: str) -> str:
    """ALL CAPS and all lower case become capitalised; mixed case is left as typed."""
    if not (name.isupper() or name.islower()) or len(name) < 4:
        return name
    human = HumanName(name)
    human.capitalize(force=True)
    return " ".join(str(human).split()) if "," not in name and "&" not in name else name.title()


def _split(name: str) -> tuple[str | None, str | None]:
    if _COUPLE.search(name) and "," not in name:
        return _split_couple(name)
    if "," in name:
        last, _, rest = name.partition(",")
        rest = rest.strip()
        if rest and not _SUFFIX_ONLY.match(rest):
            return rest, last.strip()
    if len(name.split()) == 1:
        return name, None
    human = HumanName(name)
    first = " ".join(p for p in (human.title, human.first, human.middle) if p) or None
    last = " ".join(p for p in (human.last, human.suffix) if p) or None
    if first is None and last:
        return last, None
    return first, last


def _split_couple(name: str) -> tuple[str | None, str | None]:
    """`John & Jane Doe` → `John & Jane`, `Doe`; `John Doe and Ann Roe` keeps the second whole."""
    parts = _COUPLE.split(name, maxsplit=1)
    left, right = parts[0].split(), parts[1].split()
    joint = name[len(parts[0]) : len(name) - len(parts[1])]
    if len(left) == 1 and len(right) > 1:
        return f"{parts[0]}{joint}{right[0]}", " ".join(right[1:])
    if len(right) == 1 and len(left) > 1:
        return f"{' '.join(left[:-1])}{joint}{right[0]}", left[-1]
    return f"{' '.join(left[:-1]) or parts[0]}{joint}{parts[1]}", left[-1] if len(
        left
    ) > 1 else None
