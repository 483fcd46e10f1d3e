"""Tells a firm's name from a person's, with the evidence, by the words of the name alone.

A name is a person's unless something in it speaks for a firm: people of every culture have names
nobody here has a list of, so an unknown word says nothing. Given names (US Census) only protect
words that are surnames as well as trades: `Amy Flowers`, `Tom Church`.

Belongs here: the judgement of one name. Does not: splitting a person's name (`names`), evidence
of other columns (`rows.people`).
"""

from __future__ import annotations

import re
from functools import cache

from flitstack_pipeline.cleaning.values.accents import without_accents
from flitstack_pipeline.cleaning.values.family_first import is_vietnamese
from flitstack_pipeline.cleaning.values.word_lists import word_groups

_OF = re.compile(
    r"^(?:the )?(?:city|county|town|township|village|borough|state|university|college|bank|church|"
    r"estate|school|office|department|board|law offices?|friends|house|diocese|port|isle) of\b",
    re.I,
)
_NAMED_AFTER = re.compile(
    r"(?:&|\band|\+)\s+(?:sons?|daughters?|bros|brothers|sisters|co|company|associates|assoc|"
    r"partners|ptrs|friends)\b"
    r"|(?:&|\by|\be|\bet|\bund|\ben)\s+(?:hijos?|filhos?|figli|fils|cie|s[öo]hne|zonen)\b",
    re.I,
)
_POSSESSIVE = re.compile(
    r"^(?:[^\W\d_]+\s){0,2}(?:[ODL]['\u2019])?[^\W\d_]+(?:-[^\W\d_]+)?(?:['\u2019]s|s['\u2019])\s+\S",
    re.I,
)
#: Short legal forms count at the end alone, and where they cannot be a surname or an initial.
_SHORT_FORM = re.compile(
    r"(?:[\s,](?:L\.?P|L\.?C|P\.?C|S\.?A(?:\.? de C\.?V)?|S\.? de R\.?L(?:\.? de C\.?V)?|A\.?G"
    r"|B\.?V|N\.?V|K\.?G|A\.?B|O\.?Y|S\.?p\.?A|L\.?L\.?C|L\.?L\.?P)\.?"
    r"|[\s,]HOA$|[\s,](?:[Cc][Oo]|[Ll][PpCc]|[Ll]td|[Aa]ssoc|[Ll]imited|[Pp](?:artners|ARTNERS))\.?)$"
)
_INVERTED = re.compile(r"([^\W\d_]+), ([^\W\d_]+)")
_JOINED = re.compile(r"\s*(?:&|\+|\band\b)\s*", re.I)
_HONOURS = re.compile(r"^(?:mr|mrs|ms|miss|dr|sr|sra|señor|señora)\.?$", re.I)
_WORD = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
#: What speaks for a firm, but for a couple as well; a person is asked (`names`).
TWO_NAMES = "two names joined, none of them a couple's"
#: Trades that are people's surnames more often.
_USUAL_SURNAMES = frozenset(
    {"flowers", "church", "temple", "place", "power", "coffee", "parish", "books", "crew", "golf",
     "steel", "service", "grill", "marine", "works", "wines", "lodge", "dance", "cable"}
)  # fmt: skip
_INITIALS = re.compile(r"\w\.?\s*(?:&|\+|\band\b)\s*\w\.?\s+([^\W\d_][\w'\u2019-]+)", re.I)
_HOUSEHOLD = ("family", "residence", "household")
_GENERATION = re.compile(r",?\s+(?:jr|sr|ii|iii|iv)\.?$", re.I)


def _groups() -> dict[str, frozenset[str]]:
    return word_groups("business_words")


@cache
def _strong() -> frozenset[str]:
    """Words that only firms have, or that are surnames as well (see `_surnames`)."""
    kinds = _groups()
    weak = ("", "legal", "shared", "brand", "surnames", "places")
    return frozenset().union(*(words for kind, words in kinds.items() if kind not in weak))


def may_be_a_trade(name: str) -> bool:
    """Whether a name read as a person's may be a firm's: `Kessler Plaza`, but not `Amy Glass`.

    Its last word is a trade and a surname, and its first is no given name that we know.
    """
    if name.rpartition(" ")[2].casefold() not in _trades():
        return False
    words = [w.casefold() for w in _WORD.findall(name)]
    if len(words) != 2 or "," in name or is_given(words[0]) or _HONOURS.match(words[0]):
        return False
    return words[1] in _trades()


@cache
def _trades() -> frozenset[str]:
    """Trades that are surnames as well, but seldom."""
    return _groups()["surnames"] - _USUAL_SURNAMES


