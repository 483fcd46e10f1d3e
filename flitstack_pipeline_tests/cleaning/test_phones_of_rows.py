"""Phones are read by the row's own country, and what is no whole number there is told."""

import duckdb

from flitstack_pipeline.audit import oddities
from flitstack_pipeline.cleaning.build import CleanContext, clean_object
from flitstack_pipeline.reading.ingest import ingest_object
from flitstack_pipeline.warehouse import SCHEMAS

ROWS = """\
1,Ann Roe,020 7946 0958,,"12 High St, Leeds LS6 2AA",
2,Bob Fay,(813) 555-2002,07700 900123,"1 Kings Rd, London SW3 4UD",United Kingdom
3,Cy Dee,030 12345678,,"Hauptstr. 5, 10115 Berlin",Germany
4,Di Eck,020 7946 0959,,"12 Oak St, Tampa, FL 33602",
5,Ed Fox,551-234-5678,,"Av. Juarez 12, 06000 Ciudad de Mexico",Mexico
6,Flo Gee,813-555-2006,555-2001,,
"""


def test_a_phone_beside_an_address_of_another_country_is_of_that_country(tmp_path):
    header = "Client ID,Client Name,Phone,Mobile,Address,Country\n"
    (tmp_path / "clients.csv").write_text(header + ROWS)
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        ingest_object(con, tmp_path, "clients")
        clean_object(con, "clients", CleanContext(exports=tmp_path))
        rows = con.execute(
            "SELECT source_id, phone, extra_phones FROM clean.clients ORDER BY ALL"
        ).fetchall()
        kinds, values = oddities.kinds(con), oddities.values(con)
    assert rows == [
        ("1", "+442079460958", []),
        ("2", "+18135552002", ["+447700900123"]),
        ("3", "+493012345678", []),
        ("4", None, ["020 7946 0959"]),
        ("5", "+15512345678", []),
        ("6", "+18135552006", ["555-2001"]),
    ]
    what = "no whole number of the country of its row; kept as it is written"
    assert kinds == [
        {"export": "clients", "column": "phone", "what is odd": what, "values": 2,
         "such as": "main/clients/4, main/clients/6"},
    ]  # fmt: skip
    assert [(v["record"], v["value"]) for v in values] == [
        ("main/clients/4", "020 7946 0959"), ("main/clients/6", "813-555-2006"),
    ]  # fmt: skip
