"""What clients and leads have in common: columns, clean columns, and the contact they become."""

from __future__ import annotations

from flitstack_pipeline.catalog.columns import (
    ASSIGNED,
    CREATED,
    NOTES,
    SERVICE_ADDRESS,
    STATUS,
    TAGS,
    UPDATED,
    WORKSPACE,
    also,
    column,
    columns,
)
from flitstack_pipeline.catalog.model import (
    BOOL,
    COUNTRY_PATTERN,
    E164_PATTERN,
    EMAIL_PATTERN,
    LIST,
    TEXT,
    Field,
)

PERSON = (
    *columns(
        """
        name: Client Name|name|display name|contact name|customer name|customer|client|full name|nombre|nom
        first_name: First Name|first|given name
        last_name: Last Name|last|surname|family name
        business_name: Business Name|company|company name|business|organization|organisation|account name
        website: Website|web site|url|web|web address|homepage|?site
        email: Email|e mail|emails|e mails|email address|email addresses|primary email|email 1|email address 1|correo
        phone: Phone|phone number|main phone|main phone numbers|primary phone|telephone|phones|phone numbers|phone 1|telefono
        mobile: Mobile|cell|cell phone|mobile phone|mobile number|cell number|mobile phone numbers|cell phone number|mobile phone number|cell phone numbers|mobile numbers|phone 2|alternate phone|alt phone|secondary phone|other phone
        address: Billing Address|address|full address|mailing address|direccion
        street: Street|street 1|street address|address 1|address line 1|billing street|billing street 1
        street2: Street 2|street line 2|address 2|address line 2|unit|apt|suite|billing street 2
        city: City|town|billing city
        state: State|province|region|billing state|county
        zip: Zip|zip code|zipcode|postal code|postcode|post code|eircode|pincode|billing zip code|billing zip
        country: Country|billing country
        """
    ),
    also(SERVICE_ADDRESS, read=""),
    column(
        "lead_source: Lead Source|source|referral source|how did you hear about us; one_line; ; where the client came from"
    ),
    TAGS,
    also(STATUS, read="text", about="record status as read (Active, Archived)"),
    NOTES,
    ASSIGNED,
    also(CREATED, to=""),
    also(UPDATED, to=""),
    WORKSPACE,
)
#: Filled by reading alone, where a contact is no client (see `other_kinds.SOURCE_TYPES`).
PERSON_KIND = column("person_kind: Source_Type__c")

PERSON_FIELDS = (
    Field("source_type", TEXT, "what it is, where it is no client: Vendor, Contact person"),
    Field("name", TEXT, "display name as it should be read", required=True),
    Field("first_name", TEXT, "given name(s)"),
    Field("last_name", TEXT, "family name with particles and suffix"),
    Field("business_name", TEXT, "business name when there is one"),
    Field("is_business", BOOL, "becomes a Company as well", required=True),
    Field("business_evidence", TEXT, "why it is (not) taken for a business"),
    Field("website", TEXT, "web address with scheme"),
    Field("email", TEXT, "first valid e-mail, lower case", matches=EMAIL_PATTERN),
    Field("extra_emails", LIST, "further e-mails in order"),
    Field("phone", TEXT, "first phone, E.164", matches=E164_PATTERN),
    Field("phone_extension", TEXT, "extension of the first phone"),
    Field("extra_phones", LIST, "further phones, E.164 (with ` x12` for an extension) or as read"),
    Field("address1", TEXT, "street with unit"),
    Field("city", TEXT, "city"),
    Field("state", TEXT, "state or province code"),
    Field("postal_code", TEXT, "ZIP (leading zero kept) or postcode"),
    Field("country", TEXT, "ISO 3166-1 alpha-2", matches=COUNTRY_PATTERN),
    Field("service_address", TEXT, "service address, one line"),
)
#: What tells two of them apart; telephone and e-mail of one change.
PERSON_TELLS = (
    "name person name,first_name,last_name,business_name; e-mail emails email; "
    "phone phones phone,mobile"
)
PERSON_RULES = (
    "first_name firstName",
    "last_name lastName",
    "display_name<name name",
    "business_name companyName",
    "email email",
    "phone phone",
    "address1 address1",
    "city city",
    "state state",
    "postal_code postalCode",
    "country country",
    "website website",
    "lead_source source",
    "all_tags<tags tags list",
    "source_type Source_Type__c text SINGLE_OPTIONS",
    "original_name<name Original_Name__c",
    "phone_extension Phone_Extension__c",
    "extra_emails Extra_Emails__c joined LARGE_TEXT",
    "extra_phones Extra_Phones__c joined LARGE_TEXT",
    "service_address Service_Address__c long",
    "lead_source Lead_Source__c",
    "status Client_Status__c",
    "assigned_to Assigned_Team__c joined",
    "notes Contractor_Notes__c long",
    "file_notes File_Notes__c long",
    "merged_values Merged_Values__c long",
    "source_key Source_System_ID__c",
    "created Original_Create_Date__c date",
    "created_at Original_Create_Time__c",
    "updated Original_Update_Date__c date",
    "updated_at Original_Update_Time__c",
    "originals Original_Values__c lines",
)