def is_given(word: str) -> bool:
    """Whether a word is a usual given name."""
    bare = without_accents(word.casefold().rstrip("."))  # the list has none
    return bare in word_groups("given_names")[""]


def is_usual_surname(word: str) -> bool:
    """Whether a word is one of the usual surnames of the United States."""
    return word.casefold() in word_groups("usual_surnames")[""]


def firm_evidence(name: str) -> str:
    """What speaks for a firm in a name, in words; empty for a person's name.

    Args:
        name: A display name on one line, without remarks behind it (`names.without_remarks`).
    """
    inverted, whole = "," in name, name
    name = _natural_order(name) if inverted else name
    words = [w.casefold() for w in _WORD.findall(name)]
    if not words or (words[-1] == "hoa" and is_vietnamese(whole)):
        return ""  # `NGUYEN THI HOA` is no homeowners' association
    if _is_inverted(whole):
        return _legal(name, words)
    return (
        _legal(name, words)
        or _trade(name, words)
        or _joined(name)
        or _definite(name, words)
        or _numbered(name, words)
        or _brand(name, words)
        or ("" if inverted else _english(_without_number(words)))
    )


def _natural_order(name: str) -> str:
    """`Church, Tom` as `Tom Church`; anything else as it is."""
    inverted = _INVERTED.fullmatch(name)
    given = inverted and is_given(inverted[2]) and not is_given(inverted[1])
    return f"{inverted[2]} {inverted[1]}" if inverted and given else name


def _is_inverted(name: str) -> bool:
    """`Plaza, Ulf` is a person whatever the surname; `Baker, Plumbing` may be a firm."""
    inverted = _INVERTED.fullmatch(name)
    if not inverted:
        return False
    given = inverted[2].casefold()
    return given not in _strong() and given not in _groups()["shared"]


def _legal(name: str, words: list[str]) -> str:
    if _OF.search(name):
        return "an office, a body or an estate"
    if _NAMED_AFTER.search(name):
        return "named like a firm after a person"
    if len(words) > 1 and words[-1] in ("brothers", "bros", "sons"):
        return "named like a firm after a person"
    form = next((w for w in words if w.replace(".", "") in _groups()["legal"]), "")
    short = _SHORT_FORM.search(name)
    sure = bool(short) and words[-1].replace(".", "") in ("lp", "lc", "llp", "partners")
    if short and not form and (sure or len(words) != 2 or not is_given(words[0])):
        form = short.group(0).strip(" ,")
    return f"the name holds {form!r}" if form else ""


def _trade(name: str, words: list[str]) -> str:
    """A trade, a shop or a service; a word that is a surname too only where no given name leads."""
    possessive = _POSSESSIVE.search(name)
    if possessive and not _GENERATION.search(name):
        return "named like a firm after a person"
    led = is_given(words[0]) or bool(_HONOURS.match(words[0])) or "," in name
    for word in words:
        if word not in _strong():
            continue
        surname = word in _groups()["surnames"] and word == words[-1]
        if surname and (led or (len(words) == 2 and words[0] not in _groups()["brand"])):
            continue
        return f"the name holds {word!r}"
    return ""


def _joined(name: str) -> str:
    """Two names joined by "&": a couple, or a firm of two surnames or of two things."""
    sides = [side.strip(" ,") for side in _JOINED.split(name)]
    if len(sides) < 2 or not all(sides):
        return ""
    if len(sides) > 2:
        return "" if all(is_given(s.split()[0]) for s in sides[:-1]) else "several names joined"
    left, right = sides
    if left.casefold() == right.casefold():
        return "one name joined with itself"
    if _POSSESSIVE.search(right):
        return "named like a firm after a person"
    if _are_initials(left):
        return "" if are_initials_of_a_couple(name) else "initials joined with a thing"
    first, second = (_WORD.findall(side) or [side] for side in sides)
    if "," in left:
        return _listed(left, right)
    if any(_HONOURS.match(w[0]) for w in (first, second)):
        return ""
    given = (is_given(first[0]), is_given(second[0]))
    things = [w for w in (first[0], second[0]) if w.casefold() in _common() and not is_given(w)]
    if len(second) == 1:
        couple = all(given)
        return "" if couple else "two things joined" if things else TWO_NAMES
    return "two things joined" if things else ""


def _listed(left: str, right: str) -> str:
    """`Doe, John & Jane` is a couple; `Dewey, Cheatem & Howe` are partners."""
    parts = [p.strip() for p in left.split(",")] + [right]
    firsts = [part.split()[0] for part in parts if part]
    several = len(parts) > 3 and not all(map(is_given, firsts[1:]))
    if any(map(is_given, firsts[1:])) and not several and len(set(firsts)) == len(firsts):
        return ""
    single = all(len(part.split()) == 1 for part in parts)
    return "several names listed" if single else ""


