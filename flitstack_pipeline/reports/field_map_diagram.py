"""The object diagram of the field map: what becomes what, as inline SVG.

Belongs here: boxes and lines. Does not: the document around it (`reports.field_map`). All text is
escaped; the picture needs no script, font or network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from flitstack_pipeline.catalog.declared import SOURCE

BOX_WIDTH, BOX_HEIGHT, GAP, MIDDLE = 230, 46, 16, 260


@dataclass(frozen=True)
class Flow:
    """A source object, a target object, and how many fields go from one to the other."""

    source: str
    target: str
    fields: int
    opened: int


def diagram(flows: Sequence[Flow], links: Sequence[tuple[str, str]]) -> str:
    """SVG: sources on the left, HighLevel objects on the right, associations between those."""
    left = list(dict.fromkeys(f.source for f in flows))
    targets = [f.target for f in flows]
    right = list(dict.fromkeys([*targets, *(name for pair in links for name in pair)]))
    rows = max(len(left), len(right), 1)
    height = rows * (BOX_HEIGHT + GAP) + 2 * GAP + 24
    width = 2 * BOX_WIDTH + MIDDLE + 130
    at_left = {name: _y(i, len(left), rows) for i, name in enumerate(left)}
    at_right = {name: _y(i, len(right), rows) for i, name in enumerate(right)}
    right_x = BOX_WIDTH + MIDDLE
    parts = [
        f'<svg class="objects" viewBox="0 0 {width} {height}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" '
        f'aria-label="{SOURCE.name} objects on the left, HighLevel objects on the right">',
        _caption(0, SOURCE.name),
        _caption(right_x, "HighLevel"),
    ]
    parts += [_line(f, at_left[f.source], at_right[f.target], right_x) for f in flows]
    parts += [_link(at_right[a], at_right[b], right_x, i) for i, (a, b) in enumerate(links)]
    parts += [_count(flows, name, y) for name, y in at_left.items()]
    parts += [_box(0, y, name, "source") for name, y in at_left.items()]
    parts += [_box(right_x, y, name, "target") for name, y in at_right.items()]
    return "".join([*parts, "</svg>"])


def _y(place: int, count: int, rows: int) -> float:
    step = (BOX_HEIGHT + GAP) * rows / max(count, 1)
    return 34 + step * place + (step - BOX_HEIGHT) / 2


def _caption(x: float, text: str) -> str:
    return f'<text x="{x + 4}" y="18" class="caption">{escape(text)}</text>'


def _box(x: float, y: float, name: str, kind: str) -> str:
    return (
        f'<rect x="{x}" y="{y:.0f}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="7" '
        f'class="{kind}"/><text x="{x + BOX_WIDTH / 2}" y="{y + BOX_HEIGHT / 2 + 5:.0f}" '
        f'text-anchor="middle">{escape(name)}</text>'
    )


def _line(flow: Flow, y1: float, y2: float, right_x: float) -> str:
    a, b = y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2
    bend = BOX_WIDTH + MIDDLE / 2
    kind = "flow open" if flow.opened else "flow"
    told = f"{flow.fields} fields" + (f", {flow.opened} open" if flow.opened else "")
    return (
        f'<path d="M{BOX_WIDTH} {a:.0f} C{bend} {a:.0f} {bend} {b:.0f} {right_x} {b:.0f}" '
        f'class="{kind}"><title>{escape(flow.source)} → {escape(flow.target)}: {told}</title>'
        "</path>"
    )


def _count(flows: Sequence[Flow], source: str, y: float) -> str:
    """How many fields leave a source, by target: `37 + 11`."""
    told = " + ".join(str(f.fields) for f in flows if f.source == source)
    return f'<text x="{BOX_WIDTH + 8}" y="{y + BOX_HEIGHT / 2 - 6:.0f}" class="count">{told}</text>'


def _link(y1: float, y2: float, right_x: float, place: int) -> str:
    a, b = y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2
    edge = right_x + BOX_WIDTH
    out = edge + 30 + 14 * (place % 6)
    return f'<path d="M{edge} {a:.0f} C{out} {a:.0f} {out} {b:.0f} {edge} {b:.0f}" class="link"/>'
