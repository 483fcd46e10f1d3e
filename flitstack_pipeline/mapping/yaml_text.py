"""Plain data as readable YAML with comments, and back: every scalar is text.

Belongs here: writing and parsing. Does not: what map.yaml holds (`mapping.yaml_form`). Nothing is
guessed from how a word looks: an option called `Yes`, `No`, `null` or `007` stays that word.
Reading uses the parser in C: every step asks for the map.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import yaml

_PLAIN = re.compile(r"[^\W\d_][\w ./()+→·°%-]*")
_MISREAD = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "nan", "inf"}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlProblem(ValueError):
    """A text that is not YAML, or has one key twice; the message says where."""


class Flow(dict[str, Any]):
    """A mapping written on one line, so that a diff shows one line a change."""


def dump(data: Mapping[str, Any], head: str, comments: Mapping[str, str]) -> str:
    """The text of nested dicts and lists; `comments` by top key stand above their section.

    A key may carry a comment of its own: `"section/key"` in `comments`.
    """
    lines = [f"# {line}" for line in head.splitlines()]
    for key, value in data.items():
        lines += ["", *(f"# {line}" for line in comments.get(key, "").splitlines())]
        lines += _pair(key, value, 0, {k: v for k, v in comments.items() if "/" in k}, f"{key}/")
    return "\n".join(lines) + "\n"


def _pair(
    key: str, value: Any, indent: int, comments: Mapping[str, str], path: str = ""
) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, Mapping) and value and not isinstance(value, Flow):
        yield f"{pad}{scalar(key)}:"
        for inner, below in value.items():
            if note := comments.get(f"{path}{inner}"):
                yield f"{pad}  # {note}"
            yield from _pair(str(inner), below, indent + 2, comments)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        yield f"{pad}{scalar(key)}:"
        for item in value:
            pairs = [line for k, v in item.items() for line in _pair(k, v, indent + 4, comments)]
            yield f"{pad}  - {pairs[0].lstrip()}"
            yield from pairs[1:]
    else:
        yield f"{pad}{scalar(key)}: {_inline(value)}".rstrip()


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {_inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else scalar(str(value))


def scalar(text: str) -> str:
    """A text plain where that is safe anywhere, else in double quotes with what cannot be seen
    escaped."""
    if _PLAIN.fullmatch(text) and not text.endswith(" ") and text.casefold() not in _MISREAD:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    number = ord(character)
    if 0xD800 <= number <= 0xDFFF:  # half of a pair: no text can hold it
        number = 0xFFFD
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


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
