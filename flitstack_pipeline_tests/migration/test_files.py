"""Files: what is fetched and from where, what is refused and why, and where it ends up."""

import http.server
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from flitstack_pipeline.catalog import targets as t
from flitstack_pipeline.migration import fetching
from flitstack_pipeline.migration.expected_records import PlannedRecords
from flitstack_pipeline.migration.file_source import FileRefused, check_address, local_file
from flitstack_pipeline.migration.load import LoadOptions, load
from flitstack_pipeline.migration.provision import provision
from flitstack_pipeline.migration.readback import read_back
from flitstack_pipeline.migration.reconcile import reconcile
from flitstack_pipeline.migration.record_types.files import JOINED, NUMBERED
from flitstack_pipeline.migration.rollback.execute import rollback
from flitstack_pipeline_tests.migration.conftest import contact, job, row, small_schema

QUICK = LoadOptions(search_lag_s=1.0, workers=8, allowed_hosts=frozenset({"127.0.0.1"}))
PNG = b"\x89PNG\r\n\x1a\n picture"


HEADERS = {
    "/S3key": {"Content-Type": "application/octet-stream",
               "Content-Disposition": "attachment; filename=\"x.bin\"; "
                                      "filename*=UTF-8''r%C3%A9sum%C3%A9%20roof.png"},
    "/typed": {"Content-Type": "image/png"},
    "/bare": {"Content-Type": "application/octet-stream"},
}  # fmt: skip
#: What servers answer instead of a photo.
MESSAGES = {
    "/json.jpg": ("application/json", b'{"error":"token expired","code":401}'),
    "/list.jpg": ("application/octet-stream", b'[{"message":"gone"}]'),
    "/xml.png": (
        "application/xml",
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    ),
    "/bom.png": ("image/png", b'\xef\xbb\xbf<?xml version="1.0"?><Error/>'),
    "/error.svg": ("image/svg+xml", b"<Error><Code>NoSuchKey</Code></Error>"),
    "/text.pdf": ("text/plain", b"Not found"),
    "/notype.jpg": ("", b"<html>please log in</html>"),
    "/comment.gif": ("image/gif", b"<!-- proxy --><!DOCTYPE html><html></html>"),
    "/xhtml.jpg": ("application/xhtml+xml", b'<html xmlns="x">sign in</html>'),
    "/sheet.csv": ("text/csv", b"<html>please log in</html>"),
}


class Pages(http.server.BaseHTTPRequestHandler):
    """Some answers a file's address may give."""

    def do_GET(self):
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.server.target)
            self.end_headers()
            return
        plain = self.path.split("?")[0]
        if plain in HEADERS or plain in MESSAGES or plain == "/odd":
            kind, body = MESSAGES.get(plain, ("", b"\0\1" if plain == "/odd" else PNG))
            self.send_response(200)
            for name, value in HEADERS.get(plain, {"Content-Type": kind}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            return
        login = self.path.startswith("/login")
        body = b"<html>log in</html>" if login else b"" if "empty" in self.path else PNG
        self.send_response(404 if "gone" in self.path else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8" if login else "image/png")
        if "large" not in self.path:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body * (200_000 if "large" in self.path else 1))

    def log_message(self, *_):
        pass


@contextmanager
def web(target="http://127.0.0.1:1/"):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.target = target
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def taken(payload, root, hosts=("127.0.0.1",), **limits):
    with local_file(payload, root, hosts, **limits) as file:
        return file.path.read_bytes()


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/a.png", "http://localhost/a.png", "http://10.0.0.8/a.png",
     "http://169.254.169.254/latest", "http://[::1]/a.png", "http://[::ffff:127.0.0.1]/a.png",
     "http://[64:ff9b::7f00:1]/a.png", "http://[fe80::1]/a.png", "http://100.64.0.1/a.png",
     "http://0.0.0.0/a.png", "http://224.0.0.1/a.png", "file:///etc/passwd", "ftp://example.com/a",
     "http:///nowhere", "gopher://127.0.0.1:70/"],
)  # fmt: skip
def test_addresses_inside_the_network_are_refused(address):
    with pytest.raises(FileRefused):
        check_address(address)


def test_a_host_is_allowed_by_its_name_only(tmp_path):
    with web() as url:
        payload = {"file_name": "a.png", "url": f"{url}/a.png"}
        with pytest.raises(FileRefused, match="FLITSTACK_ALLOW_HOSTS"):
            taken(payload, tmp_path, hosts=())
        assert taken(payload, tmp_path) == PNG


