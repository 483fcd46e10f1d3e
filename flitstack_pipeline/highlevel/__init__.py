"""The destination: HighLevel's REST API, `Version: v3`.

What belongs here: the client, pacing, errors, one module per API family, request models and
the wire forms of values. What does not: anything of Contractor+, of Dagster, of the sandbox,
and any decision about which record is written (that is `migration/`).

    client = HighLevelClient(Connection(url, token, location_id), SharedPacer(engine, key))
    highlevel = HighLevel(client)
    contact = highlevel.contacts.create(ContactCreate(first_name="Ann", email="ann@example.com"))
"""
