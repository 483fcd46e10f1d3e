"""Files that an export names: which one is meant, what its name is, what it holds."""

import unicodedata

import pytest

from flitstack_pipeline.cleaning.files import look_at
from flitstack_pipeline.file_kinds import (
    ending_of,
    name_in_address,
    name_in_disposition,
    text_in,
)

PNG = b"\x89PNG\r\n\x1a\n picture"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://b.s3.amazonaws.com/jobs/7/roof.png?X-Amz-Signature=abc&X-Amz-Date=1", "roof.png"),
        ("https://b.s3.us-east-1.amazonaws.com/8f3a?response-content-disposition=attachment%3B%20"
         "filename%3D%22front%20door.jpg%22&X-Amz-Signature=a.b", "front door.jpg"),
        ("https://b.s3.amazonaws.com/8f3a?response-content-type=image%2Fjpeg&X-Amz-Signature=a",
         "8f3a.jpg"),
        ("https://d111.cloudfront.net/p/deck.jpeg?Expires=1&Signature=x.y~z&Key-Pair-Id=K",
         "deck.jpeg"),
        ("https://acc.blob.core.windows.net/c/0f9e?sv=2022&rscd=attachment%3B%20filename%3Dplan.pdf"
         "&sig=x%2By%3D", "plan.pdf"),
        ("https://storage.googleapis.com/b/o%2Fpermit.pdf?X-Goog-Signature=1", "permit.pdf"),
        ("https://firebasestorage.googleapis.com/v0/b/a/o/jobs%2F7%2Fpool.png?alt=media&token=1.2",
         "pool.png"),
        ("https://app.example.com/download.php?file=before.jpg&id=3", "before.jpg"),
        ("https://app.example.com/files/991", "991"),
        ("https://app.example.com/My%20Photo.png", "My Photo.png"),
        ("https://app.example.com/", ""),
    ],
)  # fmt: skip
def test_the_name_in_an_address_is_without_its_signature(address, name):
    assert name_in_address(address) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="real name.png"', "real name.png"),
        ("attachment; filename=plain.png; size=3", "plain.png"),
        ("inline; filename=\"a.bin\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf", "résumé.pdf"),
        ("attachment; filename*=iso-8859-1'en'%A3%20rates.pdf", "£ rates.pdf"),
        ('attachment; filename="C:\\\\photos\\\\x.png"', "x.png"),
        ('attachment; filename="r\u00c3\u00a9sum\u00c3\u00a9.pdf"', "résumé.pdf"),
        ("attachment", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_content_disposition(header, name):
    assert name_in_disposition(header) == name


@pytest.mark.parametrize(
    ("head", "ending", "held"),
    [
        (PNG, "png", ""),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "jpg", ""),
        (b"%PDF-1.7\n", "pdf", ""),
        (b"GIF89a\x01", "gif", ""),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "webp", ""),
        (b"\x00\x00\x00\x18ftypheic", "heic", ""),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "svg", "XML"),
        (b'  {"error": "no"}', "", "JSON"),
        (b"[1, 2]", "", "JSON"),
        (b"[not json", "", "text"),
        (b"<!DOCTYPE HTML><html>", "", "a web page"),
        (b"<Error><Code>AccessDenied</Code></Error>", "", "XML"),
        ("Datei nicht gefunden – März".encode(), "", "text"),
        (b"x" * 4_095 + "é".encode()[:1], "", "text"),  # a letter cut in two
        (b"\x80\x81\x82\x83\x84 not a text", "", ""),
        (b"", "", ""),
    ],
)
def test_what_a_file_is_by_its_first_bytes(head, ending, held):
    assert (ending_of(head), text_in(head)) == (ending, held)


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "attachments"
    folder.mkdir()
    names = ("Site.PNG", unicodedata.normalize("NFD", "Résumé.png"), "photo one.png", "noext")
    for name in names:
        (folder / name).write_bytes(PNG)
    (folder / "saved.jpg").write_bytes(b"<html>Please sign in</html>")
    return tmp_path


@pytest.mark.parametrize(
    ("shown", "place", "found"),
    [
        ("site.png", "attachments\\site.png", "Site.PNG"),
        (None, "site.png", "Site.PNG"),
        ("Résumé.png", "attachments/Résumé.png", unicodedata.normalize("NFD", "Résumé.png")),
        (None, "RÉSUMÉ.png", unicodedata.normalize("NFD", "Résumé.png")),
        ("p.png", "attachments/photo%20one.png", "photo one.png"),
        ("p.png", "attachments/PHOTO%20ONE.png", "photo one.png"),
    ],
)  # fmt: skip
def test_a_file_is_found_up_to_case_unicode_form_and_percent_signs(exports, shown, place, found):
    told = look_at(exports, shown, place, None)
    assert told["problem"] is None and told["path"] == f"attachments/{found}"


def test_a_name_without_an_ending_gets_that_of_its_bytes(exports):
    told = look_at(exports, "noext", "attachments/noext", None)
    assert (told["name"], told["problem"]) == ("noext.png", None)


def test_a_web_page_saved_as_a_photo_is_refused(exports):
    told = look_at(exports, "saved.jpg", "attachments/saved.jpg", None)
    assert told["problem"] == "it holds a web page, not what its name says"


@pytest.mark.parametrize(
    ("place", "name", "url", "problem"),
    [
        ("https://b.s3.amazonaws.com/signed.png?X-Amz-Signature=a.b", "signed.png", True, None),
        ("https://app.example.com/files/991", "991", True, None),  # its server tells its kind
        ("www.dropbox.com/s/abc/gd.pdf?dl=0", "gd.pdf", True, None),
        ("https://x.example/p.heic", "p.heic", True,
         "HighLevel takes no .heic photos: export them as .jpg"),
        ("attachments/lost.png", "lost.png", False, "the file is not in the exports folder"),
        ("file:///C:/Users/bob/contract.pdf", "contract.pdf", False,
         "the file is not in the exports folder"),
    ],
)  # fmt: skip
def test_an_address_without_a_file_name_is_taken(exports, place, name, url, problem):
    told = look_at(exports, None, place, None)
    assert (told["name"], bool(told["url"]), told["problem"]) == (name, url, problem)
