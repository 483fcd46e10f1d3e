"""Numbers as the witness reads them: one amount under one decimal sign, with its sign kept."""

from __future__ import annotations

import re
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
#: Between the parts of a line, and for what is counted.
_BESIDE = frozenset({"at", "x", "ea", "each"})


def read_lines(text: str, value: str) -> str:
    """Line items of one cell, each with its words and figures in a line of its own in the value."""
    if " \u00d7 " not in value:
        return ""
    left = [(set(words_of(line)), _figures(line)) for line in value.split("\n")]
    for part in filter(str.strip, _LINE_END.split(text)):
        words = {w for w in words_of(part) if not w[0].isdigit()} - _BESIDE
        figures = _figures(part)
        at = next((i for i, (w, f) in enumerate(left) if words <= w and figures <= f), None)
        if at is None:
            return ""
        left.pop(at)
    return "line items, a line each"


def _figures(text: str) -> set[Decimal]:
    found = (number(figure.rstrip(".,"), ".") for figure in _FIGURE.findall(text))
    return {figure for figure in found if figure is not None}
