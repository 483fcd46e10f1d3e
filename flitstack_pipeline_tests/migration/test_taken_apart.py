"""Two clients that were loaded as one are taken apart: the next delta makes the second record.

What belongs here: the load after a person decided “keep apart” about a loaded merge. Expected
values are worked out by hand.
"""

from dataclasses import replace

import pytest

from flitstack_pipeline.migration.rows import payload_hash
from flitstack_pipeline_tests.migration.conftest import contact, job, note
from flitstack_pipeline_tests.migration.folders import Folder
from flitstack_pipeline_tests.migration.test_rollback import state

PHONE, SITE = "+12125550102", "https://two.example.com"


def client(number, values=None):
    """A client with its own name, and an e-mail, a phone and a website or none."""
    held = values or dict.fromkeys(("email", "phone", "website"))
    return contact(number, **held)


def of(row, number):
    """The row, of another client."""
    parents = [{"role": "contact", "record_key": f"contact:main/clients/{number}"}]
    return replace(row, parents=parents, payload_hash=payload_hash(row.payload, parents))


@pytest.mark.parametrize(("kept", "gone"), [(1, 2), (2, 1)])
def test_a_loaded_merge_is_taken_apart_by_the_next_delta(account, tmp_path, kept, gone):
    """One client was merged into the other, with its contact points, a note and a job."""
    before = state(account)
    folder = Folder(account, tmp_path / "j.sqlite", tmp_path).provision()
    theirs = {"email": "two@example.com", "phone": PHONE, "website": SITE}
    folder.load([client(kept, theirs), of(job(7, 1), kept), of(note(1), kept), of(note(2), kept)])
    assert len(account.dump()["contacts"]) == 1
    first = folder.id_of(f"contact:main/clients/{kept}")

    apart = [*sorted((client(kept), client(gone, theirs)), key=lambda r: r.record_key),
             of(job(7, 1), gone), of(note(1), kept), of(note(2), gone)]  # fmt: skip
    done = folder.load(apart, "delta")
    second = folder.id_of(f"contact:main/clients/{gone}")
    held = account.dump()
    names = ("email", "phone", "website")
    assert {c["id"]: tuple(c.get(n) or None for n in names) for c in held["contacts"]} == {
        first: (None, None, None), second: ("two@example.com", PHONE, SITE)
    }  # fmt: skip
    notes = {n["body"].rsplit("/", 1)[1]: n["contactId"] for n in held["notes"]}
    assert notes == {"1": first, "2": second}
    (told,) = folder.journal.conflicts(folder.location, waiting=True)
    assert (told["record_key"], told["reason"]) == ("opportunity:main/jobs/7", "moved")
    assert f"Zoë {gone} O'Neil (contact:main/clients/{gone})" in told["message"]
    assert done.created == 2, "the contact, and the note anew"

    again = folder.load(apart, "delta")
    assert (again.created, again.updated) == (0, 0)
    assert folder.rollback().clean
    assert state(account) == before
