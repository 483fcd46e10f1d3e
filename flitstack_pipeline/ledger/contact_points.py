"""Phones, e-mails and addresses as the witness reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from flitstack_pipeline.ledger.places import COUNTRIES, STATES
from flitstack_pipeline.ledger.texts import Account, words_of


def read_phone(text: str, value: str, how: str, account: Account) -> str:
    """Every phone of a cell among the phones held; one of them where `how` is "one"."""
    said = phones_said(text, account.country)
    held = {
        _e164(v) for part in value.split("\x1f") for v in re.split(r"[;,]\s*", part) if v.strip()
    }
    enough = any if how == "one" else all
    if said and enough(any(_same_phone(s, h) for h in held) for s in said):
        return "phone to E.164"
    written = {part.strip() for part in re.split(r"[\x1f\n]|, ", value)}
    return "as written, beside other phones" if text.strip() in written else ""


def phones_said(text: str, country: str) -> list[str]:
    """The phones of a cell as `+digits`, or bare digits where the country's plan is not known."""
    text = re.sub(r"^(\(?\d{3}\)?)\s?/\s?(?=\d{3}\D?\d{4}\D*$)", r"\1-", text.strip())
    text = re.sub(r"(?<=\d{10})\s+(?=\d{10})", ";", re.sub(r";\s*ext=", " x", text, flags=re.I))
    text = re.sub(r"(\+\d{1,3}\s?)\(0\)", r"\1", text)  # a zero that is dialled at home only
    parts = re.split(r"[;,/|\n&]|\b(?:or|and)\b", text, flags=re.I)
    found = []
    for part in parts:
        bare = re.sub(
            r"(?:x|ext\.?|extension|#)\s*\.?\s*(\d{1,6})\s*$", "", part.strip(), flags=re.I
        )
        bare = _written_out(re.sub(r"^(\d{7,15})\.0$", r"\1", bare))
        bare = (
            re.sub(r"[A-Za-z]", _keypad, bare)
            if re.search(r"\d[\s.-]*[A-Za-z]{3,}", bare) and len(re.sub(r"\D", "", bare)) < 7
            else bare
        )
        digits = re.sub(r"\D", "", bare)
        if len(digits) >= 7:
            abroad = "+" in bare or digits.startswith("00")
            told = abroad or digits.startswith("011") or country not in _AMERICAN
            ours = told or _IN_THREES.fullmatch(bare.strip())
            found.append(_normal(digits, abroad, country) if ours else digits)
    return found


_AMERICAN = ("US", "CA", "PR")
#: A number of the North American plan, by its digits or by how it is set apart.
_IN_THREES = re.compile(r"\D*1?\D{0,3}[2-9]\d\d\D{0,3}[2-9]\d\d\D{0,3}\d{4}\D*")


def _written_out(text: str) -> str:
    """`8.135552001E9` with all its digits; the text itself where digits are gone."""
    parts = re.fullmatch(r"(\d)(?:[.,](\d+))?E\+?(\d{1,2})", text.strip(), re.I)
    digits = parts[1] + (parts[2] or "") if parts else ""
    return digits if parts and len(digits) == int(parts[3]) + 1 else text


def _keypad(match: re.Match[str]) -> str:
    return "22233344455566677778889999"[ord(match[0].upper()) - ord("A")]


#: Mexico's numbers have ten digits since August 2019; before, mobiles had 1 behind 52, and 044, 045
#: or 01 stood before the ten at home (IFT's numbering plan).
_OLD_MEXICAN = re.compile(r"(?:(?:00)?521|044|045|01)(\d{10})")


def _normal(digits: str, international: bool, country: str) -> str:
    old = _OLD_MEXICAN.fullmatch(digits)
    if old and (country == "MX" or (international and digits.removeprefix("00")[:2] == "52")):
        return "+52" + old[1]
    if international:
        return "+" + digits.removeprefix("00")
    if country in _AMERICAN:
        if digits.startswith("011") and len(digits) > 11:
            return "+" + digits.removeprefix("011")
        if len(digits) == 10:
            return "+1" + digits
        if len(digits) == 11 and digits[0] == "1":
            return "+" + digits
    return digits


def _e164(value: str) -> str:
    bare = re.sub(r"(?:x|ext\.?)\s*\d{1,6}\s*$", "", value.strip(), flags=re.I)
    digits = re.sub(r"\D", "", bare)
    return "+" + digits if bare.lstrip().startswith("+") else digits


def _same_phone(said: str, held: str) -> bool:
    if said.startswith("+"):
        return said == held or said[1:] == held
    national = said.lstrip("0")
    return said == held or (
        held.startswith("+") and held.endswith(national) and len(held) - len(national) <= 5
    )


