"""The columns of a client or lead that are compared, in normal form: temporary tables as SQL.

Belongs here: `contact_points` (one row per e-mail and phone) and `keyed` (one row per client or
lead). Does not: which of them are compared (`matching_blocks`) and what a likeness weighs
(`matching_weights`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.match_keys import (
    address_key,
    address_words,
    loose_name_key,
    name_key,
    name_words,
)
from flitstack_pipeline.cleaning.nicknames import make_given_names, make_name_forms

#: An e-mail or phone used by more names than this says little about who someone is.
MOST_NAMES = 3
#: A given name seen with this many surnames is a name, and no typing error of another.
KNOWN_AT = 3
#: Names that people type when they have none.
_NO_NAMES = (
    "unknown", "unknown unknown", "no name", "name no", "test", "test test", "client new",
    "customer new", "cash customer", "customer walk in", "homeowner", "customer", "client",
    "owner", "tenant", "resident", "current resident", "n a",
)  # fmt: skip
_SUFFIXES = ("jr", "sr", "junior", "senior", "ii", "iii", "iv", "2nd", "3rd", "4th")
_LEGAL = {
    "llc": "llc", "inc": "inc", "incorporated": "inc", "ltd": "ltd", "limited": "ltd",
    "co": "co", "company": "co", "corp": "corp", "corporation": "corp",
}  # fmt: skip


def make_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables `contact_points` and `keyed` of clients and leads.

    Vendors, contact persons and clients are compared among themselves only, as in workspaces apart;
    leads with the clients and with each other. How common a name or a contact point is, the
    clients say, so that leads change nothing about them.
    """
    con.execute(_PEOPLE)
    con.execute(_NUMBERED)
    con.execute(_CONTACT_POINTS)
    make_name_forms(con)
    make_given_names(con)
    con.execute(_PARTED)
    con.execute(_KEYED)


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{w}'" for w in words)


def _only(words: str, listed: str) -> str:
    return f"list_sort(list_filter({words}, lambda t: {listed}))"


_IS_SUFFIX = f"t IN ({_quoted(_SUFFIXES)})"
#: A word with a digit tells firms and their branches apart; in a person's name it is a typing
#: error (`sm1th`) unless it is a number.
_IS_NUMBER = (
    "regexp_matches(t, '[0-9]') AND t NOT IN ('2nd', '3rd', '4th') "
    "AND (is_business OR NOT regexp_matches(t, '[a-z].*[a-z]'))"
)
_IS_CORE = f"NOT ({_IS_SUFFIX} OR {_IS_NUMBER} OR length(t) = 1)"
_LEGAL_FORMS = f"map([{_quoted(tuple(_LEGAL))}], [{_quoted(tuple(_LEGAL.values()))}])"
_ALL_WORDS = "string_split(coalesce(name_key, ''), ' ')"

_APART = "concat_ws('/', workspace, source_type) AS workspace"

#: Clients and leads with what is compared of them.
_COLUMNS = (
    "source_key, workspace, source_type, is_business, name, first_name, last_name, business_name, "
    "email, extra_emails, phone, phone_extension, extra_phones, address1, postal_code, city, state"
)
_PEOPLE = f"""
CREATE OR REPLACE TEMP VIEW matched_people AS
SELECT {_COLUMNS}, false AS is_lead, false AS converted FROM clean.clients
UNION ALL
SELECT {_COLUMNS}, true, coalesce(converted, false) OR coalesce(lead_status = 'won', false)
FROM clean.leads
"""

#: The rows by number, in the order of their keys: numbers join faster than keys.
_NUMBERED = """
CREATE OR REPLACE TEMP TABLE numbered AS
SELECT source_key, (row_number() OVER (ORDER BY source_key))::INTEGER AS n FROM matched_people
"""

#: One row per client and contact point; `shared` when more names than `MOST_NAMES` use it.
_CONTACT_POINTS = f"""
CREATE OR REPLACE TEMP TABLE contact_points AS
WITH listed AS (
    SELECT source_key, {_APART}, is_lead, {loose_name_key("name")} AS loose_key, 'e' AS kind,
           unnest(list_prepend(email, coalesce(extra_emails, []))) AS value
    FROM matched_people
    UNION ALL
    SELECT source_key, {_APART}, is_lead, {loose_name_key("name")}, 'p',
           unnest(list_prepend(phone || coalesce(' x' || phone_extension, ''),
                               coalesce(extra_phones, [])))
    FROM matched_people
), named AS (
    SELECT workspace, kind, value, count(DISTINCT loose_key) FILTER (is_lead = alone) > {MOST_NAMES}
           AS shared
    FROM (SELECT *, bool_and(is_lead) OVER (PARTITION BY workspace, kind, value) AS alone
          FROM listed) WHERE value IS NOT NULL GROUP BY ALL
)
SELECT DISTINCT o.n, l.source_key, l.workspace, l.kind, l.value, n.shared
FROM listed l JOIN named n USING (workspace, kind, value)
JOIN numbered o ON o.source_key = l.source_key
"""

