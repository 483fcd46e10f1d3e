"""Case 24, file by file: which are taken, under which name, and why the others are not.

The whole way (sample, acknowledging, certificate) is that of any dead link: e2e/test_left_behind.
"""

import base64
import csv
import http.server
import threading

import pytest

from flitstack_pipeline.cleaning.files import look_at
from flitstack_pipeline.migration.file_source import FileRefused, local_file
from flitstack_pipeline_tests.cases.conftest import CASES

EXPORTS = CASES / "24_answers_that_are_no_photo" / "exports"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
#: Path → content type, body; as the case's server answered.
ANSWERS = {
    "/ok.png": ("image/png", PNG + b"ok"),
    "/login.jpg": ("text/html; charset=utf-8", b"<html>log in</html>"),
    "/htmloctet.jpg": ("application/octet-stream", b"<!DOCTYPE html><html>Please sign in</html>"),
    "/xhtml.jpg": ("application/xhtml+xml", b'<html xmlns="x">sign in</html>'),
    "/json.jpg": ("application/json", b'{"error":"token expired","code":401}'),
    "/xml.jpg": ("application/xml", b'<?xml version="1.0"?><Error>AccessDenied</Error>'),
    "/text.pdf": ("text/plain", b"Not found"),
    "/notype.jpg": ("", b"<html>please log in</html>"),
    "/trunc.png": ("image/png", PNG),
    "/signed.png": ("image/png", PNG + b"signed"),
    "/My%20Photo.png": ("image/png", PNG + b"myphoto"),
    "/thumb": ("image/png", PNG + b"thumb"),
}  # fmt: skip
WEB_PAGE = "web page, not the file"
#: Line of attachments.csv → the file's name, or words of its refusal.
EXPECTED = {
    2: "Résumé.png", 3: "photo one.png", 4: "site.png", 5: "not in the exports folder",
    6: "noext.png", 7: "HighLevel takes no .webp files", 8: "x" * 150 + ".png", 9: "ok.png",
    10: WEB_PAGE, 11: WEB_PAGE, 12: WEB_PAGE, 13: "JSON instead of", 14: "XML instead of",
    15: "text instead of", 16: WEB_PAGE, 17: "cannot be fetched", 18: "answers 403",
    19: "redir.png", 20: "signed.png", 21: "My Photo.png", 22: "real name.png", 23: "a.png",
    24: "not in the exports folder", 25: "is a private address|is unknown|cannot be fetched",
}  # fmt: skip
ROWS = list(csv.DictReader((EXPORTS / "attachments.csv").open(encoding="utf-8-sig", newline="")))


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.split("?")[0]
        moved, forbidden = path == "/redir.png", path == "/forbidden.jpg"
        self.send_response(302 if moved else 403 if forbidden else 200)
        kind, body = ANSWERS.get(path, ("application/xml", b"<Error/>"))
        if moved:
            self.send_header("Location", "/ok.png")
        if kind:
            self.send_header("Content-Type", kind)
        if path == "/thumb":
            self.send_header("Content-Disposition", 'attachment; filename="real name.png"')
        self.send_header("Content-Length", str(len(body) + (500 if path == "/trunc.png" else 0)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def taken(row, web):
    """The name a row's file is sent under; raises FileRefused when it is not taken."""
    place = row["Path or URL"].replace("&amp;", "&").replace("http://127.0.0.1:18977", web)
    found = look_at(EXPORTS, row["File Name"], place, None)
    if found["problem"]:
        raise FileRefused(found["problem"])
    payload = {"file_name": found["name"], "path": found["path"], "url": found["url"]}
    with local_file(payload, EXPORTS, ("127.0.0.1",)) as file:
        return file.name


def test_every_row_has_its_line_here():
    assert len(ROWS) == len(EXPECTED) == 24


@pytest.mark.parametrize("line", EXPECTED)
def test_a_file_is_taken_under_its_name_or_refused_with_words(web, line):
    expected = EXPECTED[line]
    if expected.endswith(".png"):
        assert taken(ROWS[line - 2], web) == expected
    else:
        with pytest.raises(FileRefused, match=expected):
            taken(ROWS[line - 2], web)
