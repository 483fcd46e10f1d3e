"""All API families of one sub-account behind one object."""

from __future__ import annotations

from flitstack_pipeline.highlevel.api.associations import Associations
from flitstack_pipeline.highlevel.api.businesses import Businesses
from flitstack_pipeline.highlevel.api.calendars import Calendars
from flitstack_pipeline.highlevel.api.contacts import Contacts
from flitstack_pipeline.highlevel.api.conversations import Conversations
from flitstack_pipeline.highlevel.api.custom_fields import CustomFields, FieldsV1, FieldsV2
from flitstack_pipeline.highlevel.api.files import Files
from flitstack_pipeline.highlevel.api.locations import Locations
from flitstack_pipeline.highlevel.api.notes import Notes
from flitstack_pipeline.highlevel.api.objects import Objects
from flitstack_pipeline.highlevel.api.opportunities import Opportunities
from flitstack_pipeline.highlevel.api.pipelines import Pipelines
from flitstack_pipeline.highlevel.api.products import Products
from flitstack_pipeline.highlevel.api.records import Records
from flitstack_pipeline.highlevel.api.users import Users
from flitstack_pipeline.highlevel.api.workflows import Workflows
from flitstack_pipeline.highlevel.client import HighLevelClient


class HighLevel:
    """`HighLevel(client).contacts.create(...)`; one attribute per family."""

    def __init__(self, client: HighLevelClient) -> None:
        self.client = client
        self.contacts = Contacts(client)
        self.businesses = Businesses(client)
        self.opportunities = Opportunities(client)
        self.pipelines = Pipelines(client)
        self.objects = Objects(client)
        self.records = Records(client)
        self.custom_fields = CustomFields(FieldsV1(client), FieldsV2(client))
        self.associations = Associations(client)
        self.users = Users(client)
        self.locations = Locations(client)
        self.products = Products(client)
        self.files = Files(client)
        self.notes = Notes(client)
        self.conversations = Conversations(client)
        self.calendars = Calendars(client)
        self.workflows = Workflows(client)

    @property
    def location_id(self) -> str:
        """The sub-account all families are about."""
        return self.client.location_id
