"""Logical values to wire values of custom fields, and back.

What belongs here: the two tables of values (door `v1`, contacts and opportunities:
docs/highlevel.md#contact-values; door `v2`, custom objects and companies:
docs/highlevel.md#records). What does not: which field a value is for, or where it came from.

Logical values: text is str; NUMERICAL, MONETORY, FLOAT a number, Decimal or decimal string; DATE
a date or `YYYY-MM-DD`; one option its label; several a list of labels; files a list of
`FileValue`; TEXTBOX_LIST a dict. Nothing at all is None.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, TypedDict

from flitstack_pipeline.highlevel.models import json_number
from flitstack_pipeline.highlevel.reading import flag

Door = Literal["v1", "v2"]
NUMBERS = frozenset({"NUMERICAL", "MONETORY", "FLOAT"})
CHOICES = frozenset({"SINGLE_OPTIONS", "RADIO"})
SEVERAL = frozenset({"MULTIPLE_OPTIONS", "CHECKBOX"})
_UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_ISO_DAY = re.compile(r"^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$")


class FileValue(TypedDict, total=False):
    """A file in a FILE_UPLOAD value; `url` is required."""

    url: str
    name: str
    mimetype: str
    size: int
    uuid: str
    document_id: str


Options = Sequence[str | Mapping[str, Any]] | None


def encode_custom_value(
    data_type: str,
    value: Any,
    options: Options = None,
    door: Door = "v1",
    *,
    current: Sequence[str] | None = None,
) -> Any:
    """Return the wire value, or None to clear the field.

    `options` are the field's (labels, or `{key, label}` for v2); `current` are the labels a v2
    field holds now, so that those no longer wanted are removed. Raises ValueError.
    """
    if value is None or value == "" or value == []:
        return None
    if data_type in NUMBERS:
        number = _number(data_type, value)
        money_object = data_type == "MONETORY" and door == "v2"
        return {"currency": "default", "value": number} if money_object else number
    if data_type == "DATE":
        return _day(value)
    if data_type in CHOICES:
        return _wire_option(str(value), options, door)
    if data_type in SEVERAL:
        return _wire_options(value, options, door, current)
    if data_type == "FILE_UPLOAD":
        return _wire_files(value, door)
    if data_type == "TEXTBOX_LIST":
        return {str(key): str(line) for key, line in value.items()}
    return str(value)


def decode_custom_value(
    data_type: str, value: Any, options: Options = None, door: Door = "v1"
) -> Any:
    """Return the logical value of what HighLevel shows; None for nothing.

    Reads drift from writes: numbers come as text, dates as times or epoch milliseconds.
    """
    if value is None or value == "" or value in ([], {}):
        return None
    if data_type in NUMBERS:
        amount = value.get("value") if isinstance(value, Mapping) else value
        return _decimal(amount)
    if data_type == "DATE":
        return _read_day(value)
    if data_type in CHOICES:
        return _label(str(value[0] if isinstance(value, list) else value), options, door)
    if data_type in SEVERAL:
        return [_label(key, options, door) for key in _several(value)]
    if data_type == "FILE_UPLOAD":
        return _read_files(value)
    if data_type == "TEXTBOX_LIST":
        return dict(value) if isinstance(value, Mapping) else value
    return str(value)


def encode_properties(
    fields: Sequence[tuple[str, str, Any, Options]],
) -> dict[str, Any]:
    """Return the `properties` of a record from (key, data type, logical value, options).

    A TEXTBOX_LIST takes one property per line: `field.option_key` (docs/highlevel.md#records).
    """
    properties: dict[str, Any] = {}
    for key, data_type, value, options in fields:
        encoded = encode_custom_value(data_type, value, options, "v2")
        if data_type == "TEXTBOX_LIST" and encoded:
            properties |= {f"{key}.{line}": text for line, text in encoded.items()}
        else:
            properties[key] = encoded
    return properties


def same_value(data_type: str, wanted: Any, found: Any) -> bool:
    """Compare two logical values as the field's type does (numbers by value, sets by members)."""
    if wanted in (None, "", []) or found in (None, "", []):
        return wanted in (None, "", []) and found in (None, "", [])
    if data_type in NUMBERS:
        return bool(_decimal(wanted) == _decimal(found))
    if data_type == "DATE":
        return bool(_day(wanted) == _read_day(found))
    if data_type in SEVERAL:
        return set(_several(wanted)) == set(_several(found))
    if data_type == "FILE_UPLOAD":
        return {file["url"] for file in wanted} == {file["url"] for file in found}
    return bool(wanted == found) or str(wanted) == str(found)


# --- numbers and days -----------------------------------------------------------------------------


def _number(data_type: str, value: Any) -> int | float:
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is no number for a {data_type} field")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{value!r} is no number for a {data_type} field") from None
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number for a {data_type} field")
    result: int | float = json_number(number)
    return result


def _decimal(value: Any) -> Any:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value  # not what we wrote: the comparison shall show it


