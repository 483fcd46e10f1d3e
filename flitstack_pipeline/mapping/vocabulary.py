"""What CRM and field-service vendors call the same things: words, phrases, heads and qualifiers.

Written from vendors' public import and export field lists (HighLevel, Salesforce, HubSpot, Zoho,
Pipedrive, Jobber, Housecall Pro, QuickBooks and others). Belongs here: words and what they mean.
Does not: reading a header with them (`mapping.meanings`), scoring (`mapping.matcher`).

A phrase is written lower case with abbreviations expanded and in the singular, as
`meanings.words_of` leaves it. `HEADS` names what a field is (an e-mail, a city, a total); the
qualifiers say whose (`ENTITIES`), which sort (`KINDS`) and which one of several (`PLACES`).
"""

from __future__ import annotations

from flitstack_pipeline.mapping.paraphrases import paraphrases


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


ABBREVIATIONS: dict[str, str] = {
    "addr": "address", "add": "address", "adr": "address", "ph": "phone", "tel": "phone",
    "telephone": "phone", "phn": "phone", "fname": "first name", "lname": "last name",
    "mname": "middle name", "fullname": "full name", "mob": "mobile", "cell": "mobile",
    "cellular": "mobile", "cellphone": "mobile phone", "qty": "quantity", "amt": "amount",
    "num": "number", "nbr": "number", "no": "number", "nr": "number", "#": "number",
    "dt": "date", "desc": "description", "descr": "description", "cust": "customer",
    "org": "organization", "organisation": "organization", "co": "company", "corp": "company",
    "inv": "invoice", "est": "estimate", "wo": "work order", "acct": "account",
    "acc": "account", "mgr": "manager", "tech": "technician", "appt": "appointment",
    "sched": "scheduled", "bal": "balance", "bday": "birthday", "dob": "birthday", "zip":
    "postal code", "zipcode": "postal code", "postcode": "postal code", "postalcode":
    "postal code", "plz": "postal code", "url": "website", "uri": "website", "web": "website",
    "homepage": "website", "webpage": "website", "mail": "email", "prop": "property",
    "biz": "business", "orig": "original", "src": "source", "opp": "opportunity",
    "opty": "opportunity", "oppty": "opportunity", "stat": "status", "uom": "unit",
    "pmt": "payment", "pymt": "payment", "ext": "extension", "lst": "last", "frst": "first",
    "ref": "reference", "cat": "category", "val": "value", "ttl": "total", "tot": "total",
    "msg": "message", "dept": "department", "div": "division", "ctry": "country",
    "st": "state", "str": "street", "apt": "apartment", "ste": "suite", "bldg": "building",
    "lat": "latitude", "lng": "longitude", "lon": "longitude", "long": "longitude",
    "tz": "time zone", "lang": "language", "curr": "currency", "prob": "probability",
    "pct": "percent", "%": "percent", "disc": "discount", "usr": "user", "emp": "employee",
    "biller": "billing", "bill": "billing", "ship": "shipping", "mfr": "manufacturer",
    "dnc": "do not call", "dnd": "do not disturb", "exp": "expiration", "yr": "year",
    "ytd": "year to date", "po": "purchase order", "mod": "modified", "crtd": "created",
    "upd": "updated", "req": "required", "rep": "sales rep", "spoc": "contact",
    "fb": "facebook", "ig": "instagram", "info": "information", "addl": "additional",
    "alt": "alternate", "prov": "province", "kind": "type", "sort": "type",
    "enquiry": "lead", "inquiry": "lead", "www": "website", "uid": "id", "sec": "secondary",
    "prim": "primary", "pri": "primary",
    "nickname": "nick name", "workphone": "work phone", "homephone": "home phone",
    "jobtitle": "job title", "techs": "technician", "opps": "opportunity", "img": "image",
    "pic": "photo", "doc": "document", "docs": "document", "sq": "square", "ft": "feet",
    "days": "daycount", "hrs": "hour", "mins": "minute", "temp": "temperature", "max": "maximum",
    "min": "minimum",
}  # fmt: skip

#: Words that say nothing when something else is left.
FILLERS = word_set(
    "the of a an and or for in to by is are has this that your my our field value information "
    "data please enter column text string current associated name# c "
    "if any per"
) - {"value", "by"}

#: What stands behind one of these only tells more of what stands before it.
PREPOSITIONS = word_set(
    "with without incl including inclusive excl excluding exclusive before after until till since "
    "per by to of for from in via"
)

#: Said of whole systems, not of the field: dropped from the front.
SYSTEM_PREFIXES = ("hs", "cf", "custom", "custom field", "udf", "hubspot", "sf", "zoho", "ghl")

