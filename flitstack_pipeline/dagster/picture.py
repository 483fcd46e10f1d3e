"""The picture of the asset graph in the README, drawn from the definitions.

Belongs here: layout and SVG. `make picture` writes docs/asset-graph.svg (`python -m
flitstack_pipeline.dagster.picture`); a test fails when the committed picture is not that of the
definitions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

import dagster as dg

STAGES = ("source", "clean", "map", "destination", "sample", "cutover", "delta", "reconcile")
COLOURS = ("#4f6d8f", "#2f7f79", "#7a5ca8", "#8a6d3b", "#b0763a", "#a8443f", "#3f74a8", "#3f8553")
WIDTH, HEIGHT, GAP_X, GAP_Y, TOP, MARGIN = 176, 40, 34, 20, 62, 16
FONT = "font-family='ui-sans-serif,system-ui,sans-serif'"


@dataclass(frozen=True)
class Box:
    """One asset of the picture."""

    key: dg.AssetKey
    stage: str
    note: str
    x: int
    y: int

    @property
    def label(self) -> str:
        """The asset's name as people say it."""
        return self.key.to_user_string()


def draw(defs: dg.Definitions) -> str:
    """The asset graph as SVG text: stages from left to right, the same for the same definitions."""
    specs = {spec.key: spec for spec in defs.resolve_all_asset_specs()}
    parents = {key: {dep.asset_key for dep in spec.deps} for key, spec in specs.items()}
    boxes = _placed(specs, parents)
    width = len(STAGES) * (WIDTH + GAP_X) + 2 * MARGIN - GAP_X
    height = max(box.y for box in boxes.values()) + HEIGHT + MARGIN + 10
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' "
        f"width='{width}' height='{height}' role='img' {FONT}>",
        "<title>The asset graph, stage by stage</title>",
        "<defs><marker id='arrow' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' "
        "markerHeight='7' orient='auto'><path d='M0 0L8 4L0 8z' fill='#8a94a0'/></marker></defs>",
        f"<rect width='{width}' height='{height}' rx='8' fill='#ffffff'/>",
        *_columns(height),
        *_arrows(boxes, _reduced(parents)),
        *(line for box in boxes.values() for line in _box(box)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _placed(
    specs: Mapping[dg.AssetKey, dg.AssetSpec],
    parents: Mapping[dg.AssetKey, set[dg.AssetKey]],
) -> dict[dg.AssetKey, Box]:
    """Each stage is a column; in it, an asset stands below those it depends on."""
    placed: dict[dg.AssetKey, Box] = {}
    for column, stage in enumerate(STAGES):
        for row, key in enumerate(_ordered(stage, specs, parents)):
            x = MARGIN + column * (WIDTH + GAP_X)
            y = TOP + row * (HEIGHT + GAP_Y)
            placed[key] = Box(key, stage, ", ".join(sorted(specs[key].kinds)), x, y)
    return placed


def _ordered(
    stage: str,
    specs: Mapping[dg.AssetKey, dg.AssetSpec],
    parents: Mapping[dg.AssetKey, set[dg.AssetKey]],
) -> Iterator[dg.AssetKey]:
    """The assets of a stage, parents first, else by name."""
    waiting = sorted(key for key, spec in specs.items() if spec.group_name == stage)
    while waiting:
        ready = next(key for key in waiting if not parents[key] & set(waiting))
        waiting.remove(ready)
        yield ready


def _reduced(parents: Mapping[dg.AssetKey, set[dg.AssetKey]]) -> list[tuple[dg.AssetKey, ...]]:
    """Edges that no longer path says already."""

    def above(key: dg.AssetKey) -> set[dg.AssetKey]:
        return parents[key].union(*(above(p) for p in parents[key]))

    return [
        (parent, key)
        for key, direct in sorted(parents.items())
        for parent in sorted(direct)
        if not any(parent in above(other) for other in direct if other != parent)
    ]


def _columns(height: int) -> Iterator[str]:
    for column, (stage, colour) in enumerate(zip(STAGES, COLOURS, strict=True)):
        x = MARGIN + column * (WIDTH + GAP_X) - 9
        yield (
            f"<rect x='{x}' y='14' width='{WIDTH + 18}' height='{height - 28}' rx='8' "
            f"fill='{colour}' fill-opacity='0.07'/>"
        )
        yield (
            f"<text x='{x + 12}' y='40' font-size='15' font-weight='700' fill='{colour}'>"
            f"{column + 1}  {stage}</text>"
        )


def _arrows(
    boxes: Mapping[dg.AssetKey, Box], edges: list[tuple[dg.AssetKey, ...]]
) -> Iterator[str]:
    for parent, child in edges:
        a, b = boxes[parent], boxes[child]
        path = _within(a, b) if a.stage == b.stage else _across(a, b)
        yield (
            f"<path d='{path}' fill='none' stroke='#8a94a0' stroke-width='1.4' "
            "marker-end='url(#arrow)'/>"
        )


def _within(a: Box, b: Box) -> str:
    """Down the column; around the side when something stands between."""
    middle = a.x + WIDTH // 2
    if b.y - a.y == HEIGHT + GAP_Y:
        return f"M{middle} {a.y + HEIGHT}L{middle} {b.y - 1}"
    y1, y2, side = a.y + HEIGHT // 2, b.y + HEIGHT // 2, a.x + WIDTH
    return f"M{side} {y1}C{side + 20} {y1} {side + 20} {y2} {side + 1} {y2}"


def _across(a: Box, b: Box) -> str:
    """From the right side of one stage to the left side of a later one."""
    x1, y1, x2, y2 = a.x + WIDTH, a.y + HEIGHT // 2, b.x - 1, b.y + HEIGHT // 2
    bend = max(18, (x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"


def _box(box: Box) -> Iterator[str]:
    colour = COLOURS[STAGES.index(box.stage)]
    yield (
        f"<rect x='{box.x}' y='{box.y}' width='{WIDTH}' height='{HEIGHT}' rx='6' fill='#ffffff' "
        f"stroke='{colour}' stroke-width='1.5'/>"
    )
    yield (
        f"<text x='{box.x + 10}' y='{box.y + 17}' font-size='12.5' font-weight='600' "
        f"fill='#1d2733'>{escape(box.label)}</text>"
    )
    yield (
        f"<text x='{box.x + 10}' y='{box.y + 32}' font-size='10.5' fill='#66717d'>"
        f"{escape(box.note)}</text>"
    )


def main() -> None:
    """Write the picture to the path given."""
    from flitstack_pipeline.dagster.build import build_defs

    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(build_defs()), encoding="utf-8")


if __name__ == "__main__":
    main()