def read_email(text: str, value: str, how: str, account: Account) -> str:
    """Every e-mail of a cell among those held; one of them where `how` is "one"."""
    text = text.replace("/", " ") if text.count("@") > 1 else text
    bare = re.sub(r"mailto:([^?\s]+)(?:\?\S*)?", r"\1", text.casefold())
    said = re.findall(r"[^\s;,|<>()\"]+@[^\s;,|<>()\"]+", bare)
    held = set(re.split(r"[\s;,\x1f]+", value.casefold()))
    enough = any if how == "one" else all
    if said and enough(s.strip(".") in held for s in said):
        return "e-mail in lower case"
    return ""


def read_url(text: str, value: str, how: str, account: Account) -> str:
    """A web address with or without its scheme."""
    strip = re.compile(r"^\s*https?://|/\s*$", re.I)
    same = strip.sub("", text.strip()).casefold() == strip.sub("", value.strip()).casefold()
    return "web address with its scheme" if same else ""


_SHORT = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln",
    "court": "ct", "boulevard": "blvd", "circle": "cir", "place": "pl", "terrace": "ter",
    "parkway": "pkwy", "highway": "hwy", "square": "sq", "trail": "trl", "way": "way",
    "apartment": "apt", "suite": "ste", "unit": "unit", "floor": "fl", "building": "bldg",
    "north": "n", "south": "s", "east": "e", "west": "w", "northeast": "ne", "northwest": "nw",
    "southeast": "se", "southwest": "sw", "cove": "cv", "crossing": "xing", "heights": "hts",
    "junction": "jct", "mount": "mt", "saint": "st", "fort": "ft", "ridge": "rdg", "spring": "spg",
    "springs": "spgs", "number": "no", "room": "rm", "point": "pt", "plaza": "plz",
    "expressway": "expy",
}  # fmt: skip


def address_words(text: str) -> list[str]:
    """The words of an address with usual short forms, in order."""
    return list(_address_words(text))


@lru_cache(maxsize=20_000)
def _address_words(text: str) -> tuple[str, ...]:
    found = words_of(re.sub(r"(?<=\d)-(?=\d{4}\b)", " ", text.replace("#", " ")))
    joined = _STATE_AT_END.sub(lambda m: STATES[m[0]], " ".join(found))
    joined = _COUNTRY_AT_END.sub(lambda m: COUNTRIES[m[0]], joined)
    return tuple(_SHORT.get(w, w) for w in joined.split())


def _any_of(names: Iterable[str]) -> str:
    """A pattern of names, longer ones first: `west virginia` is not Virginia."""
    return "|".join(sorted(names, key=len, reverse=True))


_STATE_AT_END = re.compile(rf"(?<!^)\b(?:{_any_of(STATES)})\b(?= \d| us| united|$)")
_COUNTRY_AT_END = re.compile(rf"\b(?:{_any_of(COUNTRIES)})$")
_STATE_NAME = re.compile(rf"\b(?:{_any_of(STATES)})\b")
_COUNTRY_NAME = re.compile(rf"\b(?:{_any_of(COUNTRIES)})\b")


def read_address(text: str, value: str, how: str, account: Account) -> str:
    """An address on one line, or one part of it (`how`: street, city, state, zip, country)."""
    if how == "state":
        return _coded(text, value, STATES, "state by its code")
    if how == "country":
        return _coded(text, value, COUNTRIES, "country by its code")
    if how == "zip":
        return _postcode(text, value)
    rest, number = _without_phone(text)
    if number and re.search(rf"\+\d*{re.sub(r'[^0-9]', '', number)[-10:]}\b", value):
        text = rest
    if _EASTERN.search(text):  # written without blanks, from large to small
        signs, there = (re.sub(r"[\W_]", "", x) for x in (text.replace("日本", ""), value))
        same = sorted(signs) == sorted(there[: len(signs)])  # other columns may go on
        return "address in its parts, sign by sign" if same else ""
    wanted, held = address_words(text), address_words(value)
    said, parts = _without_marks(wanted), _without_marks(held)
    raw, shown = words_of(text), words_of(value)
    if said and (
        said == parts[: len(said)] or raw == shown[: len(raw)]
    ):  # other columns may go on: the postcode, the country
        return "address in its parts, usual short forms"
    if said and any(_elsewhere(text, value, names) for names in (True, False)):
        return "address in its parts, the postcode where its country has it"
    return ""