#: Phrase -> the words it stands for. Longest phrases are replaced first.
PHRASES: dict[str, str] = {
    # people
    "given name": "firstname", "first name": "firstname", "forename": "firstname",
    "christian name": "firstname", "name first": "firstname", "last name": "lastname",
    "family name": "lastname", "surname": "lastname", "name last": "lastname",
    "middle name": "middlename", "middle initial": "middlename", "full name": "name person",
    "display name": "name display", "display as": "name display", "person name": "name person",
    "name on check": "checkname", "print on check": "checkname", "name prefix": "salutation",
    "prefix": "salutation", "honorific": "salutation", "courtesy title": "salutation",
    "name suffix": "suffix", "nick name": "nickname", "preferred name": "nickname",
    "job title": "jobtitle", "job position": "jobtitle", "position title": "jobtitle",
    "professional title": "jobtitle", "occupation": "jobtitle", "designation": "jobtitle",
    "position": "jobtitle", "business title": "jobtitle", "job role": "jobtitle",
    "date of birth": "birthday", "birth date": "birthday", "birthdate": "birthday",
    "birth day": "birthday", "sex": "gender", "marital status": "maritalstatus",
    "relationship status": "maritalstatus",
    # contact points
    "email address": "email", "email id": "email", "e mail": "email", "phone number": "phone",
    "contact number": "phone", "call number": "phone", "mobile number": "mobile phone",
    "mobile": "mobile phone", "mobile phone": "mobile phone", "sms number": "mobile phone",
    "text number": "mobile phone", "text message number": "mobile phone",
    "home number": "home phone", "work number": "work phone", "office number": "work phone",
    "business number": "work phone", "land line": "home phone", "landline": "home phone",
    "daytime phone": "work phone", "evening phone": "home phone", "day phone": "work phone",
    "fax number": "fax", "facsimile": "fax", "fax phone": "fax", "business phone": "work phone",
    "office phone": "work phone", "direct phone": "work phone", "direct line": "work phone",
    "business email": "work email", "office email": "work email", "business fax": "work fax",
    "residential phone": "home phone", "personal email": "home email",
    "phone extension": "phoneextension", "extension number": "phoneextension",
    "web site": "website", "web address": "website", "website address": "website",
    "company domain name": "website", "domain name": "website", "domain": "website",
    "web page": "website", "website page": "website", "website website": "website",
    "facebook page": "facebook", "facebook profile": "facebook", "facebook website": "facebook",
    "facebook fan page": "facebook", "linkedin profile": "linkedin",
    "linkedin website": "linkedin", "linked in": "linkedin", "linkedin bio": "linkedin",
    "twitter handle": "twitter", "twitter username": "twitter", "twitter profile": "twitter",
    "x handle": "twitter", "instagram handle": "instagram", "skype id": "skype",
    "skype username": "skype", "skype name": "skype", "instant messenger": "im", "im handle": "im",
    # addresses
    "street address": "street", "address street": "street", "address line": "street",
    "street line": "street", "street name": "street", "address": "street",
    "street number": "streetnumber", "house number": "streetnumber", "full address": "street full",
    "complete address": "street full", "formatted address": "street full",
    "combined address": "street full", "street 1": "street", "street 2": "street2",
    "street 3": "street3", "unit number": "street2", "apartment": "street2", "suite": "street2",
    "suite number": "street2", "apartment number": "street2", "apartment suite": "street2",
    "address unit": "street2", "street unit": "street2", "second line": "street2",
    "building": "street2", "postal code": "postalcode", "postal": "postalcode",
    "pin code": "postalcode", "pincode": "postalcode", "eircode": "postalcode",
    "postal code code": "postalcode", "postal code postal code": "postalcode",
    "postal code postal": "postalcode", "postal code zip": "postalcode", "state province": "state",
    "state region": "state", "state county": "state", "state code": "state", "province": "state",
    "region": "state", "province state": "state", "state or province": "state",
    "country code": "country", "country sub division code": "state",
    "country subdivision": "state", "country subdivision code": "state",
    "billing code": "billing postalcode", "shipping code": "shipping postalcode",
    "mailing code": "mailing postalcode", "country region": "country", "nation": "country",
    "country name": "country", "country region code": "country", "city town": "city",
    "town": "city", "suburb": "city", "locality": "city", "municipality": "city",
    "town city": "city", "city name": "city", "post town": "city", "bill to": "billing",
    "ship to": "shipping", "job site": "site",
    "service location": "service street", "job location": "site street",
    "site location": "site street", "property location": "property street",
    "location address": "site street", "service site": "service", "time zone": "timezone",
    "geo code": "geocode",
    # companies
    "company name": "company", "business name": "company", "organization name": "company",
    "account name": "company", "employer name": "company", "firm name": "company",
    "company business name": "company", "legal name": "company legal", "trading name": "company",
    "doing business as": "company", "associated company": "company", "firm": "company",
    "employer": "company", "organization": "company", "business": "company", "works at": "company",
    "company organization": "company", "parent company": "parent company",
    "number of employee": "employees", "number of employees": "employees",
    "number employees": "employees", "no employees": "employees", "number of staff": "employees",
    "employee number": "employees", "employee count": "employees", "company size": "employees",
    "headcount": "employees", "employee size": "employees", "number employee": "employees",
    "employee range": "employees", "organization size": "employees", "team size": "employees",
    "annual revenue": "annualrevenue", "yearly revenue": "annualrevenue",
    "annual turnover": "annualrevenue", "turnover": "annualrevenue",
    "annual sale": "annualrevenue", "company revenue": "annualrevenue",
    "revenue range": "annualrevenue", "sic code": "siccode", "naics code": "naicscode",
    "vertical": "industry", "sector": "industry", "industry type": "industry",
    "industry sector": "industry", "business type": "industry", "line of business": "industry",
    "ticker symbol": "ticker", "stock ticker": "ticker", "tax id": "taxid", "tax number": "taxid",
    "vat number": "taxid", "ein": "taxid", "gst number": "taxid", "abn": "taxid",
    "tax registration number": "taxid", "resale number": "taxid",
    "tax identification number": "taxid",
    # where from, whose
    "lead source": "source", "referral source": "source", "original source": "source",
    "how did you hear about us": "source", "how did they hear about us": "source",
    "how did you hear": "source", "how heard": "source", "hear about us": "source",
    "heard about us": "source", "heard from": "source", "contact source": "source",
    "marketing source": "source", "acquisition source": "source", "came from": "source",
    "ad source": "source", "advertising source": "source", "original traffic source": "source",
    "marketing channel": "source", "source channel": "source", "source name": "source",
    "channel": "source", "source type": "source", "lead origin": "source", "origin": "source",
    "lead channel": "source", "source of lead": "source", "first touch source": "source",
    "latest source": "source latest", "latest traffic source": "source latest",
    "job source": "source", "client source": "source", "deal source": "source",
    "campaign source": "campaign", "campaign name": "campaign", "marketing campaign": "campaign",
    "referred by": "referrer", "referral": "referrer", "referral name": "referrer",
    "referrer name": "referrer", "sales rep": "owner", "sales representative": "owner",
    "salesperson": "owner", "sales person": "owner", "salesman": "owner",
    "account manager": "owner", "account executive": "owner", "account rep": "owner",
    "assigned to": "owner", "assigned user": "owner", "assigned": "owner", "assignee": "owner",
    "assign to": "owner", "assigned rep": "owner", "relationship manager": "owner",
    "responsible person": "owner", "responsible": "owner", "person responsible": "owner",
    "responsible user": "owner", "record owner": "owner", "user responsible": "owner",
    "owned by": "owner", "owner name": "owner", "sales agent": "owner", "estimator": "owner",
    "technician": "technician", "crew": "technician", "assigned technician": "technician",
    "assigned tech": "technician", "field technician": "technician", "performed by": "technician",
    "assigned employee": "technician", "technician name": "technician",
    "assigned crew": "technician", "assigned team": "technician", "team member": "technician",
    "team": "technician", "field worker": "technician", "serviced by": "technician",
    "lead technician": "technician", "primary technician": "technician",
    "project manager": "projectmanager", "job manager": "projectmanager", "created by": "creator",
    "creator": "creator", "added by": "creator", "entered by": "creator", "author": "creator",
    "owner email": "owner email", "booked by": "creator", "sold by": "owner",
    "modified by": "modifier", "updated by": "modifier", "last modified by": "modifier",
    "changed by": "modifier", "last updated by": "modifier",
    # when
    "last modified": "updated", "modified": "updated", "last updated": "updated",
    "last update": "updated", "last changed": "updated", "changed": "updated",
    "last edited": "updated", "update": "updated", "last modification": "updated",
    "date modified": "updated date", "system mod stamp": "updated", "date created": "created date",
    "create": "created", "creation": "created", "date added": "created date", "added": "created",
    "entered": "created", "date entered": "created date", "customer since": "created date",
    "client since": "created date", "member since": "created date", "signup": "created",
    "sign up": "created", "signed up": "created", "registered": "created",
    "became a lead": "created", "original create": "created", "inserted": "created",
    "received": "received", "last activity": "lastactivity", "last contacted": "lastactivity",
    "last contact": "lastactivity", "last touch": "lastactivity",
    "last engagement": "lastactivity", "last interaction": "lastactivity",
    "recent activity": "lastactivity", "last seen": "lastactivity",
    "last communication": "lastactivity", "last service": "lastservice",
    "last visit": "lastservice", "last job": "lastservice", "next activity": "nextactivity",
    "follow up": "nextactivity", "followup": "nextactivity", "next follow up": "nextactivity",
    "next contact": "nextactivity", "callback": "nextactivity", "call back": "nextactivity",
    "next call": "nextactivity", "reminder": "nextactivity", "next step": "nextstep",
    "next action": "nextstep", "start": "start", "scheduled start": "start", "begin": "start",
    "scheduled": "start", "scheduled for": "start", "scheduled on": "start", "schedule": "start",
    "appointment date": "start date", "visit date": "start date", "service date": "start date",
    "job date": "start date job", "booking date": "start date", "planned start": "start",
    "appointment time": "start time", "arrival time": "start time", "booked for": "start",
    "work date": "start date", "kickoff date": "start date", "kick off date": "start date",
    "target start": "start", "expected start": "start", "estimated start": "start", "end": "end",
    "scheduled end": "end", "finish": "end", "ends": "end", "planned end": "end", "stop": "end",
    "scheduled finish": "end", "target end": "end", "scheduled completion": "end",
    "expected completion": "end", "estimated completion": "end", "target completion": "end",
    "completed": "completed", "completion": "completed", "date completed": "completed date",
    "finished": "completed", "done": "completed", "actual end": "completed",
    "actual completion": "completed", "job completed": "completed job", "close": "closedate",
    "closing": "closedate", "expected close": "closedate", "estimated close": "closedate",
    "forecast close": "closedate", "anticipated close": "closedate",
    "projected close": "closedate", "target close": "closedate", "expected closing": "closedate",
    "estimated closing": "closedate", "actual close": "closedate actual",
    "closed": "closedate actual",
    "won": "won", "expected sign": "closedate", "forecasted close": "closedate", "due": "due",
    "payment due": "due", "date due": "due date", "pay by": "due date", "paid date": "paiddate",
    "date paid": "paiddate", "payment date": "paiddate", "paid on": "paiddate",
    "marked paid": "paiddate", "paid at": "paiddate", "payment received date": "paiddate",
    "marked paid date": "paiddate", "date of payment": "paiddate", "issued": "issued",
    "date issued": "issued", "issue": "issued", "issue date": "issued",
    "billed on": "issued invoice", "billing date": "issued invoice", "invoiced": "issued invoice",
    "invoice date": "issued invoice", "invoiced on": "issued invoice", "txn date": "issued",
    "transaction date": "issued", "date of invoice": "issued invoice", "document date": "issued",
    "estimate date": "issued estimate", "quote date": "issued estimate",
    "proposal date": "issued estimate", "quoted on": "issued estimate",
    "date of estimate": "issued estimate", "drafted date": "issued estimate",
    "bid date": "issued estimate", "expiration": "expiration", "expiry": "expiration",
    "valid until": "expiration", "valid through": "expiration", "expires": "expiration",
    "expire": "expiration", "good until": "expiration", "valid till": "expiration",
    "valid to": "expiration", "sent": "sent", "date sent": "sent date", "emailed": "sent",
    "viewed": "viewed", "approved": "approved", "accepted": "approved", "approval": "approved",
    "acceptance": "approved", "signed": "signed", "date signed": "signed date",
    "signature": "signed", "converted": "converted", "conversion": "converted",
    # money
    "grand total": "total", "total amount": "total", "amount total": "total",
    "total price": "total", "line total": "total item", "extended price": "total item",
    "net total": "total", "extended amount": "total item", "line amount": "total item",
    "sum": "total", "final total": "total", "total cost": "jobcost", "total due": "balance",
    "quoted": "estimate total", "quoted amount": "estimate total",
    "quoted total": "estimate total", "quoted price": "estimate total", "job cost": "jobcost",
    "cost of job": "jobcost", "total expense": "jobcost", "cost total": "jobcost",
    "total revenue": "revenue", "amount": "amount", "sub total": "subtotal",
    "net amount": "subtotal", "amount before tax": "subtotal", "pre tax total": "subtotal",
    "total before tax": "subtotal", "amount excl tax": "subtotal", "untaxed amount": "subtotal",
    "net price": "subtotal", "tax amount": "tax", "sales tax": "tax", "sale tax": "tax",
    "vat": "tax", "gst": "tax", "total tax": "tax", "tax total": "tax", "hst": "tax",
    "vat amount": "tax", "tax collected": "tax", "tax rate": "taxrate", "tax percent": "taxrate",
    "tax percentage": "taxrate", "vat rate": "taxrate", "tax code": "taxcode",
    "tax exempt": "taxexempt", "tax exempted": "taxexempt", "exempt tax": "taxexempt",
    "taxable": "taxable", "tax status": "taxexempt", "discount amount": "discount",
    "discount total": "discount", "total discount": "discount", "rebate": "discount",
    "discount percent": "discountrate", "discount rate": "discountrate",
    "discount percentage": "discountrate", "markdown": "discount", "discount value": "discount",
    "balance": "balance", "balance due": "balance", "amount due": "balance",
    "outstanding": "balance", "open balance": "balance", "outstanding balance": "balance",
    "amount outstanding": "balance", "remaining balance": "balance", "amount owed": "balance",
    "amount owing": "balance", "balance owing": "balance", "due amount": "balance",
    "unpaid amount": "balance", "total owing": "balance", "account balance": "balance",
    "unpaid balance": "balance", "amount remaining": "balance",
    "opening balance": "openingbalance", "amount paid": "paid", "paid amount": "paid",
    "paid to date": "paid", "payment received": "paid", "total paid": "paid",
    "payment amount": "paid", "amount received": "paid", "total payment": "paid",
    "amount collected": "paid", "payment total": "paid", "received amount": "paid",
    "payment applied": "paid", "collected amount": "paid", "deposit amount": "deposit",
    "deposit required": "deposit", "down payment": "deposit", "required deposit": "deposit",
    "retainer": "deposit", "prepayment": "deposit", "credit limit": "creditlimit",
    "payment term": "terms", "term": "terms", "net term": "terms", "billing term": "terms",
    "invoice term": "terms", "term of payment": "terms", "payment method": "paymentmethod",
    "payment type": "paymentmethod", "paid by": "paymentmethod", "paid with": "paymentmethod",
    "method of payment": "paymentmethod", "payment mode": "paymentmethod",
    "preferred payment method": "paymentmethod", "preferred payment": "paymentmethod",
    "tender type": "paymentmethod", "unit price": "unitprice", "price": "unitprice",
    "rate": "unitprice", "price per unit": "unitprice", "sell price": "unitprice",
    "sale price": "unitprice", "price each": "unitprice", "unit rate": "unitprice",
    "list price": "unitprice", "selling price": "unitprice", "retail price": "unitprice",
    "standard price": "unitprice", "regular price": "unitprice", "item price": "unitprice",
    "price unit": "unit", "customer price": "unitprice", "unit amount": "unitprice",
    "default price": "unitprice", "charge": "unitprice", "unit cost": "unitcost",
    "purchase rate": "unitcost", "purchase description": "purchase description",
    "cost": "unitcost", "cost per unit": "unitcost", "cost price": "unitcost",
    "cost each": "unitcost", "purchase price": "unitcost", "your cost": "unitcost",
    "purchase cost": "unitcost", "internal cost": "unitcost", "item cost": "unitcost",
    "buy price": "unitcost", "wholesale price": "unitcost", "wholesale cost": "unitcost",
    "mark up": "markup", "markup percent": "markup", "markup percentage": "markup",
    "profit margin": "margin", "gross margin": "margin", "late fee": "latefee",
    "late charge": "latefee", "finance charge": "latefee", "tip amount": "tip",
    "shipping cost": "shippingcost", "shipping amount": "shippingcost", "freight": "shippingcost",
    "exchange rate": "exchangerate", "hourly rate": "hourlyrate",
    "commission amount": "commission",
    # deals
    "opportunity value": "dealvalue", "deal value": "dealvalue", "lead value": "dealvalue",
    "job value": "dealvalue", "deal amount": "dealvalue", "estimated value": "dealvalue",
    "opportunity amount": "dealvalue", "monetary value": "dealvalue", "job amount": "dealvalue",
    "contract value": "dealvalue", "contract amount": "dealvalue", "contract price": "dealvalue",
    "project value": "dealvalue", "project amount": "dealvalue", "deal size": "dealvalue",
    "job total": "dealvalue", "project total": "dealvalue", "bid amount": "total estimate",
    "sale amount": "dealvalue", "potential value": "dealvalue", "job revenue": "dealvalue",
    "deal total": "dealvalue", "estimated job value": "dealvalue",
    "opportunity revenue": "dealvalue", "estimated revenue": "dealvalue",
    "total deal value": "dealvalue", "project budget": "budget", "lead amount": "dealvalue",
    "worth": "dealvalue", "expected revenue": "expectedrevenue", "estimate close": "closedate",
    "estimate revenue": "dealvalue", "weighted value": "expectedrevenue",
    "weighted amount": "expectedrevenue", "forecast amount": "expectedrevenue",
    "expected value": "expectedrevenue", "weighted revenue": "expectedrevenue",
    "opportunity name": "deal name", "opportunity title": "deal name", "deal title": "deal name",
    "job name": "deal name", "project name": "deal name", "project title": "deal name",
    "sale name": "deal name", "title of job": "deal name", "pipeline stage": "stage",
    "deal stage": "stage", "sale stage": "stage", "sales stage": "stage",
    "opportunity stage": "stage", "stage name": "stage", "job stage": "stage", "phase": "stage",
    "project stage": "stage", "milestone": "stage", "lead stage": "stage",
    "workflow stage": "stage", "project phase": "stage", "stage id": "stage",
    "lifecycle stage": "lifecycle", "life cycle stage": "lifecycle", "lifecycle": "lifecycle",
    "life cycle": "lifecycle", "customer stage": "lifecycle", "contact stage": "lifecycle",
    "pipeline name": "pipeline", "sales pipeline": "pipeline", "sale pipeline": "pipeline",
    "sales process": "pipeline", "workflow": "pipeline", "workflow name": "pipeline",
    "win probability": "probability", "likelihood": "probability", "chance to win": "probability",
    "deal probability": "probability", "confidence": "probability",
    "probability percent": "probability", "win likelihood": "probability",
    "win rate": "probability", "close probability": "probability",
    "success probability": "probability", "lost reason": "lostreason", "loss reason": "lostreason",
    "reason lost": "lostreason", "closed lost reason": "lostreason",
    "close lost reason": "lostreason", "won reason": "wonreason", "closed won reason": "wonreason",
    "close won reason": "wonreason", "reason won": "wonreason", "win reason": "wonreason",
    "closedate lost reason": "lostreason", "reason for loss": "lostreason",
    "reason closed": "lostreason", "lost because": "lostreason",
    "cancellation reason": "lostreason", "cancel reason": "lostreason",
    "rejection reason": "lostreason", "lost notes": "lostreason", "reason loss": "lostreason",
    "disqualification reason": "lostreason", "unqualified reason": "lostreason",
    "lead score": "score", "lead rating": "rating", "lead grade": "rating",
    "temperature": "rating", "urgency": "priority", "importance": "priority",
    "state of record": "status", "record status": "status", "current status": "status",
    "status name": "status", "status reason": "statusreason", "sub status": "substatus",
    "substatus": "substatus", "job state": "status deal", "lead state": "status person",
    # documents and lines
    "quote": "estimate", "quotation": "estimate", "proposal": "estimate", "bid": "estimate",
    "work order": "workorder", "service order": "workorder", "ticket": "workorder",
    "service ticket": "workorder", "service call": "workorder", "dispatch": "workorder",
    "visit": "visit", "appointment": "visit", "line item": "item",
    "invoice reference": "number invoice", "document number": "number invoice",
    "billing number": "number invoice", "reference number": "reference number",
    "purchase order number": "ponumber", "purchase order": "ponumber",
    "customer purchase order": "ponumber", "product name": "item name",
    "service name": "item name", "product service": "item name", "product": "item",
    "material": "item", "part": "item", "service item": "item", "line item name": "item name",
    "service product": "item name", "task name": "item name", "part number": "sku",
    "item code": "sku", "product code": "sku", "stock code": "sku", "item number": "sku",
    "model number": "model", "stock keeping unit": "sku", "upc": "barcode", "part code": "sku",
    "service code": "sku", "task code": "sku", "catalog number": "sku", "item id": "item id",
    "unit of measure": "unit", "measure": "unit", "unit type": "unit",
    "unit of measurement": "unit", "measurement unit": "unit", "quantity ordered": "quantity",
    "quantity on hand": "stock", "stock on hand": "stock", "in stock": "stock", "on hand": "stock",
    "reorder point": "reorderpoint", "reorder level": "reorderpoint", "count": "quantity",
    "quantity sold": "quantity", "number of unit": "quantity", "hour": "hours",
    "number of hour": "hours",
    # words about work
    "scope of work": "description", "work description": "description",
    "job description": "description deal", "detail": "description",
    "job detail": "description deal", "summary": "description", "about": "description",
    "item description": "description item", "scope": "description",
    "project description": "description deal", "long description": "description",
    "overview": "description", "body": "description", "work summary": "description",
    "reason for call": "description", "reason for visit": "description",
    "work requested": "description", "problem description": "description",
    "short description": "description short", "job instruction": "instructions",
    "work instruction": "instructions", "special instruction": "instructions",
    "instruction": "instructions", "access instruction": "instructions access",
    "directions": "instructions access", "direction": "instructions access", "comment": "notes",
    "remark": "notes", "note": "notes", "memo": "notes", "regarding": "subject",
    "topic": "subject", "internal note": "notes", "additional note": "notes",
    "general note": "notes", "private note": "notes", "additional comment": "notes",
    "background information": "notes", "background": "notes", "more information": "notes",
    "additional information": "notes", "other information": "notes", "annotation": "notes",
    "note last contacted": "lastactivity", "message": "message", "message customer": "message",
    "message to customer": "message", "customer message": "message", "customer memo": "message",
    "message on invoice": "message", "note to customer": "message", "type of work": "jobtype",
    "job type": "jobtype", "work type": "jobtype", "service type": "jobtype",
    "job category": "jobtype", "service category": "jobtype", "project type": "jobtype",
    "category of work": "jobtype", "trade": "jobtype", "work category": "jobtype",
    "type of service": "jobtype", "type of job": "jobtype", "job class": "jobtype",
    "service requested": "jobtype", "trade type": "jobtype", "classification": "type",
    "class": "type", "record type": "type record",  "contact type": "type person",
    "customer type": "type person", "client type": "type person", "lead type": "type person",
    "person type": "type person", "homeowner or business": "type person",
    "business unit": "businessunit", "department": "department", "division": "department",
    "branch": "branch", "sales territory": "territory", "territory": "territory",
    "sales region": "territory", "service area": "territory", "zone": "territory",
    "market": "territory", "label": "tags", "tag": "tags", "segment": "tags", "keyword": "tags",
    "badge": "tags", "group": "tags", "list membership": "lists", "list": "lists",
    "customer group": "tags",
    "marketing list": "lists", "customer tag": "tags", "client tag": "tags", "contact tag": "tags",
    "attachment": "files", "file": "files", "document": "files", "upload": "files",
    "photo": "photo", "image": "photo", "picture": "photo", "avatar": "photo", "headshot": "photo",
    "profile picture": "photo", "logo": "photo company", "photo website": "photo",
    "image website": "photo", "profile photo": "photo",
    # said in other words
    "owed": "balance", "owing": "balance", "still outstanding": "balance", "payable by": "due",
    "due by": "due", "payable on": "due",
    "sent to": "name person", "billed to": "name person", "sold to": "name person",
    "invoice to": "name person",
    "payment state": "status invoice", "payment status": "status invoice",
    "financial status": "status invoice", "outcome": "status", "status label": "status",
    "wording": "description", "text of item": "description", "scheduled until": "end",
    "scheduled from": "start",
    "channel of origin": "source", "assigned staff": "technician",
    "staff assigned": "technician", "job reference": "deal number", "cost to us": "unitcost",
    "low stock": "reorderpoint", "minimum stock": "reorderpoint",
    "low stock level": "reorderpoint",
    "minimum stock level": "reorderpoint",
    "quantity in stock": "stock",
    "expected date": "closedate", "first visit": "created visit", "purchase order so number":
    "ponumber", "opt out reason": "optoutreason",
    "business street": "work street", "business address": "work street",
    "business city": "work city", "business town": "work city", "business state": "work state",
    "business postal code": "work postalcode", "business country": "work country",
    "business country region": "work country", "business state province": "work state",
    "postcode": "postalcode",
    # permissions
    "opt out": "optout", "optout": "optout", "opted out": "optout", "unsubscribed": "optout",
    "unsubscribe": "optout", "do not contact": "optout", "do not email": "email optout",
    "do not disturb": "optout", "email opt out": "email optout",
    "has opted out of email": "email optout", "email opted out": "email optout",
    "unsubscribed from email": "email optout", "unsubscribed from all email": "email optout",
    "do not mail": "mail optout", "do not call": "phone optout", "do not text": "sms optout",
    "sms opt out": "sms optout", "do not service": "donotservice", "no marketing": "optout",
    "fax opt out": "fax optout", "has opted out of fax": "fax optout", "opt in": "optin",
    "opted in": "optin", "subscribed": "optin", "marketing consent": "optin", "consent": "optin",
    "newsletter": "optin", "marketing permission": "optin", "email consent": "email optin",
    "accepts marketing": "optin", "marketing status": "optin", "subscription status": "optin",
    "email status": "email optin", "preferred contact method": "preferredcontact",
    "preferred method of contact": "preferredcontact", "contact preference": "preferredcontact",
    "preferred communication": "preferredcontact", "contact method": "preferredcontact",
    "best way to contact": "preferredcontact", "preferred contact": "preferredcontact",
    "best time to call": "besttime", "preferred contact time": "besttime",
    "preferred time": "besttime", "preferred language": "language", "locale": "language",
    # identity
    "external id": "externalid", "source id": "externalid", "source system id": "externalid",
    "legacy id": "externalid", "import id": "externalid", "foreign id": "externalid",
    "third party id": "externalid", "old id": "externalid", "other system id": "externalid",
    "migration id": "externalid", "system id": "externalid", "external reference": "externalid",
    "origin id": "externalid", "external source id": "externalid", "integration id": "externalid",
    "record id": "id", "unique id": "id", "object id": "id", "identifier": "id", "uuid": "id",
    "guid": "id", "key": "id", "row id": "id", "id number": "id", "customer number": "person id",
    "client number": "person id", "account number": "accountnumber",
    "customer account number": "accountnumber", "contact number id": "person id",
    "customer code": "person id", "client code": "person id", "lead number": "person id",
    "billing account": "accountnumber", "is active": "active", "archived": "archived",
    "is archived": "archived", "inactive": "archived", "disabled": "archived",
    "deleted": "archived", "is deleted": "archived", "currency code": "currency",
    "currency iso code": "currency", "square feet": "squarefeet", "square footage": "squarefeet",
    "sqft": "squarefeet", "year built": "yearbuilt", "built year": "yearbuilt",
    "gate code": "gatecode", "access code": "gatecode", "entry code": "gatecode",
    "lock box code": "gatecode", "lockbox code": "gatecode", "property type": "propertytype",
    "building type": "propertytype", "home type": "propertytype", "serial number": "serial",
    "warranty expiration": "warrantyexpiration", "permit number": "permitnumber",
    "estimated hour": "estimatedhours", "arrival window": "arrivalwindow",
    "estimated duration": "duration", "length": "duration", "time spent": "duration",
}  # fmt: skip