def test_a_redirect_into_the_network_is_refused(tmp_path, monkeypatch):
    """The first hop is allowed by name; the second names a private address that is not."""
    with web() as inner, web(f"http://localhost:{inner.rsplit(':', 1)[1]}/a.png") as outer:
        payload = {"file_name": "a.png", "url": f"{outer}/moved"}
        with pytest.raises(FileRefused, match="localhost is a private address"):
            taken(payload, tmp_path)
        assert taken(payload, tmp_path, hosts=("127.0.0.1", "localhost")) == PNG


def test_redirects_without_end_are_refused(tmp_path):
    with web("/moved") as url, pytest.raises(FileRefused, match="redirects too often"):
        taken({"file_name": "a.png", "url": f"{url}/moved"}, tmp_path)


def test_a_name_is_resolved_once_and_the_checked_address_is_used(tmp_path, monkeypatch):
    asked = []
    real = fetching.socket.getaddrinfo

    def answers(host, *more, **named):
        asked.append(host)
        return real("127.0.0.1", *more, **named)

    with web() as url:
        monkeypatch.setattr(fetching.socket, "getaddrinfo", answers)
        port = url.rsplit(":", 1)[1]
        payload = {"file_name": "a.png", "url": f"http://photos.example:{port}/a.png"}
        assert taken(payload, tmp_path, hosts=("photos.example",)) == PNG
    assert asked.count("photos.example") == 1


@pytest.mark.parametrize(
    ("path", "why"),
    [("/gone.png", "answers 404"), ("/login.png", "need a login"), ("/empty.png", "is empty"),
     ("/large.png", "larger than 1 MB")],
)  # fmt: skip
def test_what_cannot_be_fetched_is_refused_with_its_reason(tmp_path, path, why):
    with web() as url, pytest.raises(FileRefused, match=why):
        taken({"file_name": "a.png", "url": url + path}, tmp_path, most_bytes=2**20)


