"""Run by the kill tests as a process of its own: loads, or rolls back, and exits."""

import sys

from flitstack_pipeline.migration.journal import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.rollback import rollback
from flitstack_pipeline_tests.migration.conftest import connect, many, small_schema

OPTIONS = LoadOptions(search_lag_s=0.3, workers=6, chunk=20)


def main(url, journal_url, what, count):
    hl = connect(url)
    with Journal(journal_url) as journal:
        run = journal.start_run(hl.location_id, what)
        catalog = provision(hl, small_schema(), journal, run)
        print("ready", flush=True)
        if what == "load":
            load(hl, journal, catalog, many(int(count)), run, options=OPTIONS)
        else:
            rollback(hl, journal, catalog, run, object_key=None, options=OPTIONS)
        print("finished", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:5])
