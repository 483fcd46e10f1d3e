"""Documents people read: self-contained HTML (no server, no network), CSV and JSON.

Reads results, writes files under `reports/`, decides nothing. Whatever text the CRM holds is
escaped; cells that a spreadsheet would run as a formula are made safe.
"""
