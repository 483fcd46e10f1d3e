"""One handler per kind of mapped row: how it is written, found, read, changed and deleted."""

from __future__ import annotations

from flitstack_pipeline.migration.record_types.appointments import AppointmentHandler
from flitstack_pipeline.migration.record_types.base import Handler
from flitstack_pipeline.migration.record_types.companies import CompanyHandler, CompanyLinkHandler
from flitstack_pipeline.migration.record_types.contacts import ContactHandler
from flitstack_pipeline.migration.record_types.conversations import ConversationHandler
from flitstack_pipeline.migration.record_types.files import (
    ContactFileHandler,
    OpportunityFileHandler,
)
from flitstack_pipeline.migration.record_types.media import MediaHandler
from flitstack_pipeline.migration.record_types.messages import MessageHandler
from flitstack_pipeline.migration.record_types.notes import NoteHandler
from flitstack_pipeline.migration.record_types.opportunities import OpportunityHandler
from flitstack_pipeline.migration.record_types.records import RecordHandler
from flitstack_pipeline.migration.record_types.relations import RelationHandler
from flitstack_pipeline.migration.record_types.tasks import TaskHandler

HANDLERS: dict[str, Handler] = {
    handler.kind: handler
    for handler in (
        ContactHandler(),
        CompanyHandler(),
        CompanyLinkHandler(),
        OpportunityHandler(),
        OpportunityFileHandler(),
        RecordHandler(),
        RelationHandler(),
        MediaHandler(),
        NoteHandler(),
        TaskHandler(),
        ConversationHandler(),
        MessageHandler(),
        AppointmentHandler(),
        ContactFileHandler(),
    )
}

#: Kinds in the order in which a rollback may take them away: links first, people last, and
#: companies after the contacts that may stay in them, messages after their conversations.
UNDO_ORDER: tuple[str, ...] = (
    "relation",
    "note",
    "task",
    "appointment",
    "conversation",
    "message",
    "contact_file",
    "company_link",
    "record",
    "opportunity",
    "opportunity_file",
    "contact",
    "company",
    "media",
)

__all__ = ["HANDLERS", "UNDO_ORDER", "Handler"]
