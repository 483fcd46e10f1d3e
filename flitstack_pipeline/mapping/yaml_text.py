"""Plain data as readable YAML with comments, and back: every scalar is text.

Belongs here: parsing (PyYAML's parser in C: every step asks for the map), writing (ruamel.yaml,
which knows comments), and which comment stands at what. Does not: what map.yaml holds
(`mapping.yaml_form`). Nothing is guessed from how a word looks: an option called `Yes`, `No`,
`null` or `007` stays that word.

A path names a place in the text: keys from the top; an item of a list by `item_key`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from flitstack_pipeline.errors import BadInput

Path = tuple[Any, ...]
_MISREAD = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "nan", "inf", "~"}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SIGN = re.compile(r"(?:^|\s)#")
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_INDENT = 2


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


def dump(data: Mapping[str, Any], head: str, sections: Mapping[Path, str], kept: Comments) -> str:
    """The text of nested dicts and lists.

    Args:
        data: What to write, in order.
        head: The comment on top.
        sections: Our comments above an entry, by path.
        kept: A person's comments; one whose entry has gone stands above the nearest thing around it
            that is there, or at the end.
    """
    root = _commented(data)
    there = dict(_containers(root, ()))
    notes = Comments({path: text.split("\n") for path, text in sections.items()})
    end = list(kept.after)
    notes.beside = {path: text for path, text in kept.beside.items() if path in there}
    moved = {p: [text] for p, text in kept.beside.items() if p not in there}
    for path, said in [*kept.above.items(), *moved.items()]:
        place = _nearest(path, there)
        (end if place is None else notes.above.setdefault(place, [])).extend(said)
    for path, lines in notes.above.items():
        parent, key = there[path]
        depth = _INDENT * sum(2 if isinstance(step, tuple | int) else 1 for step in path[:-1])
        parent.yaml_set_comment_before_after_key(key, before="\n".join(lines), indent=depth)
    for path, text in notes.beside.items():
        parent, key = there[path]
        parent.yaml_add_eol_comment(text or " ", key)
    out = io.StringIO()
    _writer().dump(root, out)
    return (
        "".join(f"# {line}\n" for line in head.split("\n"))
        + out.getvalue()
        + "".join(f"# {line}".rstrip() + "\n" for line in end)
    )


def _writer() -> YAML:
    writer = YAML()
    writer.width = 1 << 30
    writer.allow_unicode = True
    writer.indent(mapping=_INDENT, sequence=2 * _INDENT, offset=_INDENT)
    return writer


def _commented(value: Any) -> Any:
    if isinstance(value, Mapping):
        made = CommentedMap()
        for key, inner in value.items():
            made[_scalar(str(key))] = _commented(inner)
        if isinstance(value, Flow) or not value:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        items = CommentedSeq(_commented(item) for item in value)
        if not value or not isinstance(value[0], Mapping):
            items.fa.set_flow_style()
        return items
    return value if isinstance(value, bool | int | float) else _scalar(str(value))


def _scalar(text: str) -> str:
    """A text; in double quotes where it could be misread or has what cannot be seen."""
    text = str(_HALF_OF_A_PAIR.sub("\ufffd", text))
    if not text.isprintable() or text.casefold() in _MISREAD:
        text = DoubleQuotedScalarString(text)
    return text


def _containers(value: Any, path: Path) -> Iterator[tuple[Path, tuple[Any, Any]]]:
    """Every block entry: its path, what holds it, and its key there."""
    if value.fa.flow_style():
        return
    pairs: list[tuple[Any, Any, Any]]
    if isinstance(value, CommentedMap):
        pairs = [(str(key), key, inner) for key, inner in value.items()]
    else:
        pairs = [(item_key(inner, number), number, inner) for number, inner in enumerate(value)]
    for step, key, inner in pairs:
        here = (*path, step)
        yield here, (value, key)
        if isinstance(inner, CommentedMap | CommentedSeq):
            yield from _containers(inner, here)


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