def are_initials_of_a_couple(name: str) -> bool:
    """`J & J Smith`: two people, or a firm of theirs; `A & H Mechanical` is none."""
    match = _INITIALS.fullmatch(name)
    return bool(match and match[1].casefold() in word_groups("usual_surnames")[""])


def _are_initials(side: str) -> bool:
    """`K` of `K & L Consulting`, `J J`."""
    return all(len(word.strip(".")) == 1 for word in side.split())


@cache
def _common() -> frozenset[str]:
    return _groups()["brand"] | _groups()["shared"] | _strong()


def _definite(name: str, words: list[str]) -> str:
    if words[0] != "the" or len(words) < 3 or words[-1] in _HOUSEHOLD:
        return ""
    return "begins with 'the'"


def _numbered(name: str, words: list[str]) -> str:
    """A number in front, in a word, or behind words that name nobody: `A1 Auto`, `Studio 54`."""
    numbers = [w for w in words if any(c.isdigit() for c in w)]
    if not numbers or is_given(words[0]):
        return ""
    if len(words) > 1 and numbers == [words[-1]] and "," in name:
        return ""
    return f"the name holds {numbers[0]!r}"


def _brand(name: str, words: list[str]) -> str:
    """Words that firms call themselves, where no given name leads."""
    if "," in name or is_given(words[0]) or _HONOURS.match(words[0]) or _GENERATION.search(name):
        return ""
    brand, shared = _groups()["brand"], _groups()["shared"]
    named = [w for w in words if w in brand]
    ending = words[-1] in shared
    letters = _WORD.findall(name)[0]
    acronym = (
        len(letters) >= 3
        and letters.isalpha()
        and letters.isupper()
        and not set(letters) & set("AEIOUY")
    )
    if len(words) >= 2 and acronym and not name.isupper():
        return f"begins with the letters {letters!r}"
    if len(words) == 2 and (words[0] in brand and (ending or words[1] in brand)):
        return f"the name is made of {name!r}"
    if len(words) >= 3 and ((ending and _plain_words(words)) or len(named) >= 2):
        return f"the name holds {(named or [words[-1]])[0]!r}"
    return ""


def _plain_words(words: list[str]) -> bool:
    """Whether some word before the last is one that people are not called."""
    return any(w in _groups()["brand"] or w in _common() for w in words[:-1])


#: Words that tie a phrase together; within a name no person has them.
_TIES = frozenset({"of", "for", "the", "with", "from", "your", "our", "by"})
#: What somebody is: `Paul Plumber` may be noted so.
_OCCUPATION = re.compile(r"(?:er|or|ist|man|smith|wright)$")
#: Articles in front; `La`, `Le` and `El` begin people's names as well.
_ARTICLES = frozenset({"los", "las"})


def _english(words: list[str]) -> str:
    """Words of English that people are not called by: `Hungry Pelican`, `Taste of Naples`.

    One in the last place tells, two tell anywhere; behind a given name every word must be one.
    """
    if len(words) < 2 or _HONOURS.match(words[0]) or words[-1] in _HOUSEHOLD:
        return ""
    if len(words) == 2 and words[0] == "the" and words[1].endswith("s"):
        return ""  # `The Smiths`
    english = word_groups("english_words")
    led = is_given(words[0])
    tie = next((w for w in words[1:-1] if w in _TIES), "")
    if (tie and not led) or words[0] in _ARTICLES:
        return f"the name holds {tie or words[0]!r}"
    things = [w for w in words if w in _things()]
    if not things or (led and len(things) < len(words) - 1):
        return ""
    if len(things) >= 2:
        return f"the name is made of {' '.join(things)!r}"
    last = words[-1]
    if not led and last in _too():
        return f"the name is made of {' '.join([*things, last])!r}"
    if last not in english["never"] and (led or last not in _groups()["places"]):
        return ""
    return "" if led and _OCCUPATION.search(last) else f"the name holds {last!r}"


def _without_number(words: list[str]) -> list[str]:
    """The words without a Roman number behind them, where no given name leads: `Billy Goat II`."""
    numbered = words[-1] in ("ii", "iii", "iv") and not is_given(words[0])
    return words[:-1] if numbered else words


@cache
def _things() -> frozenset[str]:
    """Words of English, and of places, that few or no people are called by."""
    english = word_groups("english_words")
    return (english["never"] | english["seldom"] | _groups()["places"] | _strong()) - _too()


@cache
def _too() -> frozenset[str]:
    """Trades and things that are surnames, too."""
    return _groups()["surnames"] | _groups()["shared"]
