"""What a sub-account holds, without the ids, dates and addresses that differ from run to run.

Every record is told by what it says, with the ids in it replaced by what they stand for: in rounds,
so that a note is told by its contact, and the contact by its company.
"""

import hashlib
import json
import re
from collections import Counter
from datetime import UTC, datetime

import requests

ROUNDS = 3
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,}")
_JOURNAL = re.compile(r"jrn-[0-9a-z]+")
_MOMENT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*(Z|[+-]\d\d:\d\d)?(?=[\"\\])")
_ADDRESS = re.compile(r"127\.0\.0\.1:\d+")
#: Counters and stamps of the stand-in itself.
VOLATILE = {"version", "traceId", "seq", "pos", "position"}


def holdings(url, location, token):
    """Every record, definition and link of every kind, with how often it is there."""
    dump = requests.get(f"{url}/_sandbox/dump", timeout=30).json()

    def asked(path, name, **params):
        """What the dump does not show."""
        answer = requests.get(
            f"{url}{path}", params=params, timeout=30,
            headers={"Authorization": f"Bearer {token}", "Version": "v3"},
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json().get(name) or []

    dump["custom values"] = asked(f"/locations/{location}/customValues", "customValues")
    dump["folders"] = [
        {**folder, "objectKey": key}
        for key in ("business", *dump["objects"])
        for folder in asked(f"/custom-fields/object-key/{key}", "folders", locationId=location)
    ]
    return told(dump)


def told(dump):
    """The contents of a dump as a counter of texts."""
    kinds = {}
    for kind, values in dump.items():
        if isinstance(values, dict):  # custom objects
            for key, kept in values.items():
                kinds[f"{key} schema"] = [kept["schema"]]
                kinds[f"{key} field"] = kept["fields"]
                kinds[f"{key} record"] = kept["records"]
        else:
            kinds[kind] = values
    labels = dict.fromkeys(_ids(list(kinds.values())), "id")
    for _ in range(ROUNDS):
        labels |= {
            str(doc["id"]): _digest(kind, _plain(doc, labels, str(doc["id"])))
            for kind, docs in kinds.items()
            for doc in docs
            if isinstance(doc, dict) and doc.get("id")
        }
        labels |= _nested(kinds)
    return Counter(
        f"{kind}: {json.dumps(_plain(doc, labels), sort_keys=True, ensure_ascii=False)}"
        for kind, docs in kinds.items()
        for doc in docs
    )


def different(found, expected):
    """What is missing and what is too much, in words."""
    missing, extra = expected - found, found - expected
    lines = [f"missing {n} x {what}" for what, n in missing.items()]
    return (lines + [f"too much {n} x {what}" for what, n in extra.items()])[:10]


def _digest(kind, doc):
    text = json.dumps(doc, sort_keys=True, default=str)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _ids(value):
    """Every value under a key `id` or `_id`, however deep."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("id", "_id") and isinstance(inner, str):
                yield inner
            else:
                yield from _ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids(inner)


def _nested(kinds):
    """Stages of pipelines, by name."""
    return {
        stage["id"]: f"stage {stage['name']}"
        for pipeline in kinds.get("pipelines", ())
        for stage in pipeline["stages"]
    }


def _plain(value, labels, own=""):
    """A value with ids replaced, moments of this run and addresses made alike."""
    if isinstance(value, dict):
        return {k: _plain(v, labels, own) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, list):
        inner = [_plain(v, labels, own) for v in value]
        return sorted(inner, key=lambda v: json.dumps(v, sort_keys=True, default=str))
    if isinstance(value, str):
        if _is_now(value):
            return "now"
        text = _MOMENT.sub("now", _JOURNAL.sub("journal", _ADDRESS.sub("sandbox", value)))
        return _TOKEN.sub(lambda m: "self" if m[0] == own else labels.get(m[0], m[0]), text)
    if isinstance(value, int | float) and value > 1e12 and _is_recent(value / 1000):
        return "now"
    return value


def _is_now(text):
    """Whether a text is a moment of the last two days."""
    if not re.match(r"20\d\d-\d\d-\d\dT", text):
        return False
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return _is_recent((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _is_recent(seconds):
    return abs(datetime.now(UTC).timestamp() - seconds) < 2 * 86400