def _day(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    match = _ISO_DAY.match(str(value))
    if not match:
        raise ValueError(f"{value!r} is no date: write YYYY-MM-DD")
    return date.fromisoformat(match.group(1)).isoformat()


def _read_day(value: Any) -> Any:
    text = str(value)
    if isinstance(value, int | float) or (text.isdigit() and len(text) > 8):
        return datetime.fromtimestamp(float(value) / 1000, UTC).date().isoformat()
    match = _ISO_DAY.match(text)
    return match.group(1) if match else text


# --- options --------------------------------------------------------------------------------------


def _pairs(options: Options) -> list[tuple[str, str]]:
    """Return (key, label) of every option."""
    return [
        (
            str(option.get("key") or option.get("label")),
            str(option.get("label") or option.get("key")),
        )
        if isinstance(option, Mapping)
        else (str(option), str(option))
        for option in options or ()
    ]


def _wire_option(label: str, options: Options, door: Door) -> str:
    pairs = _pairs(options)
    for key, known in pairs:
        if label == known:
            return key if door == "v2" else label
    if pairs:
        raise ValueError(f"{label!r} is not among the options {[known for _, known in pairs]}")
    if door == "v2":
        raise ValueError(f"the key of option {label!r} is unknown: pass the field's options")
    return label


def _wire_options(
    value: Any, options: Options, door: Door, current: Sequence[str] | None
) -> list[str] | dict[str, list[str]]:
    labels = _several(value)
    wanted = [_wire_option(label, options, door) for label in labels]
    if door == "v1":
        return wanted
    gone = [_wire_option(label, options, door) for label in current or () if label not in labels]
    return {"add": wanted, "remove": gone} if gone else {"add": wanted}


def _several(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        value = value.get("add") or []
    return [str(part) for part in value]


def _label(key: str, options: Options, door: Door) -> str:
    if door == "v2":
        return dict(_pairs(options)).get(key, key)
    return key


# --- files ----------------------------------------------------------------------------------------


def _wire_files(value: Sequence[FileValue], door: Door) -> dict[str, Any]:
    if door == "v2":
        return {"add": [{"url": file["url"]} for file in value]}
    wire = {}
    for file in value:
        file_id = _file_id(file)
        meta = {
            "fieldname": file_id,
            "originalname": file.get("name") or file["url"].rsplit("/", 1)[-1],
            "encoding": "7bit",
            "mimetype": file.get("mimetype") or "application/octet-stream",
            "size": file.get("size") or 0,
            "uuid": file_id,
        }
        wire[file_id] = {
            "meta": meta,
            "url": file["url"],
            "documentId": file.get("document_id") or file_id,
        }
    return wire


def held_files(value: Any) -> dict[str, Any]:
    """A FILE_UPLOAD value as read, in the form in which the whole of it is written again.

    By the id each file has, else one made of its address; files marked deleted are left out. An
    entry that has the written form already is kept as it is.
    """
    held: dict[str, Any] = {}
    if isinstance(value, Mapping) and not _is_one_file(value) and "add" not in value:
        held = {str(k): v for k, v in value.items() if isinstance(v, Mapping) and not _gone(v)}
        value = {k: v for k, v in value.items() if not isinstance(v, Mapping)}
    return held | _wire_files(_read_files(value), "v1") if value else held


def whole_number(value: Any) -> int:
    """A size as HighLevel tells it, as a number or as text; 0 when it does not."""
    return int(value) if isinstance(value, int | float) or str(value or "").isdigit() else 0


def _file_id(file: FileValue) -> str:
    return file.get("uuid") or made_up_id(file["url"])


def made_up_id(url: str) -> str:
    """The id of a file that HighLevel shows without one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, url))


def _read_files(value: Any) -> list[FileValue]:
    """Files in any of their recorded shapes: by id, a list, one alone, an address (live: L7)."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return [{"url": value}]
    if isinstance(value, Mapping) and isinstance(value.get("add"), list):
        value = value["add"]
    if isinstance(value, Mapping) and _is_one_file(value):
        value = [value]
    named = list(value.items()) if isinstance(value, Mapping) else [("", f) for f in value]
    files: list[FileValue] = []
    for file_id, file in named:
        if isinstance(file, str):
            files.append({"url": file})
        elif isinstance(file, Mapping) and file.get("url") and not _gone(file):
            files.append(_read_file(file_id, file))
    return files


def _is_one_file(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("url"), str)


def _gone(file: Mapping[str, Any]) -> bool:
    return bool(flag(file.get("deleted")))


def _read_file(file_id: str, file: Mapping[str, Any]) -> FileValue:
    """One file; without an id of its own, the one its part was named with (`<field>_<uuid>`)."""
    told = file.get("meta")
    meta: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
    part = str(meta.get("fieldname") or "").rpartition("_")[2]
    return {
        "url": str(file.get("url") or ""),
        "name": str(meta.get("originalname") or meta.get("name") or file.get("name") or ""),
        "mimetype": str(meta.get("mimetype") or ""),
        "size": whole_number(meta.get("size")),
        "uuid": file_id or str(meta.get("uuid") or "") or (part if _UUID.match(part) else ""),
        "document_id": str(file.get("documentId") or ""),
    }
