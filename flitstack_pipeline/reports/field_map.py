"""The field mapping document given to the customer before anything moves: one HTML page.

Belongs here: the map in words and pictures. Does not: the workbook (`field_map_workbook`), what
the map decides (`mapping`). Self-contained; whatever the exports hold is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.mapping.answer_sheets import SHEET_NAMES
from flitstack_pipeline.mapping.document import (
    PROPOSED,
    FieldEntry,
    MapDocument,
    StageMap,
    ValueMap,
)
from flitstack_pipeline.reports.document import render_template, write_text
from flitstack_pipeline.reports.field_map_diagram import Flow, diagram
from flitstack_pipeline.reports.field_words import evidence_words, field_words, sure, type_words

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


#: What the exports show of a column, by (dataset, source): its own header and some values.
Samples = Mapping[tuple[str, str], Mapping[str, Any]]


@dataclass(frozen=True)
class Block:
    """One object's entries, ready to be shown."""

    title: str
    anchor: str
    rows: list[dict[str, Any]]
    opened: int


def write_field_map(document: MapDocument, path: Path, samples: Samples | None = None) -> Path:
    """Write the page, readable by its owner only; return the path."""
    return write_text(path, render_field_map(document, samples))


def render_field_map(document: MapDocument, samples: Samples | None = None) -> str:
    """The field mapping document as one self-contained, printable HTML page.

    Args:
        document: The map.
        samples: Headers and values of the columns, as the exports have them.
    """
    blocks = _blocks(document, samples or {})
    doubtful = [
        {**row, "of": block.title} for block in blocks for row in block.rows if row["doubtful"]
    ]
    gaps = [f"{name}: “{word}” has no target" for name, word in document.gaps()]
    asked = [f"{name}: {said}" for name, said in document.open_words()]
    return render_template(
        "field_map.html.j2",
        picture=Markup(diagram(_flows(document), _links(document))),  # noqa: S704 - escaped there
        blocks=blocks,
        doubtful=doubtful,
        words=[*gaps, *asked, *_unsure_words(document)],
        values=document.values,
        stages=document.stages,
        owners=document.owners,
        document=document,
        opened=len(document.unconfirmed()),
        counts=Counter(e.status for _, e in document.decisions()),
        sure=sure,
    )


def _blocks(document: MapDocument, samples: Samples) -> list[Block]:
    found = []
    for dataset, title in SHEET_NAMES.items():
        entries = [e for e in document.fields if e.dataset == dataset]
        if entries:
            opened = sum(e.status == PROPOSED and e.required for e in entries)
            rows = [_row(e, samples.get((dataset, e.source), {})) for e in entries]
            found.append(Block(title, dataset, rows, opened))
    return found


def _unsure_words(document: MapDocument) -> list[str]:
    """Dropdowns and statuses of which the words' goals are not sure."""
    maps: list[tuple[str, ValueMap | StageMap]] = [
        *((f"values of {name}", m) for name, m in document.values.items()),
        *((f"stages of {name}", m) for name, m in document.stages.items()),
    ]
    return [
        f"{name}: {m.changed or evidence_words(m.evidence)}"
        for name, m in maps
        if m.changed or (m.status == PROPOSED and sure(m.confidence) != "sure")
    ]


def _row(entry: FieldEntry, sample: Mapping[str, Any]) -> dict[str, Any]:
    open_now = entry.status == PROPOSED and entry.required
    how_sure = sure(entry.confidence)
    return {
        "source": str(sample.get("header") or entry.source.removeprefix("custom:")),
        "values": list(sample.get("values") or ()),
        "custom": entry.is_custom_column,
        "object": OBJECT_NAMES.get(entry.target, entry.target),
        "field": field_words(entry.field),
        "type": type_words(entry.data_type),
        "how": _TRANSFORMS.get(entry.transform, entry.transform),
        "status": entry.status,
        "level": how_sure.replace("please look", "unsure"),
        "sure": how_sure,
        "doubtful": bool(entry.changed) or (open_now and how_sure != "sure"),
        "evidence": evidence_words(entry.evidence),
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
