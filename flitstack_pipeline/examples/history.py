"""Export rows about the rest: notes and calls, attachments and their files, definitions, items."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from flitstack_pipeline.examples import mess, people
from flitstack_pipeline.examples.business import ITEMS, Job, Sizes, job
from flitstack_pipeline.examples.dice import Dice
from flitstack_pipeline.examples.people import ANCHOR


def activities(seed: int, sizes: Sizes) -> Iterator[list[str]]:
    """Notes, calls, e-mails and meetings; some in HTML, some with a picture inside."""
    yield ["Activity ID", "Record Type", "Record #", "Date", "Author", "Kind", "Text"]
    for number in range(1, sizes.activities + 1):
        rng = Dice(f"{seed}/act/{number}")
        kind = rng.weighted(("Note", "Call", "Email", "Meeting"), (50, 25, 18, 7))
        j = job(seed, rng.randint(1, sizes.jobs), sizes)
        where = rng.choice(
            (
                ("Client", j.client.id),
                ("Job", j.id),
                ("Invoice", f"INV-{min(j.number, sizes.invoices):04d}"),
                ("Estimate", f"EST-{min(j.number, sizes.estimates):05d}"),
                ("Lead", f"L-{rng.randint(1, sizes.leads):04d}"),
            )
        )
        text = rng.choice((
            "Left a message about the start date.",
            "<p>Customer <b>approved</b> the colour.</p>",
            "Discussed deposit, will pay by check\nNext step: schedule",
            "Site walk: east wall needs flashing",
        ))  # fmt: skip
        if number % 83 == 0:
            text = f'<p>Photo <img src="data:image/png;base64,{_png64()}"> of the leak</p>'
        day = ANCHOR - dt.timedelta(days=rng.randint(1, 600))
        clock = f"{rng.randint(1, 12)}:{rng.randint(10, 59)} {rng.choice(('AM', 'PM'))}"
        moment = f"{mess.us_date(day)} {clock}"
        yield [f"A-{number:05d}", *where, moment, people.owner(rng), kind, text]


def definitions() -> Iterator[list[str]]:
    """The custom fields of clients, jobs and estimates."""
    yield ["Module", "Label", "Type", "Options", "Transferable"]
    yield ["Clients", "Roof Type", "Dropdown", "; ".join(people.ROOFS), "Yes"]
    yield ["Clients", "Gate Code", "Text", "", "No"]
    yield ["Clients", "Annual Budget", "Number", "", "No"]
    yield ["Clients", "Warranty Until", "Date", "", "No"]
    yield ["Clients", "Services Wanted", "Multi-select", "; ".join(people.SERVICES), "No"]
    yield ["Jobs", "Crew Size", "Number", "", "No"]
    yield ["Jobs", "Permit Needed", "Checkbox", "", "No"]
    yield ["Estimates", "Financing", "Dropdown", "Cash; Financed", "Yes"]


def templates() -> Iterator[list[str]]:
    """The saved line items."""
    yield ["Name", "Type", "Description", "Unit", "Cost", "Price", "SKU"]
    for number, (kind, name, unit, cents) in enumerate(ITEMS, start=1):
        yield [
            name,
            kind,
            f"{name}, standard grade",
            unit,
            f"{cents * 0.6 / 100:.2f}",
            f"{cents / 100:.2f}",
            f"SKU-{number:03d}",
        ]


def attachments(seed: int, sizes: Sizes, folder: Path, most: int) -> Iterator[list[str]]:
    """The manifest of files, writing each file into `folder`/attachments; one stays missing.

    At most `most` files are written (at least 1); further rows name them again, as where one photo
    hangs on many jobs.
    """
    yield [
        "Record Type",
        "Record #",
        "File Name",
        "Path or URL",
        "Caption",
        "Date",
        "Uploaded By",
        "SHA-256",
    ]
    target = folder / "attachments"
    target.mkdir(exist_ok=True)
    names: list[tuple[str, str]] = []
    for number in range(1, sizes.attachments + 1):
        rng = Dice(f"{seed}/file/{number}")
        j = job(seed, rng.randint(1, sizes.jobs), sizes)
        if number <= most:
            names.append(_write_file(target, rng, number, j))
        name, digest = names[(number - 1) % most]
        record = ("Job", j.id) if number % 4 else ("Client", j.client.id)
        yield [
            *record,
            name,
            f"attachments/{name}",
            rng.choice(("Before", "After", "")),
            mess.us_date(j.start),
            people.owner(rng),
            digest if number % 2 else "",
        ]


def _write_file(target: Path, rng: Dice, number: int, j: Job) -> tuple[str, str]:
    """Write one file, but for the one that stays missing; its name and SHA-256."""
    suffix, data = _content(rng, number, j)
    name = f"photo {number:04d}.{suffix}" if number % 5 else f"firma-ñ-{number:04d}.{suffix}"
    if number != 23:
        (target / name).write_bytes(data)
    return name, hashlib.sha256(data).hexdigest()


def _content(rng: Dice, number: int, j: Job) -> tuple[str, bytes]:
    """Suffix and bytes of one file: two are alike, one is empty."""
    if number == 17:
        return "txt", b""
    if number in (40, 80):
        return "png", _png(200, 60, 60)
    kind = rng.choice(("png", "png", "txt", "pdf"))
    if kind == "png":
        return kind, _png(number >> 16 & 255, number >> 8 & 255, number & 255)
    text = f"Notes on job {j.id}, page {number}"
    return kind, f"{text}\n".encode() if kind == "txt" else _pdf(text)


def _png(red: int, green: int, blue: int) -> bytes:
    """A picture of one pixel. Stored, not compressed: the same bytes with every zlib."""
    pixel = bytes((0, red, green, blue))
    size = len(pixel)
    stored = b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + pixel
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"IDAT", stored + struct.pack(">I", zlib.adler32(pixel))),
        (b"IEND", b""),
    )
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def _pdf(text: str) -> bytes:
    """A page with one line of plain text."""
    stream = f"BT /F1 18 Tf 40 120 Td ({text}) Tj ET"
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 200]/Contents 4 0 R"
        "/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>\nstream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    parts, at = ["%PDF-1.4\n"], []
    for number, item in enumerate(objects, start=1):
        at.append(sum(map(len, parts)))
        parts.append(f"{number} 0 obj\n{item}\nendobj\n")
    start = sum(map(len, parts))
    table = "".join(f"{offset:010d} 00000 n \n" for offset in at)
    parts.append(f"xref\n0 6\n0000000000 65535 f \n{table}")
    parts.append(f"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n")
    return "".join(parts).encode("ascii")


@cache
def _png64() -> str:
    return base64.b64encode(_png(30, 90, 160)).decode()
