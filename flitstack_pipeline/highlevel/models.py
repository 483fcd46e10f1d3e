"""The base of every request model, and the types they share.

What belongs here: wire names, the two number and date types, custom field values. What does
not: the models of a family (they stand in the family's module).

Models refuse unknown keys (HighLevel answers them with 422) and leave None out. To clear a field
HighLevel must be sent a null: `wire(clear=("email",))` puts it there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel


class WireModel(BaseModel):
    """A request body: snake_case here, HighLevel's camelCase on the wire."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, alias_generator=to_camel, frozen=True
    )

    def wire(self, clear: Iterable[str] = ()) -> dict[str, Any]:
        """Return the body as HighLevel wants it; fields named in `clear` are sent as null."""
        body = self.model_dump(by_alias=True, exclude_none=True)
        fields = type(self).model_fields
        for name in clear:
            alias = fields[name].alias if name in fields else name
            if alias not in {field.alias for field in fields.values()}:
                raise ValueError(f"{type(self).__name__} has no field {name}")
            body[str(alias)] = None
        return body


def json_number(value: Any) -> Any:
    """Turn a Decimal or a decimal string into the JSON number HighLevel takes."""
    if isinstance(value, str | Decimal):
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)
    return value


def iso_text(value: Any) -> Any:
    """Turn a date or a time into ISO 8601 text."""
    return value.isoformat() if isinstance(value, date | datetime) else value


Number = Annotated[int | float, BeforeValidator(json_number)]
IsoText = Annotated[str, BeforeValidator(iso_text)]


class CustomFieldValue(WireModel):
    """A contact's or opportunity's custom value, by `id` (docs/highlevel.md#contact-values)."""

    id: str
    key: str | None = None
    field_value: Any


def condition(field: str, value: Any, operator: str = "eq") -> dict[str, Any]:
    """Return one search filter (docs/highlevel.md#searches, #record-searches)."""
    return {"field": field, "operator": operator, "value": value}


def all_of(*conditions: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the `filters` of a search whose conditions must all hold."""
    return [{"group": "AND", "filters": list(conditions)}]