PHRASES |= {phrase: words for phrase, words in paraphrases().items() if phrase not in PHRASES}

#: Word -> the head it names. What is here is what a field can be.
HEADS: frozenset[str] = word_set(
    """firstname lastname middlename nickname name salutation suffix jobtitle birthday gender
    maritalstatus anniversary email phone fax phoneextension website facebook linkedin twitter
    instagram skype im youtube street street2 street3 streetnumber city state postalcode country
    county latitude longitude timezone geocode employees annualrevenue industry siccode naicscode
    ticker taxid ownership source campaign referrer creator modifier
    projectmanager created updated received lastactivity lastservice nextactivity nextstep start
    end completed closedate won due paiddate issued expiration sent viewed approved signed
    converted total subtotal tax taxrate taxcode taxexempt taxable discount discountrate balance
    openingbalance paid deposit creditlimit terms paymentmethod unitprice unitcost markup margin
    latefee tip shippingcost exchangerate hourlyrate commission dealvalue amount expectedrevenue
    budget stage lifecycle pipeline probability lostreason score rating priority status
    statusreason substatus ponumber sku model barcode unit quantity hours description
    instructions notes message jobtype type businessunit department branch territory tags lists
    files photo optout optin donotservice preferredcontact besttime language externalid id
    accountnumber number active archived currency squarefeet yearbuilt gatecode propertytype
    serial warrantyexpiration permitnumber estimatedhours arrivalwindow duration title date time
    value percent checkname reference brand manufacturer interest competitor satisfaction
    hobbies spouse assistant religion color subject category stock reorderpoint wonreason jobcost
    profit revenue lineitems daycount optoutreason founded"""
)

