"""Phones to E.164 and e-mails to their normal form; several in a cell keep their order.

And whether a cell holds nothing but such.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from flitstack_pipeline.cleaning.values.words import text

_PHONE_SPLIT = re.compile(r"\s*(?:[;,/|\n]|\bor\b|\band\b)\s*", re.I)
#: `813/555-2102` is one number, and `030/12345678`, for no number begins with the zero alone.
_AREA_SLASH = re.compile(
    r"^((?:\+?1[ -])?\(?\d{2,4}\)?(?=\s?/\s?\d{3}[-. ]?\d{3,4}(?!\d))|\(?0\d{1,5}\)?(?=\s?/\s?\d))"
    r"\s?/\s?",
    re.A,
)
_SCIENTIFIC = re.compile(r"^\d(?:[.,]\d+)?E\+?\d+$", re.I)
#: How Mexico wrote mobiles before 2019: 1 behind +52, 044 or 045 in front, 01 from afar.
_OLD_MEXICAN = re.compile(r"^(?:(?:\+|00)?52[ -]?1|044|045|01)(?=(?:\D*\d){10}\D*$)", re.A)
_EXTENSION = re.compile(r"\s*(?:x|ext\.?|extension|#)\s*\.?\s*(\d{1,6})\s*$", re.I | re.A)
_LABEL = re.compile(
    r"^\s*(?:cell|mobile|home|work|office|main|fax|tel|phone|m|h|w|o)\s*[:.]\s*", re.I
)
_LABEL_WORD = re.compile(r"(?:cell|mobile|home|work|office|main|fax|tel|phone)", re.I)
_PLAIN_DIGITS = re.compile(r"'?\+?[\d\s().\-\u2010-\u2015]+", re.A)
_VANITY = re.compile(r"\+?[\d\s().\-]*\d[\s.\-]*[A-Za-z]{3,}[A-Za-z\-]*", re.A)
#: The North American plan: neither area code nor exchange begins with 0 or 1.
_NANP = re.compile(r"1?([2-9]\d{2}[2-9]\d{6})", re.A)
#: How nearly every phone of that plan is written: needs no further look.
_EVERYDAY = re.compile(
    r"(?:\+?1[ .-]?)?\(?([2-9]\d{2})\)?[ .-]?([2-9]\d{2})[ .-]?(\d{4})"
    r"(?: ?(?:x|ext\.?) ?(\d{1,6}))?",
    re.A,
)
NANP_REGIONS = frozenset({"US", "CA", "PR"})
_EMAIL_SPLIT = re.compile(r"[\s;,|<>]+")
_JOINING_WORDS = frozenset({"and", "or", "y", "et", "&", "/"})
#: What people type where there is no address. `na@mail.net`, `test@…` and `no@…` may be somebody's:
#: they count only where the domain is made up, too.
_PLACEHOLDER = re.compile(
    r"^(?:none|no-?e?mail|no-?reply|not-?provided)@|@(?:none|no-?e?mail|example)\."
    r"|^(?:no|na|n/a|test|unknown|null|x{2,}|abc|e?mail)@(?:no|na|test|unknown|null|x+|abc|e?mail)\.",
    re.I,
)
_WEB_ADDRESS = re.compile(r"https?://\S+|(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?", re.I)
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{}~-]+)*")


@dataclass(frozen=True)
class Phone:
    """One phone: E.164 when it is certain, else only as read; the extension apart.

    `remark` is what stood beside the number in words ("wife").
    """

    e164: str | None
    extension: str | None
    as_read: str
    remark: str | None = None

    @property
    def shown(self) -> str:
        """E.164 with ` x12` for an extension, or the text as read."""
        if self.e164 is None:
            return self.as_read
        return f"{self.e164} x{self.extension}" if self.extension else self.e164


@lru_cache(maxsize=200_000)
def phones(value: str | None, region: str = "US") -> tuple[Phone, ...]:
    """Every phone of a cell, in order, without repeats. Numbers Excel damaged stay as read."""
    found = text(value)
    if found is None:
        return ()
    everyday = _EVERYDAY.fullmatch(found) if region in NANP_REGIONS else None
    if everyday:
        number = "".join(everyday.groups()[:3])
        if len(set(number)) > 1:
            return (Phone(f"+1{number}", everyday[4], found),)
    found = _AREA_SLASH.sub(r"\1-", re.sub(r";\s*ext=", " x", found, flags=re.I))
    parts = [p for p in _PHONE_SPLIT.split(found) if p.strip()]
    return tuple(dict.fromkeys(phone for part in parts for phone in _phones(part, region)))


def phones_of_row(value: str | None, region: str, home: str) -> tuple[Phone, ...]:
    """Likewise, in a row of another country than the account's: there a number without country code
    is of the row's country, where that has such numbers (`020 7946 0958` beside Leeds).

    Args:
        value: The cell.
        region: The account's country.
        home: The row's.
    """
    ours, theirs = phones(value, region), phones(value, home)
    if home == region or len(ours) != len(theirs):
        return ours
    if _EVERYDAY.fullmatch(text(value) or ""):  # set apart as Americans do
        return theirs if home in NANP_REGIONS and region not in NANP_REGIONS else ours
    return tuple(
        dict.fromkeys(
            there if there.e164 and (not here.e164 or _is_valid(there.e164)) else here
            for here, there in zip(ours, theirs, strict=True)
        )
    )


def _is_valid(e164: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(e164))


def _phones(part: str, region: str) -> list[Phone]:
    shown = " ".join(part.split())
    if _SCIENTIFIC.match(shown):
        whole = _all_digits(shown)
        return _phones(whole, region) if whole else [Phone(None, None, shown)]
    bare = re.sub(r"^(\d{7,15})\.0$", r"\1", _LABEL.sub("", shown))
    extension = _EXTENSION.search(bare)
    number = bare[: extension.start()] if extension else bare
    digits = re.sub(r"\D", "", number)
    one_number = len(digits) <= 15 and (
        _PLAIN_DIGITS.fullmatch(number) or _VANITY.fullmatch(number)
    )
    if not one_number:
        return _among_words(bare, shown, region)
    e164, inner = _parse(number, region)
    if e164 is None and re.search(r"[A-Za-z]", number):
        return _among_words(bare, shown, region)
    return [Phone(e164, (extension.group(1) if extension else inner) if e164 else None, shown)]


def _all_digits(scientific: str) -> str | None:
    """`8.135552001E9` written out; None where digits are gone (`8.14E+09`)."""
    digits, _, power = scientific.upper().replace("+", "").partition("E")
    whole = re.sub(r"\D", "", digits)
    return whole if 7 <= len(whole) == int(power) + 1 else None


def _parse(number: str, region: str) -> tuple[str | None, str | None]:
    """(E.164, extension) of one number; North American ones by the plan's own rule."""
    if region == "MX" or number.startswith(("+52", "0052")):
        number = _OLD_MEXICAN.sub("+52 ", number.strip())
    digits = re.sub(r"\D", "", number)
    if region in NANP_REGIONS and _PLAIN_DIGITS.fullmatch(number) and "+" not in number:
        digits = digits.removeprefix("00") if digits.startswith("001") else digits
        match = _NANP.fullmatch(digits)
        if match and len(set(match.group(1))) > 1:
            return f"+1{match.group(1)}", None
    if digits.startswith("00") and "+" not in number:  # how most of the world dials abroad
        number = re.sub(r"^\D*00", "+", number)
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None, None
    return _certain(parsed), parsed.extension or None


