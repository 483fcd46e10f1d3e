"""A stateful HighLevel stand-in, served over real HTTP on loopback.

What belongs here: everything the stand-in needs, and nothing else. It imports nothing of the
product and only tests import it: a misunderstanding of HighLevel must not be mirrored on both
sides of the wire. The product starts it as a process (flitstack_pipeline/sandbox_process.py).

The behaviour follows HighLevel's official OpenAPI description for `Version: v3` and the
findings of live clients (docs/highlevel.md#live-findings); where HighLevel is silent, the
sandbox takes the stricter reading, and the module that does so says it.

How to read it::

    options.py    what can be set, and `serve`
    app.py        every route mounted on one Starlette application
    pipeline.py   what happens to each call: faults, token, version, rate, validation, commit
    calls.py      the endpoint registry and the `Call` a handler receives
    state.py      the SQLite file; search_index.py its lagging copy that searches read
    routes/       one module per family of the API
    faults.py     the faults that can be injected, and their spec
    seed.py       what exists before a migration, and the format of `--seed-location`
    admin.py      the `/_sandbox` endpoints for tests; pages/ the page for people
    lifetime.py   ends with its parent; one sandbox at a time on a state file
"""
