"""Plain data as readable YAML with comments, and back: every scalar is text.

Belongs here: parsing and writing (PyYAML's in C: every step asks for the map), and which comment
stands at what. Does not: what map.yaml holds
(`mapping.yaml_form`). Nothing is guessed from how a word looks: an option called `Yes`, `No`,
`null` or `007` stays that word.

A path names a place in the text: keys from the top; an item of a list by `item_key`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml

from flitstack_pipeline.errors import BadInput

Path = tuple[Any, ...]
_MISREAD = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "nan", "inf", "~"}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_SIGN = re.compile(r"(?:^|\s)#")
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")


class YamlProblem(BadInput):
    """A text that is not YAML, or has one key twice; the message says where."""


class Flow(dict[str, Any]):
    """A mapping written on one line, so that a diff shows one line a change."""


@dataclass
class Comments:
    """Comments by path: lines above an entry, the end of its line, and those after everything."""

    above: dict[Path, list[str]] = field(default_factory=dict)
    beside: dict[Path, str] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.above or self.beside or self.after)


def item_key(item: Any, number: int) -> Any:
    """What makes an item of a list the same item when the list is made anew."""
    if isinstance(item, Mapping) and "source" in item:
        return tuple(str(item.get(name) or "") for name in ("source", "target", "field"))
    return number


# --- reading --------------------------------------------------------------------------------------


class _Texts(_Loader):  # type: ignore[misc, valid-type]
    """Reads every scalar as text and refuses a key that stands twice."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node. Raises YamlProblem for a repeated key."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                mark = key.start_mark
                raise YamlProblem(f"line {mark.line + 1}: {name!r} stands twice")
            seen.add(name)
        found: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return found


def parse(text: str) -> Any:
    """Nested dicts, lists and texts. Raises YamlProblem."""
    try:
        return yaml.load(text, Loader=_Texts)  # noqa: S506 - a safe loader, without guessing
    except yaml.YAMLError as error:
        raise YamlProblem(str(error)) from error


@dataclass
class Places:
    """Where the entries of a text begin, and which parts of its lines are values."""

    starts: dict[Path, int] = field(default_factory=dict)
    first: dict[int, Path] = field(default_factory=dict)
    keys: dict[int, Path] = field(default_factory=dict)
    values: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line (from 1) of an entry, or of the nearest thing around it that is there."""
        while path and path not in self.starts:
            path = path[:-1]
        return self.starts.get(path, 0) + 1


def places(text: str) -> Places:
    """Where everything stands. Raises YamlProblem."""
    found = Places()
    try:
        root = yaml.compose(text, Loader=_Texts)
    except yaml.YAMLError as error:
        raise YamlProblem(str(error)) from error
    if root is not None:
        _note_places(root, (), found)
    return found


def _note_places(node: Any, path: Path, found: Places) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, key.value)
            _begins(found, inner, key.start_mark.line)
            found.keys.setdefault(key.start_mark.line, inner)
            _covers(found, key)
            _note_places(value, inner, found)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            inner = (*path, item_key(_shallow(item), number))
            _begins(found, inner, item.start_mark.line)
            _note_places(item, inner, found)
    else:
        _covers(found, node)


def _shallow(node: Any) -> Any:
    """The texts of an entry, by name."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return {k.value: v.value for k, v in node.value if isinstance(v, yaml.ScalarNode)}


def _begins(found: Places, path: Path, line: int) -> None:
    found.starts.setdefault(path, line)
    found.first.setdefault(line, path)


def _covers(found: Places, node: Any) -> None:
    start, end = node.start_mark, node.end_mark
    for line in range(start.line, end.line + 1):
        left = start.column if line == start.line else 0
        right = end.column if line == end.line else 1 << 30
        found.values.setdefault(line, []).append((left, right))


def comments_of(text: str, ours: Callable[[str], bool]) -> Comments:
    """The comments a person wrote into a text, by what they stand at.

    A comment line belongs to the entry below it; one that is further in than that, to the entry
    above.

    Args:
        text: YAML.
        ours: Whether we write a comment line ourselves; it is given without its sign.

    Raises:
        YamlProblem: The text is not YAML.
    """
    lines = text.split("\n")
    if not any(_SIGN.search(line) and not ours(_said(line)) for line in lines):
        return Comments()
    where, found = places(text), Comments()
    waiting: list[tuple[int, str]] = []
    above: Path = ()
    for number, line in enumerate(lines):
        at = _comment_at(line, where.values.get(number, ()))
        if at is not None and not line[:at].strip():
            if not ours(_said(line)):
                waiting.append((at, _said(line)))
            continue
        below = where.first.get(number)
        if below is not None:
            indent = len(line) - len(line.lstrip())
            for column, said in waiting:
                place = above if column > indent and above else below
                found.above.setdefault(place, []).append(said)
            waiting = []
            above = below
        if at is not None:
            place = where.keys.get(number, above)
            found.beside[place] = _joined(found.beside.get(place), _said(line[at:]))
    found.after = [said for _, said in waiting]
    return found


