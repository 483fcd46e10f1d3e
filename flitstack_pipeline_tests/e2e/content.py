"""What a sandbox holds, in words: comparable between two accounts, since no id is in it.

Every id is replaced by what the record it belongs to is called, so that links are compared too.
Nothing of this is the product's own reading.
"""

import json
import re
from collections import Counter

#: What the server stamps by itself, or what two runs may differ in.
OWN = {"dateAdded", "dateUpdated", "createdAt", "updatedAt", "lastStatusChangeAt", "traceId",
       "lastStageChangeAt", "lastMessageDate", "dateLastEdited", "position", "emailMessageId",
       "objectId"}  # fmt: skip
SOURCE = ("Source_System_ID__c", "source_system_id_c")
UPLOAD = re.compile(r"https?://[^\s\"<>]*/_files/[^/\s\"<>]+/")
#: Kinds whose records are what the account is set up with, not what it holds.
SCHEMA = ("custom_fields", "objects", "users", "pipelines", "associations", "calendars")


def content(dump, ignoring=()):
    """Every record by what it says and what it hangs on, with how often it is there.

    `ignoring` are names of values that may differ between two runs.
    """
    own = OWN | set(ignoring)
    fields = {f["id"]: f.get("name") for f in dump["custom_fields"]}
    stages = {s["id"]: s["name"] for p in dump["pipelines"] for s in p["stages"]}
    kinds = {k: v for k, v in dump.items() if k not in SCHEMA and isinstance(v, list)}
    kinds |= {key: kept["records"] for key, kept in dump["objects"].items()}
    names = fields | stages | {u["id"]: u["email"] for u in dump["users"]}
    names |= {x["id"]: x.get("key") or x["name"] for k in ("pipelines", "associations")
              for x in dump[k]}  # fmt: skip
    for kind, records in kinds.items():
        for record in records:
            hl_id = record.get("id") or record.get("_id")
            if hl_id:
                names[hl_id] = f"{kind}:{called(record, fields)}"
    found = Counter()
    for kind, records in kinds.items():
        for record in records:
            found[f"{kind} {json.dumps(said(record, names, own), sort_keys=True)}"] += 1
    return found


def called(record, fields):
    """What a record is known by."""
    custom = {fields.get(c["id"]): c.get("value") for c in record.get("customFields") or []}
    properties = record.get("properties") or {}
    for source in SOURCE:
        if custom.get(source) or properties.get(source):
            return custom.get(source) or properties[source]
    for name in ("email", "body", "altId", "name", "title", "firstName"):
        if record.get(name) or properties.get(name):
            return UPLOAD.sub("", str(record.get(name) or properties[name]))
    return ""


def said(value, names, own):
    """A value without ids and what is the server's own; the order of lists says nothing."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k not in own and v not in (None, "", [], {})}
        ids = {"id", "_id"} if not {"value", "fieldValue"} & kept.keys() else set()
        return {names.get(k, k): said(v, names, own) for k, v in kept.items() if k not in ids}
    if isinstance(value, list):
        return sorted(
            (said(v, names, own) for v in value), key=lambda v: json.dumps(v, sort_keys=True)
        )
    if isinstance(value, str):
        return names.get(value) or UPLOAD.sub("", value)
    return value


def different(found, expected):
    """What is missing and what is too much, in words; empty when nothing."""
    lines = [f"missing {n} x {what}" for what, n in (expected - found).items()]
    return lines + [f"too much {n} x {what}" for what, n in (found - expected).items()]
