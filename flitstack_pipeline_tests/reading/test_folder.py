"""Everything in the exports folder is read, asked about or refused by its name."""

import gzip
import os
import re
import zipfile
from functools import partial

import openpyxl
import pytest

from flitstack_pipeline import services
from flitstack_pipeline.reading.cells import UnreadableFile, sheets
from flitstack_pipeline.reading.containers import WORKBOOK, zip_kind
from flitstack_pipeline.reading.folder import attachment_files, export_files
from flitstack_pipeline.reading.formats import kind_of_table
from flitstack_pipeline.reading.staging import stage
from flitstack_pipeline.settings import Project

CLIENTS = "Client ID,Client Name,Email,Phone\n1,Ann Roe,ann@mailbox.net,813-555-2001\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def stream(name):
    """An entry in the directory of a compound file."""
    return OLE + name.encode("utf-16-le") + bytes(64 - 2 * len(name)) + bytes(64)


HTML = b"<html><body><table><tr><td>Client ID</td></tr></table></body></html>"
SHEET = b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'

#: Files nobody can read → what their refusal says.
REFUSED = {
    "old.xls": (stream("Workbook"), "old binary Excel file"),
    "older.xls": (b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(99), "old binary Excel file"),
    "letter.xls": (stream("WordDocument"), "text document (.doc)"),
    "mail.msg": (stream("__nameid_version1.0"), "message of Outlook"),
    "secret.xlsx": (stream("EncryptedPackage"), "protected with a password"),
    "page.xls": (HTML, "web page"),
    "table.xls": (b"<table><tr><td>1</td></tr></table>", "web page"),
    "sheet2003.xls": (SHEET, "XML"),
    "paper.pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "no table but a .pdf file"),
    "paper.csv": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "no table but a .pdf file"),
    "photo.csv": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "no table but a .png file"),
    "clients.json": (b'[{"Client ID": 1}]', "JSON"),
    "dump.txt": (b'{"version": 3, "clients": [{"id": 1, "name": "Ann"}]}', "JSON"),
    "deep.json": (b'[{"id": 1, "lines": [{"item": "Oak", "price": 2}]}]', "records of their own"),
    "twice.json": (b'[{"id": 1, "id": 2}]', "no whole JSON"),
    "cut.json": (b'[{"id": 1, "name": "Ann"}, {"id": 2', "no whole JSON"),
    "wide.xls": (b"<table><tr><td colspan=99999>1</td><td>2</td></tr></table>", "colspan"),
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\xef\xbb\xbf \r\n\r\n", "empty"),
    "commas.csv": (b",,,\n,,,\n", "empty"),
    "packed.csv.gz": (gzip.compress(CLIENTS.encode()), "gzip"),
    "broken.xlsx": (b"PK\x03\x04 not much of a workbook", "damaged"),
    "data.sqlite": (b"SQLite format 3\0" + bytes(80), "database"),
    "jobs.csv.crdownload": (b"Job #,Title\n1,Deck\n", "unfinished"),
    "program.dat": (bytes(range(1, 9)) * 40, "no text"),
    "letter.rtf": (rb"{\rtf1\ansi Hello}", "text document"),
    "clients.vcf": (b"BEGIN:VCARD\r\nFN:Ann Roe\r\nEND:VCARD\r\n", "vCard"),
    "jobs.ics": (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "calendar"),
    "asked.eml": (b"From: a@b.net\nMIME-Version: 1.0\nSubject: Hi\n\nhello\n", "message (.eml)"),
    "dump.sql": (b"-- MySQL\n\nCREATE TABLE clients (id int);\n", "dump of a database"),
    "office.accdb": (b"\0\1\0\0Standard ACE DB\0" + bytes(99), "Microsoft Access"),
    "all.tar": (b"clients.csv" + bytes(246) + b"ustar\0" + bytes(249), "archive (.tar)"),
    "call.mp3": (b"ID3\x03" + bytes(99), "no table but a .mp3 file"),
    "logo.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "no table but a .svg file"),
    "cut.zip": (b"PK\x03\x04" + bytes(22) + b"\x05\0\0\0a.csv", "archive (.zip)"),
    "cut.numbers": (b"PK\x03\x04" + bytes(22) + b"\x12\0\0\0Index/Document.iwa", "Apple Numbers"),
    "table.dbf": (b"\x03\x7a\x05\x01" + bytes(28) + b"NAME" + bytes(300), "no text"),
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
    packed(root / "text.pages", {"Index/Document.iwa": "x", "Index/Tables/DataList.iwa": "x"})
    packed(root / "letter.odt", {"mimetype": "application/vnd.oasis.opendocument.text"})
    packed(root / "letter.docx", {"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"})
    packed(root / "letter.xlsx", {"[Content_Types].xml": "<x/>", "word/document.xml": "<x/>"})
    packed(root / "binary.xlsb", {"[Content_Types].xml": "<x/>", "xl/workbook.bin": "x"})
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
    "text.pages": "Apple Pages",
    "letter.odt": "text document of OpenDocument",
    "letter.docx": "text document",
    "letter.xlsx": "text document",
    "binary.xlsb": "binary workbook",
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
    with pytest.raises(UnreadableFile, match=re.escape(SAYS[name])):
        sheets(exports / name)
    with pytest.raises(ValueError, match=f"Nothing was staged(.|\n)*{re.escape(SAYS[name])}"):
        stage(tmp_path / "other", [exports / name])