#: Word -> whose field it is.
ENTITIES: dict[str, str] = {
    "contact": "person", "client": "person", "customer": "person", "lead": "person",
    "person": "person", "prospect": "person", "homeowner": "person", "people": "person",
    "subscriber": "person", "member": "person", "individual": "person", "buyer": "person",
    "company": "company", "account": "company", "opportunity": "deal", "deal": "deal",
    "job": "deal", "project": "deal", "sale": "deal", "estimate": "estimate",
    "invoice": "invoice", "workorder": "workorder", "visit": "visit", "item": "item",
    "owner": "owner", "user": "owner", "technician": "technician", "employee": "technician",
    "staff": "technician", "payment": "payment", "vendor": "vendor", "supplier": "vendor",
    "task": "task", "event": "event", "spouse": "spouse", "partner": "spouse",
    "assistant": "assistant", "emergency": "emergency", "parent": "parent",
    "manager": "manager", "asset": "asset", "equipment": "asset", "contract": "contract",
    "agreement": "contract", "membership": "contract", "warranty": "warranty",
    "insurance": "insurance", "adjuster": "insurance", "claim": "insurance",
    "tenant": "tenant", "landlord": "landlord",
}  # fmt: skip

#: Word -> which sort of phone, address or e-mail.
KINDS: dict[str, str] = {
    "mobile": "mobile", "home": "home", "personal": "home", "work": "work", "office": "work",
    "billing": "billing", "mailing": "mailing", "shipping": "shipping", "delivery": "shipping",
    "service": "service", "property": "service", "site": "service", "other": "other",
    "location": "service", "physical": "service", "legal": "legal", "full": "full",
    "latest": "latest", "todate": "todate", "actual": "actual", "display": "display",
    "sms": "sms", "mail": "mail",
    "short": "short", "access": "access", "record": "record", "direct": "work",
    "residential": "home", "postaladdress": "mailing", "headquarters": "work",
}  # fmt: skip

