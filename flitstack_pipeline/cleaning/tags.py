"""Names of HTML tags, as patterns that Python and DuckDB both read."""

from __future__ import annotations

_INLINE = """a abbr b bdi big cite code col colgroup del dfn em font i img ins kbd label mark q s
    samp small span strike strong sub sup tt u var wbr link meta input iframe object video"""
_LINES = """address article aside blockquote body br button caption center dd details dir div dl dt
    fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html legend li main nav
    ol optgroup option p pre script section select style summary table tbody td textarea tfoot th
    thead title tr ul"""
#: Tags that begin or end a line.
LINES = "|".join(_LINES.split())
#: Every name, and those of Word (`o:p`, `st1:City`).
NAMES = "|".join([*_INLINE.split(), LINES, r"[a-z]\w*:[a-z]\w*"])
_ATTRIBUTE = r"""\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)"""
#: A tag, by which a text is told to be HTML.
TAG = rf"</?(?:{NAMES})(?:{_ATTRIBUTE})*\s*/?>"
