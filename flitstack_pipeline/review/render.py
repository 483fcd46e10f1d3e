"""Templates of the room: one environment, every text escaped, words for kinds and numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from flitstack_pipeline.reports.document import CELL_CUT, environment, money
from flitstack_pipeline.reports.field_words import (
    column_words,
    evidence_words,
    field_words,
    sure,
    type_words,
)
from flitstack_pipeline.services.page_store import PageRow


def render(request: Request, name: str, values: Mapping[str, Any], code: int = 200) -> HTMLResponse:
    """A page from a template of this room."""
    text = _environment().get_template(name).render(request=request, **values)
    return HTMLResponse(text, code)


def conflict_digest(row: Mapping[str, Any]) -> str:
    """Digest of a conflict as a page shows it."""
    return PageRow(f"{row['record_key']}\t{row['field']}", dict(row)).digest


def conflicts_digest(rows: Sequence[Mapping[str, Any]]) -> str:
    """Digest of all conflicts with what was decided about them: what is carried out."""
    text = "".join(map(conflict_digest, rows))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def _environment() -> Environment:
    env = environment("flitstack_pipeline.review", "flitstack_pipeline.reports")
    env.filters |= {"type_words": type_words, "sure": sure, "money": money}
    env.filters |= {"field_words": field_words, "column_words": column_words}
    env.filters["evidence_words"] = evidence_words
    env.filters["cut"] = lambda text: text if len(text) <= CELL_CUT else f"{text[:CELL_CUT]}…"
    env.globals["digest"] = conflict_digest
    return env