#: Word -> which one of several.
PLACES: dict[str, int] = {
    "primary": 1, "main": 1, "default": 1, "1": 1, "one": 1, "principal": 1,
    "secondary": 2, "2": 2, "alternate": 2, "second": 2, "two": 2, "alternative": 2,
    "additional": 2, "extra": 2, "backup": 2, "3": 3, "tertiary": 3, "third": 3, "4": 4,
    "5": 5, "preferred": 1,
}  # fmt: skip

#: Words that only say a field is a day or a time.
DATE_WORDS = frozenset({"date", "time", "at", "on", "timestamp", "datetime", "day", "when"})

#: What a field is when only its owner is named: `Customer` is a name, `Invoice` a number.
ALONE: dict[str, str] = {
    "person": "name", "company": "name", "deal": "name", "item": "name", "owner": "name",
    "technician": "name", "vendor": "name", "estimate": "number", "invoice": "number",
    "workorder": "number", "spouse": "name", "assistant": "name", "manager": "name",
    "parent": "name", "visit": "number", "payment": "amount", "task": "name", "asset": "name",
    "contract": "name", "event": "name", "emergency": "name", "tenant": "name",
    "landlord": "name",
}  # fmt: skip

#: Pairs of heads that stand in for one another when nothing better is there: 0 to 1.
RELATED: dict[frozenset[str], float] = {
    frozenset(pair.split("~")): score
    for score, pairs in {
        0.8: "id~externalid total~amount dealvalue~amount name~title jobtitle~title "
        "accountnumber~id start~date issued~date unitprice~amount closedate~date number~id "
        "description~notes category~type category~jobtype subject~title revenue~annualrevenue "
        "revenue~dealvalue dealvalue~value amount~value dealvalue~total type~jobtype "
        "photo~files",
        0.6: "created~date due~date completed~end stage~status source~campaign source~referrer "
        "lifecycle~stage notes~instructions description~instructions description~title "
        "notes~message accountnumber~number accountnumber~externalid number~externalid "
        "lifecycle~status dealvalue~expectedrevenue dealvalue~budget rating~score "
        "reference~number externalid~reference jobtype~name due~end firstname~name "
        "lastname~name optout~optin tags~lists annualrevenue~amount "
        "rating~priority status~active archived~active archived~status nextactivity~nextstep "
        "territory~businessunit territory~branch updated~lastactivity subject~description "
        "subject~name discount~discountrate "
        "tax~taxrate completed~closedate jobtype~description created~issued state~county "
        "type~industry duration~hours estimatedhours~hours lists~type "
        "taxexempt~taxable quantity~hours name~firstname lifecycle~type street~name "
        "category~tags quantity~stock lastservice~lastactivity",
    }.items()
    for pair in pairs.split()
}  # fmt: skip

