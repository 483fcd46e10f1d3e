"""Normal forms of names, numbers and addresses as SQL, so that whole tables compare by hash join.

Each function takes a SQL expression (a column) and returns a SQL expression; NULL stays NULL, and
what holds nothing comparable becomes NULL. `words.normal_number` is the same rule in Python.
"""

from __future__ import annotations

#: Words that say how to address someone, or which legal form a firm has; no part of who they are.
TITLES = ("mr", "mrs", "ms", "miss", "dr", "prof", "and", "the", "y", "et")
LEGAL_FORMS = (
    "llc",
    "inc",
    "incorporated",
    "ltd",
    "limited",
    "co",
    "corp",
    "corporation",
    "company",
)
#: Legal forms that are parts of people's names as well (`Ana Sá`): dropped from firms' alone.
_FOREIGN_FORMS = (
    "gmbh", "ag", "kg", "ohg", "ug", "ek", "gbr", "mbh", "sarl", "sas", "sa", "sl", "srl", "spa",
    "bv", "nv", "vof", "ab", "oy", "plc", "llp", "lp", "pllc", "pc", "pty", "cv", "ltda", "lda",
    "pvt",
)  # fmt: skip
#: How firms of other languages join names.
_JOINTS = ("und", "e", "en", "och", "og", "i")
#: Letters as they are written where they are missing.
_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}
_STREET_WORDS = {
    "street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "boulevard": "blvd",
    "lane": "ln", "court": "ct", "place": "pl", "highway": "hwy", "parkway": "pkwy",
    "terrace": "ter", "circle": "cir", "north": "n", "south": "s", "east": "e", "west": "w",
    "apartment": "apt", "suite": "ste", "unit": "apt", "northeast": "ne", "northwest": "nw",
    "southeast": "se", "southwest": "sw",
}  # fmt: skip


def _words(expression: str, left_out: tuple[str, ...]) -> str:
    plain = f"regexp_replace(lower(strip_accents({expression})), '[''’.`]', '', 'g')"
    dropped = ", ".join(f"'{w}'" for w in ("", *left_out))
    return (
        f"list_filter(string_split_regex({plain}, '[^\\p{{L}}\\p{{N}}]+'), "
        f"lambda t: t NOT IN ({dropped}))"
    )


def name_words(expression: str) -> str:
    """The words of a name, lower case, without titles and legal forms, as a list."""
    return _words(expression, TITLES + LEGAL_FORMS)


def name_key(expression: str) -> str:
    """A whole name for comparing: words in alphabetical order, so `Doe, John` is `John Doe`."""
    return f"nullif(array_to_string(list_sort({_words(expression, TITLES)}), ' '), '')"


def loose_name_key(expression: str) -> str:
    """Like `name_key` without legal forms: `Acme LLC` is `Acme`."""
    return f"nullif(array_to_string(list_sort({name_words(expression)}), ' '), '')"


def legal_form(expression: str) -> str:
    """The legal forms in a firm's name, long ones shortened; NULL without one."""
    short = "CASE t WHEN 'incorporated' THEN 'inc' WHEN 'limited' THEN 'ltd' "
    short += "WHEN 'corporation' THEN 'corp' WHEN 'company' THEN 'co' ELSE t END"
    forms = ", ".join(f"'{w}'" for w in LEGAL_FORMS + _FOREIGN_FORMS)
    found = f"list_filter({_words(expression, ())}, lambda t: t IN ({forms}))"
    shortened = f"list_sort(list_transform({found}, lambda t: {short}))"
    return f"nullif(array_to_string({shortened}, ' '), '')"


def firm_keys(expression: str) -> str:
    """The keys of a firm's name, a list: without its legal form, in the spellings of its letters.

    `Müller & Söhne GmbH` is written `Mueller und Soehne` or `Muller & Sohne` elsewhere, so it has
    two keys, and two names are one firm's when they share one.
    """
    spelled = f"lower({expression})"
    for letter, written in _SPELLED_OUT.items():
        spelled = f"replace({spelled}, '{letter}', '{written}')"
    dropped = TITLES + LEGAL_FORMS + _FOREIGN_FORMS + _JOINTS
    keys = (
        f"nullif(array_to_string(list_sort({_words(way, dropped)}), ' '), '')"
        for way in (f"replace(lower({expression}), 'ß', 'ss')", spelled)
    )
    return f"list_distinct([{', '.join(keys)}])"


def number_key(expression: str) -> str:
    """A document number without prefix, `#`, spaces, leading zeros and Excel's `.0`."""
    shown = f"trim(ltrim(trim(lower({expression})), '#'))"
    whole = f"regexp_replace({shown}, '^([0-9]+)\\.0$', '\\1')"
    bare = f"coalesce(nullif(regexp_replace({whole}, '^[a-z]+[\\s\\-_#.]*', ''), ''), {whole})"
    joined = f"regexp_replace({bare}, '[\\s\\-_]', '', 'g')"
    return f"nullif(regexp_replace({joined}, '^0+([0-9])', '\\1'), '')"


def address_words(expression: str) -> str:
    """The words of a street line, lower case, with common ones abbreviated, as a list."""
    short = "CASE t " + " ".join(f"WHEN '{k}' THEN '{v}'" for k, v in _STREET_WORDS.items())
    return f"list_transform({_words(expression, ())}, lambda t: {short} ELSE t END)"


def address_key(expression: str) -> str:
    """A street line for comparing, with common words abbreviated; NULL without a house number."""
    joined = f"array_to_string({address_words(expression)}, ' ')"
    return f"CASE WHEN regexp_matches({expression}, '[0-9]') THEN nullif({joined}, '') END"
