"""The field mapping document given to the customer before anything moves: one HTML page.

Belongs here: the map in words and pictures. Does not: the workbook (`field_map_workbook`), what
the map decides (`mapping`). Self-contained; whatever the exports hold is escaped.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.mapping.answers import SHEET_NAMES
from flitstack_pipeline.mapping.document import EXCLUDED, PROPOSED, FieldEntry, MapDocument
from flitstack_pipeline.reports.document import render_template, write_text
from flitstack_pipeline.reports.field_map_diagram import Flow, diagram

OBJECT_NAMES = {
    t.CONTACT: "Contact", t.BUSINESS: "Company", t.OPPORTUNITY: "Opportunity",
    **{key: target.singular for key, target in t.OBJECTS.items()},
}  # fmt: skip
_TRANSFORMS = {
    "text": "as it is", "money": "as an amount", "number": "as a number",
    "date": "as a day, read as its file writes days",
    "moment": "the whole moment, in the account's time zone", "rate": "as a rate in percent",
    "date_mdy": "as a day, read month first", "date_dmy": "as a day, read day first",
    "yes_no": "as Yes or No", "list": "as a list", "joined": "all in one text",
    "lines": "all in one text, a line each", "choice": "word by word (see values)",
    "multi": "several words, each by its value",
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """One object's entries, ready to be shown."""

    title: str
    anchor: str
    rows: list[dict[str, Any]]
    opened: int


def write_field_map(document: MapDocument, path: Path) -> Path:
    """Write the page, readable by its owner only; return the path."""
    return write_text(path, render_field_map(document))


def render_field_map(document: MapDocument) -> str:
    """The field mapping document as one self-contained, printable HTML page."""
    return render_template(
        "field_map.html.j2",
        picture=Markup(diagram(_flows(document), _links(document))),  # noqa: S704 - escaped there
        blocks=_blocks(document),
        values=document.values,
        stages=document.stages,
        owners=document.owners,
        document=document,
        opened=document.unconfirmed(),
        changed=[(n, e.changed) for n, e in document.decisions() if e.changed],
        counts=Counter(e.status for _, e in document.decisions()),
        excluded=[e for e in document.fields if e.status == EXCLUDED],
    )


def _blocks(document: MapDocument) -> list[Block]:
    found = []
    for dataset, title in SHEET_NAMES.items():
        entries = [e for e in document.fields if e.dataset == dataset]
        if entries:
            opened = sum(e.status == PROPOSED and e.required for e in entries)
            found.append(Block(title, dataset, [_row(e) for e in entries], opened))
    return found


def _row(entry: FieldEntry) -> dict[str, Any]:
    sure = entry.confidence
    return {
        "source": entry.source.removeprefix("custom:"),
        "custom": entry.is_custom_column,
        "object": OBJECT_NAMES.get(entry.target, entry.target),
        "field": entry.field,
        "type": entry.data_type or "standard field",
        "how": _TRANSFORMS.get(entry.transform, entry.transform),
        "status": entry.status,
        "level": "sure" if sure >= 0.9 else "likely" if sure >= 0.7 else "unsure",
        "confidence": f"{sure:.0%}",
        "evidence": entry.evidence,
        "others": ", ".join(entry.alternatives),
        "changed": entry.changed,
        "by": entry.decided_by,
        "empty": not entry.required,
    }


def _flows(document: MapDocument) -> list[Flow]:
    fields: Counter[tuple[str, str]] = Counter()
    opened: Counter[tuple[str, str]] = Counter()
    for entry in document.fields:
        if entry.active:
            pair = (SHEET_NAMES[entry.dataset], OBJECT_NAMES.get(entry.target, entry.target))
            fields[pair] += 1
            opened[pair] += entry.status == PROPOSED and entry.required
    return [Flow(source, target, n, opened[(source, target)])
            for (source, target), n in fields.items()]  # fmt: skip


def _links(document: MapDocument) -> list[tuple[str, str]]:
    unused = t.OPPORTUNITY_PRODUCT if document.estimate_lines == "compact" else t.ESTIMATE
    return [
        (OBJECT_NAMES[a.first], OBJECT_NAMES[a.second])
        for a in t.ASSOCIATIONS.values()
        if a.second != unused
    ] + [("Contact", "Opportunity"), ("Contact", "Company")]