_EASTERN = re.compile("[\u3040-\u30ff\u4e00-\u9fff]{3}")
#: Postcodes of two halves, which may be written together: Canada, Britain, Ireland, the
#: Netherlands (but for a country behind four digits), Brazil, Sweden.
_HALVES = re.compile(
    r"\b([a-z][\doi][a-z]) ?([\doi][a-z][\doi])\b|\b([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})\b"
    r"|\b([a-z]\d[\dw]) ?([a-z\d]{4})\b"
    r"|\b(\d{4}) ?(?!(?:no|dk|ch|at|be|au|nz|za|lu|hu|si)(?:$| \d))([a-z]{2})\b"
    r"|\b(\d{5}) ?(\d{3})\b|\b(\d{3}) (\d{2})\b|\b(\d{3}) ?(\d{4})\b(?= jp\b)"
)
#: The sign of a country before its postcode, and the word for one: `D-10115`, `C.P. 44100`.
_SIGN_OF_COUNTRY = re.compile(
    r"(?:^|(?<=[,;\n]))\s*(?:CH|DK|FI|NL|SE|[ADEFIBNS])[- ](?=\d{3,5})"
    r"|\b(?:CH|DK|FI|NL|SE|[ADEFIBNS])-(?=\d{3,5}\b)|\b(?:C\.?\s?P\.?|CEP:?)\s(?=\d{5})"
)
#: Postcodes with a hyphen between two groups of digits: Poland, Portugal.
_HYPHENED = re.compile(r"\b(\d{2}|\d{4})-(\d{3})\b")


def _elsewhere(text: str, value: str, names: bool) -> bool:
    """Whether two addresses are the same but for where the postcode stands."""
    said, held = _in_order(text, names), _in_order(value, names)
    at = next((i for i, w in reversed([*enumerate(held)]) if re.search(r"\d", w) and w in said), 0)
    if not at or (held[at - 1] in COUNTRIES.values() and held[at - 1] not in said):
        return False  # no postcode, or one behind the country
    said.remove(held.pop(at))
    return said == held[: len(said)]


def _in_order(text: str, names: bool) -> list[str]:
    """The words of an address; `names` of states and countries as their codes."""
    return list(_ordered(text, names))


@lru_cache(maxsize=20_000)
def _ordered(text: str, names: bool) -> tuple[str, ...]:
    text = _HYPHENED.sub(r"\1\2", _SIGN_OF_COUNTRY.sub(" ", text))
    found = " ".join(words_of(re.sub(r"(?<=\d)-(?=\d{4}\b)", " ", text.replace("#", " "))))
    if names:
        found = _STATE_NAME.sub(lambda m: STATES[m[0]], found)
        found = _COUNTRY_NAME.sub(lambda m: COUNTRIES[m[0]], found)
    found = _HALVES.sub(lambda m: _code("".join(g for g in m.groups() if g)), found)
    return tuple(_SHORT.get(w, w) for w in found.split() if w not in _MARKS)


def _code(joined: str) -> str:
    """A postcode as one word; Canada has neither O nor I."""
    canadian = re.fullmatch(r"[a-z][\doi][a-z][\doi][a-z][\doi]", joined)
    return joined.translate({111: "0", 105: "1"}) if canadian else joined


_PHONE_AT_END = re.compile(
    r"[,;|\s]+(?:ph(?:one)?|tel|cell|mobile)?[.:]?\s*"
    r"(\+?\d?[\s.-]?\(?\d{3}\)?[\s.-]?\d{3}[\s.-]?\d{4})\s*$",
    re.IGNORECASE,
)


def _without_phone(text: str) -> tuple[str, str]:
    """A line without the phone number at its end, and that number ("" for none)."""
    found = _PHONE_AT_END.search(text)
    return (text[: found.start()], found.group(1)) if found else (text, "")


_MARKS = ("apt", "ste", "unit", "no")


def _without_marks(words: list[str]) -> list[str]:
    """The words of an address without those that mark a unit."""
    return [w for w in words if w not in _MARKS]


def _coded(text: str, value: str, codes: dict[str, str], rule: str) -> str:
    said, held = " ".join(words_of(text)), " ".join(words_of(value))
    return rule if held in (said, codes.get(said, "")) else ""


def _postcode(text: str, value: str) -> str:
    said, held = re.sub(r"[\s.]", "", text).casefold(), re.sub(r"[\s.]", "", value).casefold()
    said = re.sub(r"0$", "", said) if re.fullmatch(r"\d{3,5}\.0", text.strip()) else said
    said = re.sub(r"(?<=\d)-$", "", said)
    if said == held:
        return "postcode tidied"
    if said.isdigit() and held.isdigit() and len(said) < 5 and said.zfill(5) == held:
        return "postcode with its leading zero"
    if said.isdigit() and len(said) in (8, 9) and said.zfill(9) == held.replace("-", ""):
        return "postcode tidied"
    return ""
