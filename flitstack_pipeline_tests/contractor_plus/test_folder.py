"""Everything in the exports folder is read, asked about or refused by its name."""

import gzip
import os
import zipfile

import openpyxl
import pytest

from flitstack_pipeline import services
from flitstack_pipeline.contractor_plus.cells import UnreadableFile, sheets
from flitstack_pipeline.contractor_plus.folder import attachment_files, export_files
from flitstack_pipeline.contractor_plus.staging import stage
from flitstack_pipeline.settings import Project

CLIENTS = "Client ID,Client Name,Email,Phone\n1,Ann Roe,ann@mailbox.net,813-555-2001\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
HTML = b"<html><body><table><tr><td>Client ID</td></tr></table></body></html>"
SHEET = b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'

#: Files nobody can read → what their refusal says.
REFUSED = {
    "old.xls": (OLE, "old binary Excel file"),
    "secret.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le"), "protected with a password"),
    "page.xls": (HTML, "web page"),
    "table.xls": (b"<table><tr><td>1</td></tr></table>", "web page"),
    "sheet2003.xls": (SHEET, "XML"),
    "paper.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "no table but a .pdf file"),
    "paper.csv": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "no table but a .pdf file"),
    "photo.csv": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no table but a .png file"),
    "clients.json": (b'[{"Client ID": 1}]', "JSON"),
    "dump.txt": (b'{"clients": [{"id": 1, "name": "Ann"}]}', "JSON"),
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\xef\xbb\xbf \r\n\r\n", "empty"),
    "commas.csv": (b",,,\n,,,\n", "empty"),
    "packed.csv.gz": (gzip.compress(CLIENTS.encode()), "gzip"),
    "broken.xlsx": (b"PK\x03\x04 not much of a workbook", "damaged"),
    "data.sqlite": (b"SQLite format 3\0" + bytes(80), "database"),
    "jobs.csv.crdownload": (b"Job #,Title\n1,Deck\n", "unfinished"),
    "program.dat": (bytes(range(1, 9)) * 40, "no text"),
    "letter.rtf": (rb"{\rtf1\ansi Hello}", "text document"),
}


