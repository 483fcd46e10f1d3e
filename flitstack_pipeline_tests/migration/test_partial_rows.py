"""A value of ours that a search's row does not show is looked for in the record itself."""

from types import SimpleNamespace

import pytest

from flitstack_pipeline.highlevel.errors import NotFound
from flitstack_pipeline.migration.journal.store import IdMapRow
from flitstack_pipeline.migration.record_types.confirmed import confirmed


def entry(hl_id, written):
    key = f"main/clients/{hl_id}"
    row = ("here", f"contact:{key}", key, "clients", "contact", "contact", hl_id, "created")
    return IdMapRow(*row, "", written, None, {}, "run", hl_id, 0.0)


@pytest.fixture
def look(journal):
    """Read rows (id: values) of the account whose records are as `held`; returns what was found."""
    asked = []

    def looked(rows, held, wrote):
        for hl_id, fields in wrote.items():
            journal.put_entry(entry(hl_id, {"fields": fields}))

        def get(hl_id):
            asked.append(hl_id)
            if hl_id not in held:
                raise NotFound("GET", "/contacts/{contactId}")
            return {"id": hl_id, **held[hl_id]}

        def logical(record):
            return {"fields": {k: v for k, v in record.items() if k != "id"}}

        records = [{"id": hl_id, **values} for hl_id, values in rows.items()]
        ctx = SimpleNamespace(journal=journal, location="here")
        found = confirmed(ctx, "contact", records, logical, get)
        return {r["id"]: values["fields"] for r, values in found}, sorted(asked)

    return looked


def test_only_rows_that_lack_something_we_wrote_are_read_by_id(look):
    rows = {
        "whole": {"city": "Reno"},
        "partial": {},
        "emptied": {},
        "deleted": {},
        "edited": {"city": "Sparks"},
        "not ours": {},
    }
    wrote = {name: {"city": "Reno"} for name in rows if name != "not ours"}
    held = {"partial": {"city": "Reno"}, "emptied": {}}
    found, asked = look(rows, held, wrote)
    assert asked == ["deleted", "emptied", "partial"]
    assert found == {
        "whole": {"city": "Reno"}, "partial": {"city": "Reno"}, "emptied": {},
        "edited": {"city": "Sparks"}, "not ours": {},
    }  # fmt: skip
