"""Which clients are contacts of one business: by its legal name, with further evidence.

Belongs here: the grouping. Does not: what a company is made of (`mapping.people`), duplicate
clients (`cleaning.duplicates`): two contacts of one firm stay two contacts.
"""

from __future__ import annotations

from collections import defaultdict

import duckdb

from flitstack_pipeline.cleaning.match_keys import address_key, firm_keys, legal_form

#: Mail providers of everybody: an address there says nothing of the firm.
FREE_MAIL = (
    "gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "hotmail.com", "outlook.com",
    "live.com", "msn.com", "aol.com", "icloud.com", "me.com", "mac.com", "comcast.net", "att.net",
    "verizon.net", "sbcglobal.net", "bellsouth.net", "cox.net", "charter.net", "gmx.com", "gmx.de",
    "web.de", "mail.com", "proton.me", "protonmail.com", "orange.fr", "btinternet.com",
)  # fmt: skip


def shared_companies(con: duckdb.DuckDBPyConnection, clients: str) -> dict[str, str]:
    """The clients whose company is named after another client: client key → that client's key.

    Two businesses are one when their names without the legal form are the same and a domain, a
    phone or an address is shared, or nothing speaks against it: another domain, another place,
    another legal form. The company is named after the client that was made first.

    Args:
        con: The warehouse; `m_people` must be made (`mapping.sources.prepare`).
        clients: SQL of the clients as they are migrated.
    """
    free = ", ".join(f"'{domain}'" for domain in FREE_MAIL)
    rows = con.execute(
        f"""
        WITH firm AS (
            SELECT c.source_key, p.location,
                   unnest({firm_keys("coalesce(business_name, c.name)")}) AS k,
                   {legal_form("coalesce(business_name, c.name)")} AS form,
                   coalesce(
                       regexp_extract(lower(website), '^(?:https?://)?(?:www\\.)?([^/:?#]+)', 1),
                       nullif(CASE WHEN split_part(email, '@', 2) NOT IN ({free})
                              THEN split_part(email, '@', 2) END, '')) AS domain,
                   phone, {address_key("address1")} || coalesce(postal_code, '') AS home,
                   lower(city) AS city, state,
                   dense_rank() OVER (ORDER BY created NULLS LAST, length(c.source_key),
                                      c.source_key) AS age
            FROM ({clients}) c JOIN m_people p ON p.source_key = c.source_key WHERE is_business
        ), several AS (
            SELECT k, location FROM firm WHERE k IS NOT NULL GROUP BY ALL HAVING count(*) > 1
        ), candidate AS (SELECT f.* FROM firm f JOIN several USING (k, location))
        SELECT DISTINCT a.source_key, b.source_key, a.age, b.age
        FROM candidate a JOIN candidate b ON a.k = b.k AND a.location = b.location AND a.age < b.age
        WHERE coalesce(a.domain = b.domain OR a.phone = b.phone OR a.home = b.home, false)
           OR NOT coalesce(a.domain <> b.domain OR a.state <> b.state OR a.city <> b.city
                           OR a.form <> b.form, false)
        ORDER BY a.age, b.age
        """
    ).fetchall()
    leader: dict[str, str] = {}
    members: dict[str, list[str]] = defaultdict(list)
    for older, newer, _, _ in rows:  # the oldest come first, so a leader is never led later
        one, other = leader.get(older, older), leader.get(newer, newer)
        if one == other:
            continue
        for moved in (other, *members.pop(other, [])):
            leader[moved] = one
            members[one].append(moved)
    return leader
