"""A data folder without exports: a journal of its own over an account that others may share."""

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration.account_schema import build_catalog
from flitstack_pipeline.migration.adopted_entries import Lost
from flitstack_pipeline.migration.adoption import Exports, adopt
from flitstack_pipeline.migration.journal.store import Journal
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.marker import ADOPTED, read_marks
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.provisioning.making import ADOPTED_THERE
from flitstack_pipeline.migration.record_types.base import Context
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import CALENDAR, PROVIDER, small_schema


class Folder:
    """One data folder: a journal of its own, and an account it shares with others."""

    def __init__(self, account, path, files):
        self.account, self.hl, self.location = account, account.connect(), "sandbox-location"
        self.journal = Journal(f"sqlite:///{path}")
        self.options = LoadOptions(
            search_lag_s=1.0, workers=8, conversation_provider_id=PROVIDER, calendar_id=CALENDAR,
            files_root=files, images_root=files,
        )  # fmt: skip

    def provision(self):
        run = self.journal.start_run(self.location, "prepare")
        self.catalog = provision(self.hl, small_schema(), self.journal, run, ["main"])
        return self

    def provisioned(self):
        """Whether the schema is ready: what could not be made is on the checklist."""
        return self.provision().catalog.checklist == []

    def load(self, rows, stage="cutover"):
        run = self.journal.start_run(self.location, stage)
        done = self.attempt(rows, run)
        self.journal.end_run(run, "done")
        assert not done.rejected, self.journal.dead_letters(self.location)
        return done

    def attempt(self, rows, run):
        return load(self.hl, self.journal, self.catalog, rows, run, options=self.options)

    def context(self):
        catalog = build_catalog(self.hl, [t.INVOICE], products=True)
        run = self.journal.start_run(self.location, "adopt")
        return Context(self.hl, catalog, self.journal, run, self.options)

    def adopt(self, rows, knows=()):
        marks = read_marks(self.hl)
        lost = Lost(marks[0].since, marks[0].taken) if marks else Lost()
        result = adopt(self.context(), exports(rows, knows), lost)
        if marks and not result.refusal:
            self.journal.set_setting(ADOPTED, [m.journal for m in marks])
            there = list(marks[0].there or ())
            self.journal.set_setting(f"{ADOPTED_THERE}:{self.location}", there)
        return result

    def rollback(self, **what):
        run = self.journal.start_run(self.location, "rollback")
        result = rollback(self.hl, self.journal, self.catalog, run, options=self.options, **what)
        self.journal.end_run(run, "done")
        return result

    def id_of(self, key):
        return self.journal.entry(self.location, key).hl_id


def exports(rows, knows=()):
    return Exports(lambda: iter(rows), lambda keys: set(keys) & set(knows))
