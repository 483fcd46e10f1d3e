"""Calendars and their appointments; past ones ignore free slots and notify nobody.

Facts: docs/highlevel.md#activities.
`locationId` stands in the body of create and in the query of lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from flitstack_pipeline.highlevel.answer_types import Appointment, Named
from flitstack_pipeline.highlevel.api.base import Family, Record
from flitstack_pipeline.highlevel.models import IsoText, WireModel
from flitstack_pipeline.highlevel.reading import read_appointment, read_named

AppointmentStatus = Literal[
    "new", "confirmed", "cancelled", "showed", "noshow", "invalid", "completed", "active"
]


class AppointmentUpdate(WireModel):
    """What an appointment can be changed to."""

    title: str | None = None
    start_time: IsoText | None = None
    end_time: IsoText | None = None
    appointment_status: AppointmentStatus | None = None
    assigned_user_id: str | None = None
    address: str | None = None
    description: str | None = None
    ignore_date_range: bool = True
    ignore_free_slot_validation: bool = True
    to_notify: bool = False


class AppointmentCreate(AppointmentUpdate):
    """A new appointment in an existing calendar."""

    calendar_id: str
    contact_id: str
    start_time: IsoText


class Calendars(Family):
    """`/calendars`."""

    def list(self) -> list[Named]:
        """Read the calendars."""
        found = self._list("/calendars/", "calendars", params={"locationId": self.location_id})
        return [read_named(raw) for raw in found]

    def get(self, calendar_id: str) -> Named:
        """Read a calendar."""
        path = {"calendarId": calendar_id}
        return self._one("/calendars/{calendarId}", read_named, "calendar", path=path)

    def events(self, calendar_id: str, start_ms: int, end_ms: int) -> Sequence[Appointment]:
        """Read a calendar's events between two moments, in milliseconds since 1970.

        The list does not page (OpenAPI, "Get Calendar Events").
        """
        params = {
            "locationId": self.location_id, "calendarId": calendar_id,
            "startTime": str(start_ms), "endTime": str(end_ms),
        }  # fmt: skip
        found = self._list("/calendars/events", "events", params=params)
        return [read_appointment(raw) for raw in found]

    def create_appointment(self, appointment: AppointmentCreate) -> Record:
        """Create an appointment, past or future, without telling anyone."""
        body = {"locationId": self.location_id, **appointment.wire()}
        return self._record("POST", "/calendars/events/appointments", "event", json=body)

    def get_appointment(self, event_id: str) -> Appointment:
        """Read an appointment."""
        route, path = "/calendars/events/appointments/{eventId}", {"eventId": event_id}
        return self._one(route, read_appointment, "event", "appointment", path=path)

    def update_appointment(self, event_id: str, appointment: AppointmentUpdate) -> Record:
        """Change an appointment."""
        route, path = "/calendars/events/appointments/{eventId}", {"eventId": event_id}
        return self._record("PUT", route, "event", path=path, json=appointment.wire())

    def delete_event(self, event_id: str) -> None:
        """Delete an appointment."""
        path = {"eventId": event_id}
        self._call("DELETE", "/calendars/events/{eventId}", path=path, json={})