#: What sort of value a head holds.
HEAD_TYPES: dict[str, str] = {
    head: kind
    for kind, heads in {
        "email": "email",
        "phone": "phone fax",
        "url": "website facebook linkedin",
        "date": "birthday anniversary created updated received lastactivity lastservice "
        "nextactivity start end completed closedate due paiddate issued expiration sent viewed "
        "date warrantyexpiration converted",
        "money": "total subtotal tax discount balance openingbalance paid deposit creditlimit "
        "unitprice unitcost latefee tip shippingcost commission dealvalue amount "
        "expectedrevenue budget annualrevenue hourlyrate value jobcost profit revenue",
        "number": "employees probability score quantity hours percent latitude longitude "
        "squarefeet yearbuilt taxrate discountrate exchangerate estimatedhours duration daycount",
        "yes_no": "optout optin donotservice taxexempt taxable active archived",
    }.items()
    for head in heads.split()
}  # fmt: skip

#: A head that says which object its list is about.
TELLS: dict[str, str] = {
    head: entity
    for entity, heads in {
        "person": "firstname lastname birthday salutation middlename gender suffix",
        "company": "employees annualrevenue industry siccode ticker ownership naicscode",
        "deal": "stage probability closedate dealvalue lostreason pipeline expectedrevenue "
        "jobtype jobcost arrivalwindow estimatedhours projectmanager",
        "invoice": "due balance paid paiddate latefee",
        "estimate": "expiration",
        "item": "sku unitprice unitcost quantity unit barcode",
    }.items()
    for head in heads.split()
}  # fmt: skip

#: Other words of headers, so that glued ones (`numberofemployees`) can be taken apart.
OTHER_WORDS = word_set(
    """number employee employees name first last middle address line code street city state zip
    postal country phone mobile email date created create close closed lead status source owner
    annual revenue job title company website industry lifecycle stage deal amount type description
    notes last contacted activity next follow up opt out time zone fax billing shipping mailing
    home work other service property account customer client contact primary secondary total tax
    discount sub balance due paid invoice estimate quote unit price cost quantity item product
    start end scheduled completed modified updated id external record birth day month year of to
    by is has on at opportunity value pipeline lost reason rating score priority probability
    department position assistant manager tags payment method terms reference preferred language
    currency office web site page url facebook twitter linkedin instagram skype region province
    county town suite apartment latitude longitude display full given family surname salutation
    nick credit limit rate number order purchase project campaign referral channel contractor
    technician team assigned user sales person rep message comment note memo summary summary
    do not call disturb contact"""
)
