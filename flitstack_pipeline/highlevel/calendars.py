"""Appointments (reference 11); past ones ignore free slots and notify nobody.

`locationId` stands in the body of create only.
"""

from __future__ import annotations

from typing import Literal

from flitstack_pipeline.highlevel.family import Family, Record
from flitstack_pipeline.highlevel.models import IsoText, WireModel

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
    """`/calendars/events`."""

    def create_appointment(self, appointment: AppointmentCreate) -> Record:
        """Create an appointment, past or future, without telling anyone."""
        body = {"locationId": self.location_id, **appointment.wire()}
        return self._record("POST", "/calendars/events/appointments", "event", json=body)

    def get_appointment(self, event_id: str) -> Record:
        """Read an appointment."""
        route, path = "/calendars/events/appointments/{eventId}", {"eventId": event_id}
        return self._record("GET", route, "event", "appointment", path=path)

    def update_appointment(self, event_id: str, appointment: AppointmentUpdate) -> Record:
        """Change an appointment."""
        route, path = "/calendars/events/appointments/{eventId}", {"eventId": event_id}
        return self._record("PUT", route, "event", path=path, json=appointment.wire())

    def delete_event(self, event_id: str) -> None:
        """Delete an appointment."""
        path = {"eventId": event_id}
        self._call("DELETE", "/calendars/events/{eventId}", path=path, json={})
