"""Clients: contacts, and companies for businesses; their properties are a text of the contact."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    CLIENT_ID,
    CLIENT_NAME,
    NOTES,
    WORKSPACE,
    also,
    column,
)
from flitstack_pipeline.catalog.model import CONTACT, TEXT, Dataset, Field, ObjectType
from flitstack_pipeline.catalog.people import (
    PERSON,
    PERSON_FIELDS,
    PERSON_KIND,
    PERSON_RULES,
    PERSON_TELLS,
)

_PARTS = frozenset({"address", "street", "street2", "city", "state", "zip", "country"})

CLIENTS = ObjectType(
    "clients",
    "Clients",
    "Contacts, and Companies for businesses",
    ("users",),
    (
        Dataset(
            "clients",
            "Clients",
            (
                column(
                    "client_id: Client ID|customer id|id|j id|client number|client no|customer number|customer no|account number|account no|account id|contact id"
                ),
                *PERSON,
                PERSON_KIND,
            ),
            ("client_id",),
            ("client_id", "name"),
            ("clients", "customers", "client_list"),
            ("client", "customer", "contact", "account"),
            ("name|first_name|last_name|business_name", "email|phone|mobile|address|street|city"),
            derived_id=("name", "first_name", "last_name", "email", "phone", "address", "street"),
            tells=PERSON_TELLS,
            target=CONTACT,
            further=PERSON_FIELDS,
            rules=(
                *PERSON_RULES,
                "properties Properties__c long",
                "company_name<business_name,name name @business",
                "phone phone @business",
                "email email @business",
                "website website @business",
                "address1 address @business",
                "city city @business",
                "state state @business",
                "postal_code postalcode @business",
                "country country @business",
                "source_key Source_System_ID__c @business",
                "created Original_Create_Date__c date @business",
            ),
        ),
        Dataset(
            "properties",
            "Properties",
            (
                column("property_id: Property ID|site id|id"),
                also(CLIENT_ID, read="text"),
                CLIENT_NAME,
                column("property_name: Property Name|site name; text; ; name"),
                *(c for c in PERSON if c.name in _PARTS),
                also(NOTES, about="notes"),
                WORKSPACE,
            ),
            ("property_id",),
            ("property_id", "property_name"),
            ("properties", "sites"),
            ("property", "site", "service location"),
            ("client_id|client_name", "property_name|address|street"),
            derived_id=("client_id", "client_name", "property_name", "address", "street"),
            tells="client; address text address,street,city; name text property_name",
            further=(Field("address", TEXT, "one line"),),
            joined=("clients", "properties"),
        ),
    ),
)
