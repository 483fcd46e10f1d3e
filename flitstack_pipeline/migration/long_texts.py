"""Texts that are longer than a field of HighLevel holds: the rest goes into notes of the contact.

What belongs here: cutting one row's texts, before anything is sent, so that plan, load and
reconciliation see the same rows. What does not: reading rows (rows.py), finding the contact.
A LARGE_TEXT field holds 12,000 characters (live: L10); the length of a note is not documented, so
pieces stay below the same limit.
"""

from __future__ import annotations

from typing import Any

from flitstack_pipeline.catalog.declared import REFERENCE

FIELD_MOST = 12_000
#: How much of a text stays in its field, the sentence about the rest left room for.
KEPT_MOST = 11_900
PIECE_MOST = 10_000
CONTINUES = "\n… continues in a note of the contact"
#: How the record keys of such notes begin.
REST = "note:rest:"
#: Where each kind keeps texts that may be long.
_PARTS = {"contact": "custom", "opportunity": "custom", "company": "custom", "record": "fields"}


def long_texts(kind: str, payload: dict[str, Any]) -> dict[str, str]:
    """The values of a row that are too long for their field, by the field's name."""
    values = payload.get(_PARTS.get(kind, ""), {})
    return {k: v for k, v in values.items() if isinstance(v, str) and len(v) > FIELD_MOST}


def cut(kind: str, payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A payload whose texts fit, and what is left of each in pieces.

    Args:
        kind: of the record.
        payload: as mapped; it is not changed.

    Returns:
        The payload with each long text cut and saying so; the pieces by the field's name. The
        part that stays and the pieces make the whole text again.
    """
    part, rest = _PARTS.get(kind, ""), {}
    values = dict(payload.get(part, {}))
    for name, text in long_texts(kind, payload).items():
        head, *pieces = pieces_of(text)
        values[name] = head + CONTINUES
        rest[name] = pieces
    return ({**payload, part: values} if rest else payload), rest


def pieces_of(text: str) -> list[str]:
    """A text in pieces that fit, cut between words where it can be; joined they are the text."""
    pieces = []
    most = KEPT_MOST
    while len(text) > most:
        at = max(text.rfind("\n", most // 2, most), text.rfind(" ", most // 2, most)) + 1
        at = at or most
        pieces.append(text[:at])
        text, most = text[at:], PIECE_MOST
    return [*pieces, text]


def note_body(label: str, name: str, piece: str, number: int, count: int, reference: str) -> str:
    """The text of a note that holds a piece.

    Args:
        label: what people call the record.
        name: the field the text belongs to.
        piece: the part of the text.
        number: which piece it is, from 1.
        count: how many there are.
        reference: the key by which the note is found again.
    """
    head = f"{name.removesuffix('__c').replace('_', ' ')} of {label}, continued ({number}/{count})"
    return f"{head}\n{piece}\n{REFERENCE}{reference}"
