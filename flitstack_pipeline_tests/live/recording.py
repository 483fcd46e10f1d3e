"""Answers in the form of `recorded.json`, with nothing of a customer's in them.

What belongs here: replacing values and writing the file. Kept are keys, types and words of the
API (types, statuses, refusals); every other text becomes a stand-in of its own form, so that a
recording shows the shape and nobody's data. What is not known to be harmless is replaced.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flitstack_pipeline.highlevel.errors import rule_of
from flitstack_pipeline_tests.live.account import Answer

#: Keys whose values are words of the API, where they look like one.
WORDS = frozenset({"dataType", "model", "status", "statusGroup", "type", "associationType",
                   "objectKey", "firstObjectKey", "secondObjectKey", "documentType", "code",
                   "matchingField"})  # fmt: skip
_WORD = re.compile(r"[A-Za-z][A-Za-z_]{0,40}")
_CONSTANT = re.compile(r"[A-Z]+(_[A-Z]+)+")
_FIELD_KEY = re.compile(r"(contact|opportunity|business|custom_objects)\.")
_MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+")
PHRASES = frozenset(status.phrase for status in HTTPStatus)
#: Keys whose numbers are the API's.
NUMBERS = frozenset({"total", "count", "statusCode", "position", "currentPage", "indexVersion",
                     "firstObjectToSecondObjectMaxLimit", "secondObjectToFirstObjectMaxLimit",
                     "maxNumberOfFiles"})  # fmt: skip
#: A custom field's value: its keys may be a customer's words, but for these.
VALUES = re.compile(r"value|fieldValue.*|field_value|uploadedFiles|properties")
IN_VALUES = frozenset({"meta", "url", "documentId", "deleted", "name", "size", "mimetype", "uuid",
                       "fieldname", "originalname", "encoding", "currency", "value"})  # fmt: skip
_KEY = re.compile(r"_?[A-Za-z][A-Za-z_]{0,50}[0-9]?")
_ID = re.compile(r"[A-Za-z0-9]{16,}|[0-9a-fA-F-]{32,40}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T")
MOMENT, EPOCH = "2026-01-01T00:00:00.000Z", 1767225600000
MOST_ROWS = 2


class Recorder:
    """Collects answers; `mark` is what the probe's own values carry."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.entries: dict[str, dict[str, Any]] = {}
        self._aliases: dict[str, str] = {}

    def keep(self, name: str, answer: Answer, note: str = "") -> None:
        """Keep an answer under a name; the first of a name stays.

        Args:
            name: such as `contacts-search`.
            answer: as it came.
            note: what it shows, in our words.
        """
        kind = answer.headers.get("Content-Type", "")
        self.entries.setdefault(
            name,
            {
                "id": name,
                "source": f"{self.source}, {answer.route}",
                "note": note,
                "status": answer.status,
                "headers": {"Content-Type": kind} if "json" not in kind else {},
                "body": self._refusal(answer) if answer.status >= 400 else self._body(answer.body),
            },
        )

    def _refusal(self, answer: Answer) -> Any:
        """A refusal with its rule; what it echoes is cut out, names in it too."""
        if not isinstance(answer.body, dict):
            return "text"
        body = {k: v for k, v in answer.body.items() if k not in ("message", "meta")}
        found = {**self._body(body), "message": rule_of(answer.message)}
        return found | ({"meta": self._body(answer.body["meta"])} if "meta" in answer.body else {})

    def _body(self, value: Any, key: str = "", inside: bool = False) -> Any:
        """A value with its stand-ins; `inside` a custom field's value keys may be anybody's."""
        if isinstance(value, dict):
            inside = inside or bool(VALUES.fullmatch(key))
            return {self._name(k, inside): self._body(v, k, inside) for k, v in value.items()}
        if isinstance(value, list):
            return [self._body(one, key, inside) for one in value[:MOST_ROWS]]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float):
            return self._number(value, key)
        return self._text(str(value), key)

    def _name(self, key: str, inside: bool) -> str:
        """A key as it is; one that is somebody's word (a file's name, an id) is replaced."""
        is_plain = key in IN_VALUES if inside else bool(_KEY.fullmatch(key))
        return key if is_plain else self._alias(key)

    def _number(self, value: float, key: str) -> float:
        if key in NUMBERS:
            return value
        return EPOCH if value > 10**11 else type(value)(1)

    def _text(self, text: str, key: str) -> str:
        if not text:
            return ""
        if _is_word(text, key):
            return text
        for form, stand_in in _STAND_INS:
            if form.match(text):
                return stand_in
        if _ID.fullmatch(text):
            return self._alias(text)
        if _FIELD_KEY.match(text):
            return text.partition(".")[0] + ".text"
        return "text" if text == text.lower() else "Text"

    def _alias(self, text: str) -> str:
        return self._aliases.setdefault(text, f"id{len(self._aliases) + 1:018}")

    def write(self, path: Path) -> None:
        """Write what was kept, in the form of `recorded.json`."""
        listed = list(self.entries.values())
        path.write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n")


def _is_word(text: str, key: str) -> bool:
    """Whether a text is the API's own: a type, a status, a phrase of HTTP."""
    if key == "error":
        return text in PHRASES
    if key == "mimetype":
        return bool(_MIME.fullmatch(text))
    return bool(_CONSTANT.fullmatch(text)) or (key in WORDS and bool(_WORD.fullmatch(text)))


_STAND_INS = (
    (_MOMENT, MOMENT),
    (re.compile(r".*@"), "someone@example.com"),
    (re.compile(r"https?://"), "https://example.com/file"),
    (re.compile(r"\+[\d\s().-]{7,}$"), "+15555550100"),
    (re.compile(r"[\d\s().-]{9,}$"), str(EPOCH)),
)
