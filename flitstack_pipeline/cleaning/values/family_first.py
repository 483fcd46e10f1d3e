"""Vietnamese names, whose order is family, middle, given: `Nguyen Van Minh` is Van Minh Nguyen.

People abroad turn them round (`Minh Nguyen`), so a name is read family first only where its words
say so: it begins with a surname and does not end with one, and the surname is nobody's given name
(`Nguyen`), or the middle name is `Thi`, or the letters are Vietnamese. Where the words are even
(`Le Minh Tuan`, `Nguyen Tran`) a person is asked, once for all.

Belongs here: the order of one name's words. Does not: other names (`names`).
"""

from __future__ import annotations

import re

from flitstack_pipeline.cleaning.values.accents import without_accents
from flitstack_pipeline.cleaning.values.word_lists import word_groups

#: Middle names of most men and of most women; Dutch surnames begin with the first as well.
_OF_MEN, _OF_WOMEN = "van", "thi"
#: Letters and tones of Vietnamese and of no other language of Latin letters.
_LETTERS = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
_JOINED = re.compile(r"[,&+/]| and ", re.I)
_HOUSEHOLD = frozenset({"family", "residence", "household", "home"})


def is_family_first(name: str) -> bool | None:
    """Whether a name stands family first; None where its words are even.

    Args:
        name: A person's name without remarks.
    """
    words = [_plain(word) for word in name.split()]
    surnames, shared = _lists()
    if not 2 <= len(words) <= 4 or _JOINED.search(name) or words[0] not in surnames | shared:
        return False
    first, middle, last = words[0], words[1] if len(words) > 2 else "", words[-1]
    if last in _HOUSEHOLD or _is_foreign_surname(last, surnames | shared):
        return False
    if middle == _OF_WOMEN or (first in surnames and middle == _OF_MEN):
        return True
    if last in surnames | shared:
        return None if first in surnames or (middle == _OF_MEN and last in shared) else False
    if first in surnames or _LETTERS.search(name):
        return True
    return None if middle else False


def _is_foreign_surname(word: str, vietnamese: frozenset[str]) -> bool:
    return word in word_groups("usual_surnames")[""] and word not in vietnamese


def is_vietnamese(name: str) -> bool:
    """Whether a name begins or ends with a surname that only Vietnamese bear: no `van` in it is a
    particle."""
    words = [_plain(word) for word in name.replace(",", " ").split()]
    return bool(words) and not _lists()[0].isdisjoint((words[0], words[-1]))


def turned(name: str) -> tuple[str, str]:
    """(middle and given name, family name) of a name that stands family first."""
    family, _, given = name.partition(" ")
    return given, family


def _lists() -> tuple[frozenset[str], frozenset[str]]:
    """(surnames that are nothing else, surnames that are given names or words as well)."""
    groups = word_groups("name_words")
    return groups["vietnamese"], groups["vietnamese_shared"]


def _plain(word: str) -> str:
    return without_accents(word.casefold().replace("đ", "d"))
