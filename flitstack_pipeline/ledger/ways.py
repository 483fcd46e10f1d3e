"""The ways of the columns of one kind of export, in SQL: what each holds, when it says the same.

Belongs here: putting the paths (`provenance`) into the SQL of the wide statement, whose rows hold
the cells as `t0` …, the values of the records as `h0_1` …. Does not: which records these are
(`holders`), comparing (`sure`, `witness`), the statements themselves (`cells`, `settle`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flitstack_pipeline.ledger import known, witness
from flitstack_pipeline.ledger.holders import KEY_PLACE, Holders
from flitstack_pipeline.ledger.provenance import BY, COMPANY, WRITTEN, Path
from flitstack_pipeline.ledger.quick import ONE_PHONE, Way
from flitstack_pipeline.ledger.sure import sure
from flitstack_pipeline.ledger.texts import Account
from flitstack_pipeline.warehouse import literal

#: How a value counts: as it stands; "" where a record has none; only where the cell names a record
#: that is known; only beside enough digits; only where other fields do not give the cell back.
PLAIN, FILLED, NAMED, PHONE, UNSAID = "plain", "filled", "named", "phone", "unsaid"
FORMS = (FILLED, NAMED, PHONE, UNSAID, PLAIN)
#: Marks in kinds of reading: the order of days, which the map may name, and the decimal sign.
_ORDERS = {"{order}": "", "{mdy}": witness.MONTH, "{dmy}": witness.DAY}
_SIGN = "{sign}"
_AMERICAN = ("US", "CA", "PR")


def form_of(path: Path) -> str:
    """How the value of a path counts."""
    if path.place == COMPANY:
        return FILLED
    if path.named:
        return NAMED
    if path.kind == ONE_PHONE:  # one without area code is no number to call
        return PHONE
    return UNSAID if path.kind == WRITTEN and len(path.labels) > 1 else PLAIN


def counted(form: str, text: str, value: str, whole: str, is_known: str) -> str:
    """SQL of a value, NULL where it does not count.

    Args:
        form: How it counts.
        text: SQL of the cell.
        value: SQL of what the fields hold.
        whole: SQL of what the other fields give together.
        is_known: SQL: whether the cell names a record that is known.
    """
    if form == FILLED:
        return f"coalesce({value}, '')"
    if form == NAMED:
        return f"CASE WHEN {is_known} THEN coalesce({value}, '') END"
    if form == PHONE:
        digits = f"length(regexp_replace({text}, '[^0-9]', '', 'g'))"
        return f"CASE WHEN {digits} >= 10 THEN {value} END"
    if form == UNSAID:
        said = f"regexp_replace(trim({text}), '\\s+', ' ', 'g')"
        return f"CASE WHEN {said} <> {whole} THEN {value} END"
    return value


@dataclass(frozen=True)
class Readings:
    """How the cells of a kind of export are read: by file, account and confirmed words."""

    account: Account
    #: (file, column) → order of days; `usual` where nothing is told.
    orders: Mapping[tuple[str, str], str]
    usual: str
    #: The (file, column) places with a decimal comma.
    commas: frozenset[tuple[str, str]]
    #: (file, column) → the zone of its local times, where it is not the account's.
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)
    #: Word list → its labels, each with the words it is for.
    labels: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)

    def kinds(self, path: Path) -> tuple[str, dict[str, str]]:
        """The kind of reading of a path, and that of files where it is another."""
        kind = path.kind
        for mark, mapped in _ORDERS.items():
            if mark in kind:
                bare, usual = kind.replace(mark, ""), mapped or self.usual
                told = {f: o for (f, c), o in self.orders.items() if c == path.column}
                meant = {
                    f: mapped if mapped and o == witness.UNDECIDED else o for f, o in told.items()
                }
                zones = {f: z for (f, c), z in self.zones.items() if c == path.column}
                meant |= {f: f"{meant.get(f, usual)}@{zone}" for f, zone in zones.items()}
                return bare + usual, {f: bare + o for f, o in meant.items() if o != usual}
        if _SIGN in kind:
            bare = kind.replace(_SIGN, "")
            return f"{bare}.", {f: f"{bare}," for f, c in self.commas if c == path.column}
        return kind, {}

    def sure(self, path: Path, text: str, value: str, word: str) -> str:
        """SQL of when a value surely says the same as a cell of a row of `file`.

        `word` is SQL of the cell in lower case, trimmed.
        """
        found = sure(path.kind, text, value)
        if path.kind == "list":  # a row among several may stand there as it was written
            found = f"NOT several AND {found}"
        for label, words in self.labels.get(path.words, {}).items():
            said = " OR ".join(f"{word} = {literal(w)}" for w in words)
            found += f" OR ({value} = {literal(label)} AND ({said}))"
        for mark, ending in (("{mdy}", witness.MONTH), ("{dmy}", witness.DAY)):
            if mark in found:
                found = found.replace(mark, self._ends(path, ending))
        if "{point}" in found:
            found = found.replace("{point}", f"NOT {self._ends(path, ',')}")
        return self.filled_in(found)

    def _ends(self, path: Path, ending: str) -> str:
        """SQL: whether the kind of reading of a path ends so in the file of a row."""
        usual, told = self.kinds(path)
        common = usual.endswith(ending)
        others = [literal(f) for f, k in told.items() if k.endswith(ending) != common]
        if not others:
            return str(common).lower()
        return f"(file {'NOT ' if common else ''}IN ({', '.join(others)}))"

    def filled_in(self, sql: str) -> str:
        """SQL with what is the same for every cell of the account."""
        american = str(self.account.country in _AMERICAN).lower()
        return sql.replace("{american}", american).replace("{zone}", literal(self.account.zone))


def ways_of(
    columns: list[str], paths: list[Path], holders: Holders, readings: Readings
) -> list[list[Way]]:
    """The ways of each column; those of places that are not at hand hold NULL."""
    found: list[list[Way]] = [[] for _ in columns]
    numbers = {column: n for n, column in enumerate(columns)}
    for number, path in enumerate(paths):
        n = numbers[path.column]
        if holders.is_late(path):
            found[n].append(Way(number, path, "NULL", "false"))
            continue
        place, slot, rest = holders.where(path)
        held = "key_held" if place == KEY_PLACE else f"h{place}_{slot}"
        form = form_of(path)
        formed = counted(form, f"t{n}", held, f"h{place}_{rest}", _is_known(path, f"t{n}"))
        value = held if form == PLAIN else f"v{number}"
        surely = readings.sure(path, f"t{n}", value, f"w{n}")
        found[n].append(Way(number, path, value, surely, formed))
    return found


def _is_known(path: Path, text: str) -> str:
    """SQL: whether the cell names a record that is known."""
    if path.named.startswith(BY):
        return known.is_known_sql(known.told_kind_sql("told"), text, "workspace")
    return known.is_known_sql(literal(path.named), text, "workspace")