#: The parts of each name, as words.
_PARTED = f"""
CREATE OR REPLACE TEMP TABLE parted AS
WITH named AS (
    SELECT source_key, {_APART}, is_lead, converted, is_business,
           address1, postal_code, city, state,
           {name_key("name")} AS name_key, {name_words("name")} AS words,
           {name_words("first_name")} AS given_words, {name_words("last_name")} AS last_words,
           {address_words("split_part(address1, ',', 1)")} AS street_words,
           {address_words("regexp_replace(address1, '^[^,]*', '')")} AS unit_words,
           {loose_name_key("business_name")} AS firm_key
    FROM matched_people
)
SELECT * EXCLUDE (name_key, given_words, last_words, street_words, unit_words),
       list_filter(street_words, lambda t: regexp_matches(t, '^[0-9]'))[1] AS house,
       nullif(array_to_string(list_filter(street_words,
           lambda t: NOT regexp_matches(t, '^[0-9]')), ' '), '') AS street,
       nullif(array_to_string(unit_words, ' '), '') AS unit,
       CASE WHEN name_key NOT IN ({_quoted(_NO_NAMES)}) THEN name_key END AS name_key,
       {_only(_ALL_WORDS, _IS_SUFFIX)} AS suffixes,
       {_only(_ALL_WORDS, _IS_NUMBER)} AS numbers,
       {_only("words", "length(t) = 1")} AS initials,
       {_only("words", _IS_CORE)} AS core,
       list_sort(list_filter(list_transform({_ALL_WORDS}, lambda t: {_LEGAL_FORMS}[t]),
                             lambda t: t IS NOT NULL)) AS legal,
       CASE WHEN NOT is_business THEN given_words[1] END AS given,
       CASE WHEN NOT is_business THEN nullif(array_to_string(
           list_filter(last_words, lambda t: {_IS_CORE}), ' '), '') END AS surname,
       {address_key("address1")} AS address_key
FROM named
"""

#: One row per client or lead; own_* leave out what many names share, names without a name are NULL.
_KEYED = f"""
CREATE OR REPLACE TEMP TABLE keyed AS
WITH points AS (
    SELECT source_key,
           coalesce(list(value) FILTER (kind = 'e'), []) AS emails,
           coalesce(list(value) FILTER (kind = 'p'), []) AS phones,
           coalesce(list(value) FILTER (kind = 'e' AND NOT shared), []) AS own_emails,
           coalesce(list(value) FILTER (kind = 'p' AND NOT shared), []) AS own_phones
    FROM contact_points GROUP BY source_key
), firms AS (
    SELECT workspace, core FROM parted WHERE is_business AND NOT is_lead
    GROUP BY ALL HAVING count(DISTINCT concat_ws('/', address_key, city)) > 1
), known AS (
    SELECT workspace, given FROM parted WHERE given IS NOT NULL AND NOT is_lead
    GROUP BY ALL HAVING count(DISTINCT surname) >= {KNOWN_AT}
)
SELECT o.n, c.source_key, c.workspace, c.is_lead, c.converted, c.firm_key, c.is_business,
       c.name_key, c.words, c.suffixes, c.numbers,
       CASE WHEN c.is_business THEN [] ELSE c.initials END AS initials,
       c.legal, c.given, c.surname,
       nullif(array_to_string(c.core, ' '), '') AS core_key, len(c.core) >= 2 AS core_is_full,
       len(c.words) >= 2 OR c.is_business AS full_name,
       CASE WHEN c.given IS NULL THEN [] ELSE list_prepend(c.given, coalesce(n.names, [])) END
       AS forms,
       k.given IS NOT NULL OR n.form IS NOT NULL OR g.given IS NOT NULL AS given_is_known,
       f.core IS NOT NULL AS has_branches,
       coalesce(p.emails, []) AS emails, coalesce(p.phones, []) AS phones,
       coalesce(p.own_emails, []) AS own_emails, coalesce(p.own_phones, []) AS own_phones,
       array_to_string(c.words, '') AS letters,
       replace(c.surname || c.given, ' ', '') AS turned,
       replace(c.address_key, ' ', '') AS line_letters,
       c.address_key, c.house, c.street, c.unit,
       left(lower(replace(c.postal_code, ' ', '')), 5) AS postal,
       lower(trim(strip_accents(c.city))) AS city, lower(c.state) AS state
FROM parted c
JOIN numbered o ON o.source_key = c.source_key
LEFT JOIN points p ON p.source_key = c.source_key
LEFT JOIN firms f ON f.workspace = c.workspace AND f.core = c.core
LEFT JOIN known k ON k.workspace = c.workspace AND k.given = c.given
LEFT JOIN name_forms n ON n.form = c.given
LEFT JOIN given_names g ON g.given = c.given
"""
