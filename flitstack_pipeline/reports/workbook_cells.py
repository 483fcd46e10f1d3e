"""Text in the cells of workbooks: as much as a cell holds, never a formula."""

from __future__ import annotations

from openpyxl.cell.cell import ERROR_CODES, ILLEGAL_CHARACTERS_RE, Cell

#: Excel holds no longer text in a cell than some 32,767 characters.
LONGEST_CELL = 32_000
_FORMULA_STARTS = ("=", "+", "-", "@")


def fitting(text: str) -> str:
    """A text without characters a workbook cannot hold, cut to a cell's length."""
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)[:LONGEST_CELL]


def needs_care(text: str) -> bool:
    """Whether a cell would take a text for something else: a formula, or an error of Excel's."""
    return text.startswith(_FORMULA_STARTS) or text in ERROR_CODES


def put_text(cell: Cell, text: str) -> None:
    """Put a fitting text into a cell so that it stays text."""
    cell.value = text
    if text:
        cell.data_type = "s"
        if text.startswith(_FORMULA_STARTS):
            cell.quotePrefix = True  # a style of its own: costs more than the cell
