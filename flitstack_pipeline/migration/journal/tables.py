"""Tables of the journal, the same on SQLite and Postgres.

What belongs here: columns and indexes. What does not: reading or writing them (journal/store.py).
`intents` and `outcomes` are append-only: one intent per attempt, written durably before the
request leaves, and an outcome after it: what HighLevel answered, and, where that said nothing,
what a look-up found. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

#: Raised with every change of a table or column; journal/versions.py says how to get there.
VERSION = 2

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("stage", sa.String(40), nullable=False),
    sa.Column("object_key", sa.String(40), nullable=False, default=""),
    sa.Column("host", sa.String(120)),
    sa.Column("pid", sa.Integer),
    sa.Column("started_at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
    # running, done, stopped, failed; interrupted: it died, and a later run settled what it left
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("summary", sa.JSON),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("run_id", sa.String(40), nullable=False, index=True),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("object_key", sa.String(40), nullable=False),
    sa.Column("record_key", sa.Text, nullable=False, index=True),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("operation", sa.String(20), nullable=False),  # create, update, delete, restore, …
    sa.Column("endpoint", sa.Text, nullable=False),
    sa.Column("payload_hash", sa.String(80)),
    sa.Column("request", sa.JSON),  # what was meant: payload, parents as HighLevel ids
    sa.Column("attempt", sa.Integer, nullable=False, default=1),
    sa.Column("at", sa.Float, nullable=False),
)

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("intent_id", sa.String(40), primary_key=True),
    # answers: throttled, unsent (both repeated within the attempt), done, refused, ambiguous;
    # settlements of ambiguous or open intents: found, absent, repeated, interrupted, given up
    sa.Column("result", sa.String(20), primary_key=True),
    sa.Column("at", sa.Float, primary_key=True),
    sa.Column("status", sa.Integer),
    sa.Column("hl_id", sa.Text),
    sa.Column("trace_id", sa.Text),
    sa.Column("latency_ms", sa.Float),
    sa.Column("message", sa.Text),
)

#: Outcomes after which nothing is known yet, and those that settle what an answer left open.
UNSETTLED = ("throttled", "unsent", "ambiguous")
SETTLEMENTS = ("found", "absent", "repeated", "interrupted", "given up")

id_map = sa.Table(
    "id_map",
    metadata,
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("record_key", sa.Text, primary_key=True),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("object_key", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("hl_id", sa.Text, nullable=False, index=True),
    sa.Column("origin", sa.String(20), nullable=False),  # created, adopted, matched
    sa.Column("payload_hash", sa.String(80), nullable=False),
    sa.Column("last_written", sa.JSON),  # the payload as written, logical values
    sa.Column("before_image", sa.JSON),  # logical values before our first update
    sa.Column("details", sa.JSON),  # ids needed to find it again: parents, URLs
    sa.Column("run_id", sa.String(40), nullable=False, index=True),
    sa.Column("sequence", sa.String(40), nullable=False),  # the intent that made it: its order
    sa.Column("written_at", sa.Float, nullable=False),
)

originals = sa.Table(
    "originals",
    metadata,
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("kind", sa.String(40), primary_key=True),
    sa.Column("hl_id", sa.Text, primary_key=True),
    sa.Column("answer", sa.JSON),  # a record that was there before us, as HighLevel answered it
    sa.Column("at", sa.Float, nullable=False),
)

schema_items = sa.Table(
    "schema_items",
    metadata,
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("item_key", sa.Text, primary_key=True),  # field:contact:Paid_Date__c, …
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("hl_id", sa.Text, nullable=False),
    sa.Column("origin", sa.String(20), nullable=False),  # created, existing
    sa.Column("details", sa.JSON),
    sa.Column("run_id", sa.String(40), nullable=False),
    sa.Column("sequence", sa.String(40), nullable=False),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False, index=True),
    sa.Column("approved_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text),
    sa.Column("details", sa.JSON),
    sa.Column("at", sa.Float, nullable=False),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),  # map, question, duplicate, approval, …
    sa.Column("what", sa.Text, nullable=False),  # in words: which entry, which two clients
    sa.Column("decision", sa.JSON),
    sa.Column("seen", sa.Text, nullable=False),  # digest of what the page showed
)

dead_letters = sa.Table(
    "dead_letters",
    metadata,
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("record_key", sa.Text, primary_key=True),
    sa.Column("source_key", sa.Text, nullable=False),
    sa.Column("object_key", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("reason_class", sa.String(20), nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("messages", sa.JSON),
    sa.Column("payload", sa.JSON),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("run_id", sa.String(40), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

conflicts = sa.Table(
    "conflicts",
    metadata,
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("record_key", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("object_key", sa.String(40), nullable=False),
    sa.Column("hl_id", sa.Text),
    sa.Column("reason", sa.String(40), nullable=False),  # edited, duplicate, shared_field, …
    sa.Column("wanted", sa.JSON),
    sa.Column("found", sa.JSON),
    sa.Column("last_written", sa.JSON),
    sa.Column("message", sa.Text),
    sa.Column("run_id", sa.String(40), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

missing_parents = sa.Table(
    "missing_parents",
    metadata,
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("record_key", sa.Text, primary_key=True),
    sa.Column("role", sa.String(40), primary_key=True),
    sa.Column("parent_key", sa.Text, primary_key=True),
    sa.Column("object_key", sa.String(40), nullable=False),
    sa.Column("policy", sa.String(20), nullable=False),
    sa.Column("run_id", sa.String(40), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("purpose", sa.String(40), nullable=False),  # prepare, a stage, reconcile, …
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("value", sa.JSON),
    sa.Column("at", sa.Float, nullable=False),
)

locks = sa.Table(
    "locks",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.String(40), nullable=False),
    sa.Column("host", sa.String(120), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("process_start", sa.String(40), nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("acquired_at", sa.Float, nullable=False),
    sa.Column("heartbeat_at", sa.Float, nullable=False),
)