def _said(line: str) -> str:
    return line.strip().removeprefix("#").removeprefix(" ").rstrip()


def _joined(before: str | None, more: str) -> str:
    return f"{before}; {more}" if before else more


def _comment_at(line: str, values: Sequence[tuple[int, int]]) -> int | None:
    """The column of a line's comment; a sign within a value is none."""
    for sign in _SIGN.finditer(line):
        at = sign.end() - 1
        if not any(left <= at < right for left, right in values):
            return at
    return None


# --- writing --------------------------------------------------------------------------------------


class _Writer(_Dumper):  # type: ignore[misc, valid-type]
    """Writes texts so that nobody misreads them, and lists of texts on one line."""

    def ignore_aliases(self, data: Any) -> bool:
        """Always: what stands twice is written twice."""
        return True


def _write_text(writer: Any, text: str) -> Any:
    """A text; in double quotes where it could be misread or has what cannot be seen."""
    text = _HALF_OF_A_PAIR.sub("\ufffd", text)
    style = '"' if not text.isprintable() or text.casefold() in _MISREAD else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style)


def _write_mapping(writer: Any, value: Mapping[str, Any]) -> Any:
    """A mapping in its order; on one line where it is short by nature, or empty."""
    flow = isinstance(value, Flow) or not value
    items = ((str(key), inner) for key, inner in value.items())
    return writer.represent_mapping("tag:yaml.org,2002:map", items, flow_style=flow)


def _write_list(writer: Any, value: list[Any]) -> Any:
    flow = not value or not isinstance(value[0], Mapping)
    return writer.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flow)


for _kind in (dict, Flow):
    _Writer.add_representer(_kind, _write_mapping)
_Writer.add_representer(list, _write_list)
_Writer.add_multi_representer(str, _write_text)
_Writer.add_representer(str, _write_text)


def dump(data: Mapping[str, Any], head: str, sections: Mapping[Path, str], kept: Comments) -> str:
    """The text of nested dicts and lists.

    Args:
        data: What to write, in order.
        head: The comment on top.
        sections: Our comments above an entry, by path; an empty line of theirs stays empty.
        kept: A person's comments; one whose entry has gone stands above the nearest thing around it
            that is there, or at the end.
    """
    made = yaml.dump(data, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=1 << 30)
    there = places(made).starts
    end = list(kept.after)
    above: dict[Path, list[str]] = {}
    moved = {p: [text] for p, text in kept.beside.items() if p not in there}
    for path, said in [*kept.above.items(), *moved.items()]:
        place = _nearest(path, there)
        (end if place is None else above.setdefault(place, [])).extend(said)
    lines = made.split("\n")[:-1]
    for path, remark in kept.beside.items():
        if path in there:
            lines[there[path]] += _comment(remark, "  ")
    for path in {**sections, **above}:
        line = lines[there[path]]
        indent = " " * (len(line) - len(line.lstrip()))
        ours = [_comment(text, indent) if text else "" for text in _ours(sections, path)]
        theirs = [_comment(text, indent) for text in above.get(path, ())]
        lines[there[path]] = "\n".join([*ours, *theirs, line])
    on_top = [_comment(said) for said in head.split("\n")]
    return "\n".join([*on_top, *lines, *map(_comment, end), ""])


def _ours(sections: Mapping[Path, str], path: Path) -> list[str]:
    return sections[path].split("\n") if path in sections else []


def _comment(text: str, before: str = "") -> str:
    return f"{before}# {text}".rstrip()


def _nearest(path: Path, there: Mapping[Path, Any]) -> Path | None:
    """The entry of a path; where it has gone, another of the same source, or what is around it."""
    while path:
        if path in there:
            return path
        *around, last = path
        if isinstance(last, tuple):
            same = (p for p in there if p[:-1] == tuple(around) and p[-1][:1] == last[:1])
            if found := next(same, None):
                return found
        path = tuple(around)
    return None