def packed(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in names.items():
            archive.writestr(name, text)


def workbook(path, rows=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """A folder with one of everything, and what each that is refused must say."""
    root = tmp_path_factory.mktemp("folder") / "exports"
    root.mkdir()
    (root / "clients.csv").write_text(CLIENTS)
    (root / "clients export").write_text(CLIENTS.replace("1,Ann", "2,Ann"))
    (root / ".hidden.csv").write_text(CLIENTS.replace("1,Ann", "3,Ann"))
    (root / "jobs.tsv").write_text("Job #\tTitle\tClient ID\n7\tDeck\t1\n")
    (root / "readme.txt").write_text("Exported by Dana\nfor the move\n")
    (root / "odd.csv").write_text("Colour,Size\nred,4\n")
    workbook(root / "leads.xlsm", [["Lead ID", "Lead Name", "Email"], [1, "Bo", "bo@mailbox.net"]])
    workbook(root / "nothing.xlsx")
    os.symlink(root.parent / "gone.csv", root / "linked.csv")
    (root.parent / "elsewhere").mkdir()
    os.symlink(root.parent / "elsewhere", root / "more")
    (root / "folder.csv").mkdir()
    (root / "full.csv").mkdir()
    (root / "full.csv" / "users.csv").write_text("User ID,Name,Email\n1,Luis,luis@mailbox.net\n")
    (root / "book.numbers").mkdir()
    (root / "book.numbers" / "Index.zip").write_bytes(b"PK\x03\x04")
    os.mkfifo(root / "pipe.csv")
    packed(root / "all.zip", {"clients.csv": CLIENTS, "jobs.csv": "Job #\n1\n"})
    packed(root / "open.ods", {"content.xml": "<x/>", "META-INF/manifest.xml": "<x/>"})
    packed(root / "apple.numbers", {"Index/Document.iwa": "x"})
    packed(root / "letter.docx", {"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"})
    for name, (content, _) in REFUSED.items():
        (root / name).write_bytes(content)
    for leftover in (".DS_Store", "~$clients.xlsx", "._clients.csv", ".~lock.clients.csv#"):
        (root / leftover).write_bytes(b"\0\1")
    (root / "attachments" / "deep").mkdir(parents=True)
    (root / "attachments" / "deep" / "roof.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "photos").mkdir()
    (root / "photos" / "named.pdf").write_bytes(b"%PDF-1.7\n")
    (root / "attachments.csv").write_text(
        "Record Type,Record #,File Name,Path or URL\nClient,1,n.pdf,photos/named.pdf\n"
    )
    return root


SAYS = {name: why for name, (_, why) in REFUSED.items()} | {
    "nothing.xlsx": "empty",
    "linked.csv": "link that leads nowhere",
    "more": "link to a folder",
    "folder.csv": "folder, not a file",
    "book.numbers": "document saved as a folder",
    "pipe.csv": "device or a pipe",
    "all.zip": "2 files packed in one",
    "open.ods": "OpenDocument",
    "apple.numbers": "Apple Numbers",
    "letter.docx": "text document",
}
READ = {
    "clients.csv": "clients", "clients export": "clients", ".hidden.csv": "clients",
    "jobs.tsv": "jobs", "leads.xlsm": "leads", "full.csv/users.csv": "users",
    "attachments.csv": "attachments",
}  # fmt: skip


@pytest.fixture(scope="module")
def project(exports):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLITSTACK_DATA", str(exports.parent))
        found = Project.from_environment().prepare()
    with found.warehouse.connect():
        services.read_schema(found)
        for key in ("users", "clients", "leads", "jobs", "attachments"):
            services.read_object(found, key)
        services.clean_object(found, "attachments")
        services.relate(found)
    return found


def test_every_file_is_read_asked_about_or_refused_by_name(exports, project):
    with project.warehouse.connect() as con:
        listed = con.execute("SELECT file, dataset, refused FROM raw.files").fetchall()
        asked = {f for (f,) in con.execute("SELECT file FROM questions.asked").fetchall()}
    assert {file: kind for file, kind, refused in listed if not refused and kind} == READ
    refused = {file: why for file, _, why in listed if why}
    assert set(refused) == set(SAYS)
    for file, why in SAYS.items():
        assert why in refused[file] and file in refused[file], refused[file]
    assert asked == {"odd.csv", "readme.txt"}
    assert {file for file, *_ in listed} == READ.keys() | SAYS.keys() | asked


def test_what_is_refused_and_what_no_row_names_waits_for_a_person(project):
    behind = {b.item.file: b.item.rule for b in services.left_behind(project)}
    assert {f for f, rule in behind.items() if rule == "refused_file"} == set(SAYS)
    assert {f for f, rule in behind.items() if rule == "unnamed_file"} == {
        "attachments/deep/roof.png"
    }, "photos/named.pdf is named by a row"


def test_a_paper_at_the_top_that_a_row_names_is_not_left_behind(project):
    text = "Record Type,Record #,File Name,Path or URL\nClient,1,p.pdf,paper.pdf\n"
    (project.exports / "attachments.csv").write_text(text)
    with project.warehouse.connect():
        services.read_object(project, "attachments")
        services.clean_object(project, "attachments")
    behind = {b.item.file: b.item.rule for b in services.left_behind(project)}
    assert "paper.pdf" not in behind
    assert behind["photos/named.pdf"] == "unnamed_file"


def test_walking_tells_exports_from_what_hangs_on_records(exports):
    names = [p.relative_to(exports).as_posix() for p in export_files(exports)]
    assert names == sorted(names) and ".DS_Store" not in names
    attached = [p.relative_to(exports).as_posix() for p in attachment_files(exports)]
    assert attached == ["attachments/deep/roof.png", "photos/named.pdf"]


@pytest.mark.parametrize("name", sorted(SAYS.keys() - {"commas.csv", "nothing.xlsx"}))
def test_staging_refuses_it_with_the_same_words(exports, tmp_path, name):
    """But a table without a cell: its kind can be read, so that staging warns of it."""
    with pytest.raises(UnreadableFile, match=SAYS[name]):
        sheets(exports / name)
    with pytest.raises(ValueError, match=f"Nothing was staged(.|\n)*{SAYS[name]}"):
        stage(tmp_path / "other", [exports / name])