@pytest.mark.parametrize(
    "path", ["../secret.txt", "/etc/hostname", "a/../../secret.txt", "link.txt"]
)
def test_paths_out_of_the_exports_folder_are_refused(tmp_path, path):
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "exports"
    inside.mkdir()
    (inside / "a").mkdir()
    (inside / "link.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(FileRefused, match="leads out of"):
        taken({"file_name": "secret.txt", "path": path}, inside)


@pytest.mark.parametrize("name", ["photo.heic", "run.exe", "nameless"])
def test_kinds_of_file_no_field_takes_are_refused_before_anything_is_sent(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(FileRefused, match="HighLevel takes no"):
        taken({"file_name": name, "path": name}, tmp_path)


@pytest.mark.parametrize("path", MESSAGES)
def test_a_message_of_the_server_is_no_photo(tmp_path, path):
    with web() as url, pytest.raises(FileRefused, match=r"web page|answers with (JSON|XML|text)"):
        taken({"file_name": path[1:], "url": url + path}, tmp_path)


@pytest.mark.parametrize(
    ("shown", "path", "name"),
    [
        ("S3key", "/S3key?X-Amz-Signature=abc", "résumé roof.png"),  # the server's own name
        ("Roof north", "/S3key", "Roof north.png"),  # the export's name, the server's ending
        ("typed", "/typed?sig=1", "typed.png"),
        ("bare", "/bare", "bare.png"),  # what the bytes are
        ("photo.php", "/bare", "photo.php.png"),
    ],
)
def test_a_name_that_does_not_say_what_a_file_is_gives_way_to_the_servers(
    tmp_path, shown, path, name
):
    with web() as url:
        payload = {"file_name": shown, "url": url + path}
        with local_file(payload, tmp_path, ("127.0.0.1",)) as file:
            assert (file.name, file.content_type) == (name, "image/png")


def test_what_nobody_names_and_no_byte_tells_is_refused(tmp_path):
    with web() as url, pytest.raises(FileRefused, match="tell no kind"):
        taken({"file_name": "x", "url": f"{url}/odd"}, tmp_path)


def file_row(n, kind, name, path, parents=(), **more):
    payload = {"field": t.FILES, "file_name": name, "path": path, **more}
    phase = 0 if kind == "opportunity_file" else 1
    return row(f"file:main/attachments/{n}", kind, "file", payload, parents, phase, "attachments")


@pytest.fixture
def ready(account, journal, tmp_path):
    hl = account.connect()
    run = journal.start_run(hl.location_id, "cutover")
    catalog = provision(hl, small_schema(), journal, run)
    options = replace(QUICK, files_root=tmp_path, images_root=tmp_path)

    def loaded(rows):
        ordered = sorted(rows, key=lambda r: r.phase)
        return load(hl, journal, catalog, ordered, run, options=options)

    return account, hl, journal, catalog, run, loaded


def test_files_of_one_job_go_in_one_upload_each_content_once(ready, tmp_path):
    account, hl, journal, catalog, run, loaded = ready
    (tmp_path / "a").mkdir()
    for name, data in (("photo.png", PNG), ("a/photo.png", PNG + b"2"), ("copy.png", PNG)):
        (tmp_path / name).write_bytes(data)
    keys = [f"file:main/attachments/{n}" for n in range(3)]
    rows = [file_row(0, "opportunity_file", "photo.png", "photo.png", of="job"),
            file_row(1, "opportunity_file", "photo.png", "a/photo.png", of="job"),
            file_row(2, "opportunity_file", "copy.png", "copy.png", of="job"),
            contact(1), job(1, 1, keys)]  # fmt: skip
    result = loaded(rows)
    assert result.complete, journal.dead_letters(hl.location_id)
    sent = [o for o in journal.operations(run.id) if o["kind"] == "opportunity_file"]
    assert len({o["trace_id"] for o in sent}) == 1
    files = [f for f in read_back(hl, catalog, journal) if f.kind == "opportunity_file"]
    assert sorted(f.logical["file_name"] for f in files) == ["photo (2).png", "photo.png"]
    result = compared(hl, journal, catalog, rows)
    assert result.good, result.problems
    assert result.rules == {NUMBERED: 1, JOINED: 1}
    assert result.by_object["attachments"] == {"planned": 3, "verified": 3, "wrong": 0}
    assert rollback(hl, journal, catalog, run, options=QUICK).clean
    assert account.dump()["files"] == []


def test_a_job_waits_for_a_file_whose_upload_got_no_answer(ready, tmp_path):
    """Files can only be given at creation: a job made without one would lack it for good."""
    account, hl, journal, catalog, _, loaded = ready
    (tmp_path / "photo.png").write_bytes(PNG)
    key = "file:main/attachments/0"
    rows = [file_row(0, "opportunity_file", "photo.png", "photo.png", of="job"), contact(1),
            job(1, 1, [key]), job(2, 1)]  # fmt: skip
    account.faults(reset_after=1.0, only="POST:/locations/sandbox-location/customFields/upload")
    result = loaded(rows)
    assert (result.created, result.rejected, result.missing_parents) == (2, 1, 1)
    letters = {x["record_key"]: x["messages"] for x in journal.dead_letters(hl.location_id)}
    assert letters["opportunity:main/jobs/1"] == [f"not uploaded yet: {key}"]
    account.faults()
    assert loaded(rows).complete and journal.dead_letters(hl.location_id) == []
    (file,) = [f for f in read_back(hl, catalog, journal) if f.kind == "opportunity_file"]
    assert file.logical["file_name"] == "photo.png"
    assert len(account.dump()["opportunities"]) == 2


def compared(hl, journal, catalog, rows):
    journal.flush()
    with PlannedRecords() as planned:
        planned.add(journal, hl.location_id, rows)
        found = read_back(hl, catalog, journal, planned.pairs())
        return reconcile(planned, found, {"main": {}})


def test_files_of_a_contact_that_share_name_case_or_content_are_no_difference(ready, tmp_path):
    _, hl, journal, catalog, _, loaded = ready
    (tmp_path / "a").mkdir()
    for name, data in (("Photo.PNG", PNG), ("a/photo.png", PNG + b"2"), ("copy.png", PNG)):
        (tmp_path / name).write_bytes(data)
    parents = [("contact", "contact:main/clients/1")]
    sizes = {"Photo.PNG": len(PNG), "photo.png": len(PNG) + 1, "copy.png": len(PNG)}
    paths = {"Photo.PNG": "Photo.PNG", "photo.png": "a/photo.png", "copy.png": "copy.png"}
    rows = [contact(1)]
    rows += [
        file_row(n, "contact_file", name, paths[name], parents, size_bytes=sizes[name])
        for n, name in enumerate(paths)
    ]
    assert loaded(rows).complete
    result = compared(hl, journal, catalog, rows)
    assert result.good, result.problems
    assert result.rules == {NUMBERED: 1, JOINED: 1}
    assert loaded(rows).requests == 0
    wrong = [*rows[:-1], file_row(2, "contact_file", "copy.png", "copy.png", parents,
                                  size_bytes=len(PNG) + 9)]  # fmt: skip
    (diff,) = compared(hl, journal, catalog, wrong).diffs
    assert diff.field == "size_bytes", "another content would be no copy"


def test_a_refused_file_is_put_aside_and_the_others_of_its_upload_arrive(ready, tmp_path):
    _, hl, journal, catalog, _, loaded = ready
    (tmp_path / "good.png").write_bytes(PNG)
    parents = [("contact", "contact:main/clients/1")]
    loaded([contact(1), file_row(1, "contact_file", "good.png", "good.png", parents),
            file_row(2, "contact_file", "lost.png", "lost.png", parents)])  # fmt: skip
    (letter,) = journal.dead_letters(hl.location_id)
    assert (
        letter["record_key"] == "file:main/attachments/2" and "not there" in letter["messages"][0]
    )
    files = [f for f in read_back(hl, catalog, journal) if f.kind == "contact_file"]
    assert [f.logical["file_name"] for f in files] == ["good.png"]


def test_images_of_notes_are_rehosted_in_their_place_and_go_with_a_rollback(ready, tmp_path):
    account, hl, journal, catalog, run, loaded = ready
    (tmp_path / "note-image.png").write_bytes(PNG)
    stored, fetched, lost = "a" * 64, "b" * 64, "c" * 64
    with web() as url:
        media = [
            row(f"media:{stored}", "media", "media",
                {"file_name": "note-image.png", "path": "note-image.png"}, (), 0, "activities"),
            row(f"media:{fetched}", "media", "media",
                {"file_name": "other.png", "url": f"{url}/a.png"}, (), 0, "activities"),
            row(f"media:{lost}", "media", "media",
                {"file_name": "lost.png", "url": f"{url}/gone.png"}, (), 0, "activities"),
        ]  # fmt: skip
        body = (f"<p>Before {{{{image:{stored}}}}} between {{{{image:{fetched}}}}} after "
                f"{{{{image:{lost}}}}}</p>")  # fmt: skip
        payload = {"body": body, "files": [m.record_key for m in media],
                   "images": {fetched: f"{url}/a.png", lost: f"{url}/gone.png"}}  # fmt: skip
        note = row("note:main/activities/1", "note", "note", payload,
                   [("contact", "contact:main/clients/1")], 1, "activities")  # fmt: skip
        loaded([contact(1), *media, note])
        assert [x["record_key"] for x in journal.dead_letters(hl.location_id)] == [f"media:{lost}"]
        (written,) = account.dump()["notes"]
        addresses = {f["name"]: f["url"] for f in account.dump()["files"]}
        before, between, after = (written["body"].index(x) for x in ("Before", "between", "after"))
        first = written["body"].index(f'<img src="{addresses["note-image.png"]}"')
        second = written["body"].index(f'<img src="{addresses["other.png"]}"')
        assert before < first < between < second < after < written["body"].index(f"{url}/gone.png")
        (found,) = [f for f in read_back(hl, catalog, journal) if f.kind == "note"]
        assert f"{{{{image:{stored}}}}} between" in found.logical["body"]
        loaded([contact(1), *media[:2], note])
        assert len(account.dump()["notes"]) == 1 and len(account.dump()["files"]) == 2
    result = rollback(hl, journal, catalog, run, options=QUICK)
    assert result.clean, (result.left, result.failed, result.not_proven)
    assert account.dump()["notes"] == account.dump()["files"] == []


def test_a_task_keeps_its_own_day_and_goes_with_its_contact(ready):
    account, hl, journal, catalog, run, loaded = ready
    fields = {"title": "Call back", "dueDate": "2024-03-05T19:12:00Z", "completed": "yes"}
    payload = {"fields": fields, "body": "[2024-03-05 14:12 · task · Luis Ortega]"}
    task = row("task:main/activities/9", "task", "task", payload,
               [("contact", "contact:main/clients/1")], 1, "activities")  # fmt: skip
    assert loaded([contact(1), task]).complete
    (made,) = account.dump()["tasks"]
    assert made["dueDate"].startswith("2024-03-05T19:12") and made["completed"] is True
    (found,) = [f for f in read_back(hl, catalog, journal) if f.kind == "task"]
    assert found.logical["fields"] == fields and found.source_id == "main/activities/9"
    assert loaded([contact(1), task]).requests == 0
    assert rollback(hl, journal, catalog, run, options=QUICK).clean
    assert account.dump()["tasks"] == [] == account.dump()["contacts"]
