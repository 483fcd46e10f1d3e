"""A line is looked at closely wherever its first word may be that of a title, header or total."""

from hypothesis import example, given
from hypothesis import strategies as st

from flitstack_pipeline.reading.lines import BEGINNING, _Beginnings

#: First words of lines that are no records, as they are compared.
WORDS = {"id", "no.", "#", "invoice", "client", "straße", "total:", "grand"}
AFTER = ("", " ", "\t", " 12", "\u00a0x", "s")


@given(
    st.sampled_from(sorted(WORDS)), st.sampled_from([str.lower, str.upper, str.title]),
    st.sampled_from(["", " ", "\n", "\ufeff", "\u00a0"]), st.sampled_from(AFTER),
)  # fmt: skip
@example("invoice", str.upper, "", " #")
def test_a_line_that_begins_with_a_word_of_theirs_is_looked_at(word, spelled, before, after):
    cell = before + spelled(word) + after
    words = cell.replace("\ufeff", "").split()
    if words[0].casefold() in {w.casefold() for w in WORDS}:
        assert _Beginnings(WORDS)[cell[:BEGINNING]]


@given(st.from_regex(r"[0-9]{4,6}|[A-Z]{2}-[0-9]{3}|Quentin|idea", fullmatch=True))
def test_a_line_that_begins_otherwise_is_a_record_at_once(cell):
    assert not _Beginnings(WORDS)[cell[:BEGINNING]]
