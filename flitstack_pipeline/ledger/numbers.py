"""Numbers as the witness reads them: one amount under one decimal sign, with its sign kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from flitstack_pipeline.ledger.texts import Account, plain, unwrapped, words_of

_MONEY_WORDS = re.compile(
    r"[A-Z]{0,2}\$(?:US|CA|AU|NZ|MX)\b|£GB\b|[A-Z]{0,2}[$€£¥₡₱₲₴₹₦₩₪₫₺₽฿]|\b(?:USD|CAD|AUD|NZD|EUR|GBP|MXN|CRC|COP|PEN|CHF|BRL|INR|ZAR|SEK|"
    r"NOK|DKK|PLN|CZK|HUF|RON|JPY|CNY|HKD|SGD|AED|TRY|PHP|CLP|ARS)\b|(?<![^\W\d_])(?:kr|Rs|Fr)\b\.?"
    r"|zł|Kč|(?<=\d )lei\b",
    re.I,
)


def number(text: str, sign: str) -> Decimal | None:
    """The one number a text says where `sign` is the decimal sign; None for any other text."""
    found = re.sub(r"[\u2212\u2013\u2014]", "-", plain(unwrapped(text))).replace("\u00a0", " ")
    found = re.sub(r"(?<![^\W\d_])R(?=\s?\d)", "", _MONEY_WORDS.sub("", found)).strip()
    found = re.sub(r"(?<=\d)[.,:/]\s?(?:-{1,2}|=)$", "", found)
    if found in ("-", "--", "-0-"):
        return Decimal(0)
    side = re.fullmatch(r"(.*[\d)])\s*\(?([CD])R\.?\)?", found, re.I)
    if side:  # an account's credit or debit side
        said = number(side[1], sign)
        if said is None or side[1].startswith(("-", "(")) or side[1].endswith("-"):
            return None
        return -said if side[2].upper() == "C" else said
    negative = found.startswith("(") and found.endswith(")")
    found = found[1:-1].strip() if negative else found
    match = re.fullmatch(r"([+-]?)\s*([\d.,' ]*\d[\d.,' ]*?)\s*(-?)", found)
    if not match or (match[1] == "-") + bool(match[3]) + negative > 1:
        return Decimal(0) if negative and found.strip() in ("", "-") else None
    amount = _digits(match[2].strip(), sign)
    if amount is None:
        return None
    return -amount if match[1] == "-" or match[3] or negative else amount


def _digits(found: str, sign: str) -> Decimal | None:
    """Digits with thousands apart; a shape that only the other sign explains is read by that."""
    for decimal in (sign, "." if sign == "," else ","):
        group = "," if decimal == "." else "."
        grouped = rf"[1-9]\d{{0,2}}(?:(?P<g>[{group}' ])\d{{3}})(?:(?P=g)\d{{3}})*"
        indian = (
            r"\d{1,2}(?:,\d{2})+,\d{3}"
            if decimal == "."
            else grouped.replace("g>", "h>").replace("=g", "=h")
        )
        whole = rf"(?:{grouped}|{indian}|\d*)(?:[{decimal}]\d*)?"
        if re.fullmatch(whole, found):
            bare = re.sub(rf"[{group}' ]", "", found).replace(decimal, ".")
            try:
                return Decimal(bare)
            except InvalidOperation:
                return None
    return None


def read_number(text: str, value: str, how: str, account: Account) -> str:
    """A number, also one with a unit or a percent sign beside it; `how` is the decimal sign."""
    held = _held_number(value)
    if held is None:
        return ""
    said = number(text, how or ".")
    if said is None:
        unit = re.fullmatch(r"\s*([-+]?[\d.,]+)\s*([^\W\d_][\w.²³/ ]*)", text)
        said = number(unit[1], how or ".") if unit else None
    if said is None:
        sign = r"(?:%|percent|pct\.?|per cent|por ciento|pour cent|prozent)"
        behind = re.sub(r"^\s*%\s?([\d.,]+)$", r"\1%", text)
        percent = re.fullmatch(rf"\s*([-+\u2212(]?[\d.,]+)\s*{sign}(\)?)\s*", behind, re.I)
        said = number(percent[1] + percent[2], how or ".") if percent else None
    if said is None:
        return ""
    if said == held:
        return "number without signs of currency and thousands"
    return "rounded" if abs(said - held) <= Decimal("0.00005") else ""


def _held_number(value: str) -> Decimal | None:
    return Decimal(value) if re.fullmatch(r"-?\d+(\.\d+)?", value) else None


_LINE_END = re.compile(r"[;\n|]|\s/\s")
_FIGURE = re.compile(r"\d[\d.,]*")
#: A line that shows how many and at what price: `1 · 2.5 h × Labor @ 80.00 = 200.00`.
_SHOWN = re.compile(r"^\d+ · (?P<count>\d[\d.,]*)(?: [^×]*?)? × .* @ -?\d")
#: In a cell: `2 x Door @ $350`, `Door - 2 hrs x $350`, `Door x 2 at 350`, `Door 2 @ 350`.
_AT = re.compile(r"(?:@|\bat\b)\s*[-(]?[^\W\d_]{0,3}\W{0,2}?(\d[\d.,]*)", re.I)
_BEFORE_AT = re.compile(r"(\d[\d.,]*)\s*(?:[^\W\d_]{1,5}\s*)?(?:@|\bat\b)", re.I)
_BEFORE_TIMES = re.compile(
    r"(\d[\d.,]*)\s*(?:[^\W\d_]{1,5}\s+|sq ?ft\s*)?(?:[×*]|x(?![^\W\d_]))", re.I
)
_AFTER_TIMES = re.compile(r"(?:[×*]|(?<![^\W\d_])x)\s*[-(]?\W{0,2}?(\d[\d.,]*)", re.I)
#: Between the parts of a line, and for what is counted.
_BESIDE = frozenset({"at", "x", "ea", "each"})


def read_lines(text: str, value: str) -> str:
    """Line items of one cell, each with its words and figures in a line of its own in the value."""
    if " \u00d7 " not in value:
        return ""
    left = [
        (set(words_of(line)), _figures(_FIGURE.findall(line)), line) for line in value.split("\n")
    ]
    for part in filter(str.strip, _LINE_END.split(text)):
        words = {w for w in words_of(part) if not re.match(r"x?\d", w)} - _BESIDE
        figures = _figures(_FIGURE.findall(part))
        at = next(
            (
                i
                for i, (w, f, line) in enumerate(left)
                if words <= w and figures <= f and _are_in_place(part, line)
            ),
            None,
        )
        if at is None:
            return ""
        left.pop(at)
    return "line items, a line each"


def _are_in_place(part: str, line: str) -> bool:
    """Whether how many and at what price, as a cell writes them, are that in a line that has both.

    A figure beside a times sign may be part of a name (`2x4`), so each may be one of several.
    """
    shown = _SHOWN.search(line)
    if not shown:
        return True
    counts, prices = _figures([shown["count"]]), _figures(_AT.findall(line))
    price = _figures(_AT.findall(part))
    beside = _figures(_BEFORE_TIMES.findall(part))
    after = _figures(_AFTER_TIMES.findall(part))
    count = beside | after if price or not beside else beside
    price = price or (after if beside else price)
    count |= _figures(_BEFORE_AT.findall(part)) if price else set()
    return (not count or bool(count & counts)) and (not price or bool(price & prices))


def _figures(found: Iterable[str]) -> set[Decimal]:
    figures = (number(figure.rstrip(".,"), ".") for figure in found)
    return {figure for figure in figures if figure is not None}
