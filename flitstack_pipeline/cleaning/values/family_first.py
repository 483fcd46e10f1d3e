"""Names that stand family first: Vietnamese ones, and those of China, Korea and Japan.

The order of Vietnamese names is family, middle, given: `Nguyen Van Minh` is Van Minh Nguyen.

People abroad turn them round (`Minh Nguyen`), so a name is read family first only where its words
say so: it begins with a surname and does not end with one, and the surname is nobody's given name
(`Nguyen`), or the middle name is `Thi`, or the letters are Vietnamese. Where the words are even
(`Le Minh Tuan`, `Nguyen Tran`) a person is asked, once for all.

Chinese and Korean names in Latin letters stand in either order in one account (`Wang Xiaoming`,
`Kim Min-jun`), so a person is asked about them. In their own letters the family comes first; where
Chinese characters stand without a blank, how many of them are the family's is asked as well.

Belongs here: the order of one name's words. Does not: other names (`names`).
"""

from __future__ import annotations

import re
from functools import cache

from flitstack_pipeline.cleaning.values.accents import without_accents
from flitstack_pipeline.cleaning.values.word_lists import word_groups

#: Middle names of most men and of most women; Dutch surnames begin with the first as well.
_OF_MEN, _OF_WOMEN = "van", "thi"
#: Letters and tones of Vietnamese and of no other language of Latin letters.
_LETTERS = re.compile("[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")
#: Letters of Korea; those, and the characters of China and Japan.
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_SIGNS = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]+"
_EASTERN = re.compile(f"{_SIGNS}(?:[ \u3000]{_SIGNS})?")
#: Surnames of two signs, of Korea and of China.
_TWO_SIGNS = word_groups("name_words")["two_signs"]
#: A syllable of Chinese in Latin letters (Hanyu Pinyin), and a given name of one or two.
_SYLLABLE = (
    "(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:[iu]ang|iong|[aeio]ng|ia[no]|uai|uan|[ae]i|ao|ou|[aeiu]n|ia|ie|iu|"
    "ua|ui|uo|ue|[aeiou])"
)
_PINYIN = re.compile(rf"(?:{_SYLLABLE}){{1,2}}|{_SYLLABLE}-{_SYLLABLE}")
_HYPHENED = re.compile(r"[a-z]{2,5}-[a-z]{2,5}")
_JOINED = re.compile(r"[,&+/]| and ", re.I)
_HOUSEHOLD = frozenset({"family", "residence", "household", "home"})


def is_family_first(name: str) -> bool | None:
    """Whether a name stands family first; None where its words are even.

    Args:
        name: A person's name without remarks.
    """
    if _EASTERN.fullmatch(name):
        return True if len(name.split()) == 2 or _HANGUL.fullmatch(name) else None
    words = [_plain(word) for word in name.split()]
    if not 2 <= len(words) <= 4 or words[0] not in _all_surnames() or _JOINED.search(name):
        return False
    surnames, shared = _lists()
    first, middle, last = words[0], words[1] if len(words) > 2 else "", words[-1]
    if last in _HOUSEHOLD or _is_foreign_surname(last, _all_surnames()):
        return False
    if middle == _OF_WOMEN or (first in surnames and middle == _OF_MEN):
        return True
    if last in _all_surnames():
        return None if first in surnames or (middle == _OF_MEN and last in shared) else False
    if first in surnames or _LETTERS.search(name):
        return True
    return None if middle else False


def is_eastern(name: str) -> bool:
    """Whether a name is, or may be, a Chinese, Korean or Japanese one that stands family first."""
    if _EASTERN.fullmatch(name):
        return True
    groups, words = word_groups("name_words"), [_plain(word) for word in name.split()]
    if not 2 <= len(words) <= 3 or _JOINED.search(name):
        return False
    first, *given = words
    if _is_foreign_surname(words[-1], groups["chinese"]):
        return False
    if first in groups["korean"]:
        syllables = [part for word in given for part in word.split("-")]
        if len(syllables) == 2 and set(syllables) <= groups["korean_given"]:
            return True
    if first not in groups["chinese"]:
        return False
    if len(given) == 1:
        return bool(_PINYIN.fullmatch(given[0]) or _HYPHENED.fullmatch(given[0]))
    return all(re.fullmatch(_SYLLABLE, word) for word in given)


def _is_foreign_surname(word: str, vietnamese: frozenset[str]) -> bool:
    return word in word_groups("usual_surnames")[""] and word not in vietnamese


def is_vietnamese(name: str) -> bool:
    """Whether a name begins or ends with a surname that only Vietnamese bear: no `van` in it is a
    particle."""
    words = [_plain(word) for word in name.replace(",", " ").split()]
    return bool(words) and not _lists()[0].isdisjoint((words[0], words[-1]))


def turned(name: str) -> tuple[str, str]:
    """(middle and given name, family name) of a name that stands family first."""
    family, blank, given = name.replace("\u3000", " ").partition(" ")
    if not blank and _EASTERN.fullmatch(name):
        at = 2 if name[:2] in _TWO_SIGNS and len(name) > 2 else 1
        family, given = name[:at], name[at:]
    return given, family


def _lists() -> tuple[frozenset[str], frozenset[str]]:
    """(surnames that are nothing else, surnames that are given names or words as well)."""
    groups = word_groups("name_words")
    return groups["vietnamese"], groups["vietnamese_shared"]


@cache
def _all_surnames() -> frozenset[str]:
    return frozenset().union(*_lists())


def _plain(word: str) -> str:
    return without_accents(word.casefold().replace("đ", "d"))