def test_only_a_workbook_that_is_cut_short_is_called_damaged_and_each_kind_says_what_to_do(exports):
    said = {}
    for name in SAYS.keys() - {"commas.csv", "nothing.xlsx"}:
        with pytest.raises(UnreadableFile) as refused:
            sheets(exports / name)
        said[name] = refused.value
    assert {name for name, error in said.items() if "damaged" in error.reason} == {"broken.xlsx"}
    assert "Open it in Numbers" in said["cut.numbers"].what_to_do
    assert "LibreOffice" in said["open.ods"].what_to_do
    assert "Unpack it" in said["all.zip"].what_to_do
    assert "attachments.csv" in said["photo.csv"].what_to_do
    assert "Copy its table into a spreadsheet" in said["letter.docx"].what_to_do


@pytest.mark.parametrize("first", ["BMI", "ID3 tag", "BZh", "From: office", "Rar", "PK no"])
def test_a_table_that_begins_like_another_format_is_read(tmp_path, first):
    path = tmp_path / "clients.csv"
    path.write_text(f"{first},Client ID,Client Name\n7,1,Ann Roe\n")
    (sheet,) = sheets(path)
    assert [cells for _, cells in sheet.rows()] == [
        [first, "Client ID", "Client Name"], ["7", "1", "Ann Roe"]
    ]  # fmt: skip


DUMP = "-- a dump\n\n" * 60


def test_many_remarks_of_a_dump_are_looked_through_once(tmp_path):
    """Tried in every way of sharing out the blank lines, sixty remarks would take for ever."""
    (tmp_path / "notes.txt").write_text(f"{DUMP}and a word\n")
    assert kind_of_table(tmp_path / "notes.txt") == ""
    (tmp_path / "dump.sql").write_text(f"{DUMP}/* clients */;\nCREATE TABLE clients (id int);\n")
    with pytest.raises(UnreadableFile, match="dump of a database"):
        kind_of_table(tmp_path / "dump.sql")


def _with_a_spoiled_part(path, packing):
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>" * 99)
        archive.writestr("xl/workbook.xml", "<workbook/>")
    data = bytearray(path.read_bytes())
    start = 30 + len("[Content_Types].xml")  # behind the first local header
    data[start + 9 : start + 19] = b"\xff" * 10
    path.write_bytes(data)


def _with_a_part_longer_than_the_file(path):
    packed(path, {"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})
    data = bytearray(path.read_bytes())
    sizes = data.index(b"PK\x01\x02") + 20  # packed and unpacked, in the archive's list
    data[sizes : sizes + 8] = (10**6).to_bytes(4, "little") * 2
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil",
    [
        _with_a_part_longer_than_the_file,
        *(partial(_with_a_spoiled_part, packing=packing) for packing in
          (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)),
    ],
    ids=["longer than the file", "deflate", "bzip2", "lzma"],
)  # fmt: skip
def test_a_workbook_of_which_a_part_cannot_be_unpacked_is_refused_as_one(tmp_path, spoil):
    path = tmp_path / "clients.xlsx"
    spoil(path)
    assert zip_kind(path) == WORKBOOK
    with pytest.raises(UnreadableFile, match="the workbook is damaged"):
        sheets(path)
