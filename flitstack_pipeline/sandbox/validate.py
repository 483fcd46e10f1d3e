"""Request validation with class-validator's words.

What belongs here: a small vocabulary for bodies and queries (`Text`, `Number`, `Flag`,
`ListOf`, `Obj`, `Anything`) and `problems`, which lists everything wrong with a value the way
HighLevel's 422 does. What does not: rules that need the state (those are in the routes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flitstack_pipeline.sandbox.formats import is_email, parse_moment


@dataclass(frozen=True)
class Text:
    """A string; `required` also refuses the empty one."""

    required: bool = False
    one_of: tuple[str, ...] = ()
    longest: int = 0
    email: bool = False
    moment: bool = False

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        found = []
        if self.required and (value is None or value == ""):
            found.append(f"{name} should not be empty")
        if not isinstance(value, str):
            return [*found, f"{name} must be a string"]
        if self.one_of and value not in self.one_of:
            found.append(f"{name} must be one of the following values: {', '.join(self.one_of)}")
        if self.longest and len(value) > self.longest:
            found.append(f"{name} must be shorter than or equal to {self.longest} characters")
        if self.email and not is_email(value):
            found.append(f"{name} must be an email")
        if self.moment and parse_moment(value) is None:
            found.append(f"{name} must be a valid ISO 8601 date string")
        return found


@dataclass(frozen=True)
class Number:
    """A JSON number within bounds."""

    required: bool = False
    least: float | None = None
    most: float | None = None

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        found = []
        if self.required and value is None:
            found.append(f"{name} should not be empty")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return [*found, f"{name} must be a number conforming to the specified constraints"]
        if self.least is not None and value < self.least:
            found.append(f"{name} must not be less than {self.least:g}")
        if self.most is not None and value > self.most:
            found.append(f"{name} must not be greater than {self.most:g}")
        return found


@dataclass(frozen=True)
class Flag:
    """A JSON boolean."""

    required: bool = False

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        found = []
        if self.required and value is None:
            found.append(f"{name} should not be empty")
        if not isinstance(value, bool):
            found.append(f"{name} must be a boolean value")
        return found


@dataclass(frozen=True)
class ListOf:
    """An array whose elements follow one rule."""

    item: Rule
    required: bool = False
    least: int = 0
    most: int = 0

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        found = []
        if self.required and value is None:
            found.append(f"{name} should not be empty")
        if not isinstance(value, list):
            return [*found, f"{name} must be an array"]
        if len(value) < self.least:
            found.append(f"{name} must contain at least {self.least} elements")
        if self.most and len(value) > self.most:
            found.append(f"{name} must contain no more than {self.most} elements")
        if isinstance(self.item, Text) and not self.item.one_of:
            if any(not isinstance(element, str) for element in value):
                found.append(f"each value in {name} must be a string")
            return found
        for position, element in enumerate(value):
            found += self.item.problems(f"{name}.{position}", element)
        return found


@dataclass(frozen=True)
class Obj:
    """An object with known keys; unknown ones are refused unless `open`."""

    keys: Mapping[str, Rule] = field(default_factory=dict)
    required: bool = False
    open: bool = False

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        if not isinstance(value, dict):
            empty = [f"{name} should not be empty"] if self.required and value is None else []
            return [*empty, f"{name} must be an object"]
        prefix = f"{name}." if name else ""
        found = []
        if not self.open:
            found += [
                f"{prefix}property {key} should not exist" for key in value if key not in self.keys
            ]
        for key, rule in self.keys.items():
            given = value.get(key)
            # class-validator's IsOptional lets null and absence pass
            if given is None and not rule.required:
                continue
            found += rule.problems(f"{prefix}{key}", given)
        return found


@dataclass(frozen=True)
class Anything:
    """Any JSON value."""

    required: bool = False

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        return [f"{name} should not be empty"] if self.required and value is None else []


@dataclass(frozen=True)
class TextOrList:
    """A string or an array of strings, as query parameters that may repeat are."""

    required: bool = False

    def problems(self, name: str, value: Any) -> list[str]:
        """List what is wrong with the value."""
        if isinstance(value, str | list):
            return []
        return [f"{name} must be a string"]


Rule = Text | Number | Flag | ListOf | Obj | Anything | TextOrList


def body(**keys: Rule) -> Obj:
    """Return the rule of a request body with these keys."""
    return Obj(keys)


@dataclass(frozen=True)
class Query:
    """The query parameters of an endpoint: names, which are required, which are numbers."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    largest: Mapping[str, int] = field(default_factory=dict)

    def problems(self, query: Mapping[str, Any]) -> list[str]:
        """List what is wrong with a query."""
        known = {*self.required, *self.optional}
        found = [f"property {name} should not exist" for name in query if name not in known]
        for name in self.required:
            if not query.get(name):
                found += [f"{name} should not be empty", f"{name} must be a string"]
        for name in ("limit", "skip", "offset", "page"):
            if name in known and query.get(name):
                found += _number_problems(name, str(query[name]), self.largest.get(name))
        return found


def _number_problems(name: str, text: str, most: int | None) -> list[str]:
    if not text.lstrip("-").isdigit():
        return [f"{name} must be a number conforming to the specified constraints"]
    if int(text) < 0:
        return [f"{name} must not be less than 0"]
    if most and int(text) > most:
        return [f"{name} must not be greater than {most}"]
    return []


def query(required: Iterable[str] = (), optional: Iterable[str] = (), **largest: int) -> Query:
    """Return the rule of a query string; keyword arguments cap numbers, e.g. `limit=100`."""
    return Query(tuple(required), tuple(optional), largest)