def _certain(parsed: phonenumbers.PhoneNumber) -> str | None:
    """E.164 of a parsed number that can exist; "0000000000" and "123-456-7890" cannot."""
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    national = str(parsed.national_number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or len(set(national)) == 1:
        return None
    if parsed.country_code == 1 and not _NANP.fullmatch(national):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _among_words(bare: str, shown: str, region: str) -> list[Phone]:
    """Numbers with words around them, or several without a separator."""
    matches = list(
        phonenumbers.PhoneNumberMatcher(bare, region, leniency=phonenumbers.Leniency.POSSIBLE)
    )
    certain = [(m, _certain(m.number)) for m in matches]
    if not matches or not all(e164 for _, e164 in certain):
        return [Phone(None, None, shown)]
    rest = bare
    for match in matches:
        rest = rest.replace(match.raw_string, " ", 1)
    remark = " ".join(rest.split()).strip("()-:. ") or None
    remark = None if remark and _LABEL_WORD.fullmatch(remark) else remark
    return [
        Phone(e164, match.number.extension or None, match.raw_string, remark)
        for match, e164 in certain
    ]


@lru_cache(maxsize=200_000)
def emails(value: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(valid e-mails in lower case, in order; what was dropped) of one cell, without any DNS."""
    found = text(value)
    if found is None:
        return (), ()
    good: list[str] = []
    dropped: list[str] = []
    for part in _email_parts(found):
        candidate = _without_scheme(part.strip("\"'()[]")).rstrip(".")
        if not candidate or part.casefold() in _JOINING_WORDS:
            continue
        address = None if _PLACEHOLDER.search(candidate) else _valid(candidate)
        (good if address else dropped).append(address or part)
    return tuple(dict.fromkeys(good)), tuple(dropped)


def _without_scheme(part: str) -> str:
    """`mailto:ann@x.net?subject=hi` without what a link has around the address."""
    bare = re.sub(r"^mailto:", "", part, flags=re.I)
    return bare if bare == part else bare.partition("?")[0]


def _email_parts(found: str) -> list[str]:
    parts = [p for p in _EMAIL_SPLIT.split(found) if p]
    return [q for p in parts for q in (p.split("/") if p.count("@") > 1 else [p])]


def _valid(candidate: str) -> str | None:
    """The normal form; an everyday local part needs only its domain checked, once per domain."""
    local, at, domain = candidate.lower().rpartition("@")
    if at and len(local) <= 64 and len(candidate) <= 254 and _LOCAL.fullmatch(local):
        checked = _domain(domain)
        return f"{local}@{checked}" if checked else None
    return _validated(candidate)


@lru_cache(maxsize=100_000)
def _domain(domain: str) -> str | None:
    found = _validated(f"a@{domain}")
    return found.partition("@")[2] if found else None


def _validated(candidate: str) -> str | None:
    try:
        found = validate_email(candidate, check_deliverability=False, test_environment=False)
    except EmailNotValidError:
        return None
    normal = found.normalized.lower()
    return normal if len(normal.rpartition(".")[2]) > 1 else None


def is_email(value: str) -> bool:
    """Whether a cell holds e-mail addresses and nothing else."""
    good, dropped = emails(value)
    return bool(good) and not dropped


def is_phone(value: str) -> bool:
    """Whether a cell holds phone numbers and nothing else; the country need not be known."""
    found = phones(value)
    return bool(found) and all(
        phone.remark is None and (phone.e164 or _has_digits_enough(phone.as_read))
        for phone in found
    )


def _has_digits_enough(shown: str) -> bool:
    digits = sum(c.isdigit() for c in shown)
    return 7 <= digits <= 15 and _PLAIN_DIGITS.fullmatch(shown) is not None


def is_web_address(value: str) -> bool:
    """Whether a cell is a web address: with its scheme, or a host whose last part is letters."""
    return _WEB_ADDRESS.fullmatch(value) is not None
