"""Names and places of files, as the witness reads them: is this the same file?

Belongs here: spellings of one name (letter case, Unicode form, `%20`, backslashes, characters that
no file name may hold, endings). Does not: the bytes, which have a hash of their own.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

from flitstack_pipeline.ledger.contact_points import read_url
from flitstack_pipeline.ledger.texts import Account

#: Names longer than this are cut.
_LONGEST = 150


def read_file(text: str, value: str, how: str, account: Account) -> str:
    """A file's name or place: the rule by which both say the same, "" for no."""
    if read_url(text, value, how, account) or read_url(text.lstrip("/"), value, how, account):
        return "address of the file"
    said, held = _folded(text), _folded(value)
    if said == held or held.endswith(f"/{said}"):
        return "file found up to letter case, Unicode form and %20"
    bare, name = _allowed(said), _allowed(held)
    if bare == name:
        return "characters no file name may hold replaced"
    stem, _, ending = name.rpartition(".")
    if bare == stem and re.fullmatch(r"[a-z0-9]{3,4}", ending):
        return "ending of the file's content added"
    return "long file name cut" if bare[:_LONGEST] == name and len(bare) > _LONGEST else ""


def _folded(text: str) -> str:
    path = unicodedata.normalize("NFC", unquote(text.strip())).casefold().replace("\\", "/")
    return re.sub(r"^(?:\./)+", "", path)


def _allowed(text: str) -> str:
    return re.sub(r'[\x00-\x1f<>:"/\\|?*_]+', "_", text).strip(" ._")
