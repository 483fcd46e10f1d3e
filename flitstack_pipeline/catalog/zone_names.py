"""Names of time zones: abbreviations, and the names that browsers, macOS and Windows write out.

Belongs here: which zone a name means; what may mean several zones (IST, BST of Bangladesh, Central
Standard Time of Australia) stands for the one that such a name means in an export, or is not among
them. Does not: finding a name in a time of day (`cleaning.values.clocks`) or in a header
(`catalog.headers`).
"""

from __future__ import annotations

#: Hours from UTC of abbreviations.
OFFSETS = {
    "Z": 0, "UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "HDT": -9, "AST": -4, "ADT": -3,
    "NST": -3.5, "NDT": -2.5, "BST": 1, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "MEZ": 1,
    "MESZ": 2, "EET": 2, "EEST": 3, "SAST": 2, "HKT": 8, "SGT": 8, "AWST": 8, "JST": 9, "KST": 9,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13,
}  # fmt: skip
#: Names of zones whose hours change with the season.
PLACES = {
    "ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}  # fmt: skip
#: Names written out, without `time` at their end: an abbreviation, an offset or a place.
LONG_NAMES = {
    "eastern standard": "EST", "eastern daylight": "EDT", "central standard": "CST",
    "central daylight": "CDT", "mountain standard": "MST", "mountain daylight": "MDT",
    "us mountain standard": "MST", "pacific standard": "PST", "pacific daylight": "PDT",
    "alaska standard": "AKST", "alaskan standard": "AKST", "alaska daylight": "AKDT",
    "hawaii-aleutian standard": "HST", "hawaii standard": "HST", "hawaiian standard": "HST",
    "atlantic standard": "AST", "atlantic daylight": "ADT", "newfoundland standard": "NST",
    "newfoundland daylight": "NDT", "coordinated universal": "UTC", "greenwich mean": "GMT",
    "british summer": "BST", "irish standard": "+01:00", "western european standard": "WET",
    "western european summer": "WEST", "central european standard": "CET",
    "central european summer": "CEST", "eastern european standard": "EET",
    "eastern european summer": "EEST", "moscow standard": "+03:00", "israel standard": "+02:00",
    "israel daylight": "+03:00", "south africa standard": "SAST", "east africa": "+03:00",
    "west africa standard": "+01:00", "gulf standard": "+04:00", "arabian standard": "+03:00",
    "pakistan standard": "+05:00", "india standard": "+05:30", "indochina": "+07:00",
    "china standard": "+08:00", "hong kong standard": "HKT", "singapore standard": "SGT",
    "philippine standard": "+08:00", "japan standard": "JST", "korean standard": "KST",
    "australian western standard": "AWST", "australian central standard": "ACST",
    "australian central daylight": "ACDT", "australian eastern standard": "AEST",
    "australian eastern daylight": "AEDT", "new zealand standard": "NZST",
    "new zealand daylight": "NZDT", "brasilia standard": "-03:00", "argentina standard": "-03:00",
    "colombia standard": "-05:00", "peru standard": "-05:00",
    "eastern": "ET", "central": "CT", "mountain": "MT", "pacific": "PT",
    "western european": "Europe/Lisbon", "central european": "Europe/Paris",
    "eastern european": "Europe/Athens",
}  # fmt: skip
