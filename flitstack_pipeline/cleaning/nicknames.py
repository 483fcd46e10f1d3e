"""Which given names are forms of one name: Bob, Rob and Robert; as data and as a table.

Belongs here: a table of common English and Spanish short forms, of our own writing. Does not:
what such a likeness weighs (`matching_weights`).
"""

from __future__ import annotations

import duckdb

from flitstack_pipeline.cleaning.values.word_lists import word_groups

#: Full name → its short forms. A short form may belong to several full names (Chris, Alex, Pat).
SHORT_FORMS: dict[str, str] = {
    "abigail": "abby gail", "abraham": "abe", "albert": "al bert bertie", "alejandro": "alex ale",
    "alexander": "alex al xander sasha", "alexandra": "alex sandra lexi", "alfred": "al fred",
    "alison": "ali allie", "amanda": "mandy", "andrea": "andie", "andrew": "andy drew",
    "angela": "angie", "anthony": "tony", "antonio": "tony toni", "arthur": "art artie",
    "barbara": "barb barbie", "benjamin": "ben benny benji", "bernard": "bernie",
    "bradley": "brad", "calvin": "cal", "cameron": "cam", "catherine": "cathy cat kate katie",
    "charles": "charlie chuck chas", "charlotte": "charlie lottie",
    "christina": "chris tina chrissy",
    "christine": "chris tina chrissy", "christopher": "chris topher kit", "clifford": "cliff",
    "cynthia": "cindy", "daniel": "dan danny", "david": "dave davy", "deborah": "deb debbie debby",
    "dennis": "denny", "donald": "don donnie", "dorothy": "dot dottie", "douglas": "doug",
    "edward": "ed eddie ted ned", "eduardo": "eddie edu", "eleanor": "ellie nell nora",
    "elizabeth": "liz beth betty eliza lizzie libby betsy", "emily": "em emmy", "enrique": "quique",
    "eugene": "gene", "evelyn": "evie", "ferdinand": "ferdie", "florence": "flo",
    "frances": "fran", "francis": "frank fran", "francisco": "paco pancho frank",
    "franklin": "frank", "frederick": "fred freddie rick", "gabriel": "gabe", "gabriela": "gaby",
    "gerald": "gerry jerry", "gregory": "greg", "guadalupe": "lupe", "guillermo": "memo",
    "harold": "harry hal", "henry": "hank harry", "herbert": "herb", "howard": "howie",
    "ignacio": "nacho", "isabella": "bella izzy", "jacob": "jake", "jacqueline": "jackie",
    "james": "jim jimmy jamie", "jason": "jay", "jeffrey": "jeff", "jennifer": "jen jenny jenn",
    "jeremy": "jerry", "jerome": "jerry", "jessica": "jess jessie", "jesus": "chuy",
    "joanna": "jo joanie", "john": "johnny jack", "jonathan": "jon jonny", "jose": "pepe joe",
    "joseph": "joe joey", "joshua": "josh", "judith": "judy", "julia": "julie", "katherine":
    "kathy kate katie kat kay", "kathleen": "kathy kate", "kenneth": "ken kenny",
    "kimberly": "kim", "lawrence": "larry", "leonard": "leo len lenny", "leslie": "les",
    "lewis": "lew", "louis": "lou louie", "luis": "lucho", "lucille": "lucy", "madeline": "maddie",
    "manuel": "manny manolo", "margaret": "maggie meg peggy marge margie greta",
    "martha": "marty", "martin": "marty", "matthew": "matt", "maximilian": "max",
    "melissa": "mel missy", "michael": "mike mick mikey", "michelle": "shelly", "mitchell": "mitch",
    "nancy": "nan", "natalie": "nat", "nathan": "nate", "nathaniel": "nate nat",
    "nicholas": "nick nicky", "nicole": "nikki", "norman": "norm", "oliver": "ollie",
    "oscar": "ozzie", "pamela": "pam", "patricia": "pat patty trish tricia", "patrick": "pat paddy",
    "peter": "pete", "philip": "phil", "phillip": "phil", "rafael": "rafa", "raymond": "ray",
    "rebecca": "becky becca", "reginald": "reggie", "ricardo": "rick ricky",
    "richard": "rick dick rich ricky richie", "robert": "bob rob bobby robbie bert",
    "roberto": "beto", "ronald": "ron ronnie", "rosemary": "rose rosie", "russell": "russ",
    "samantha": "sam", "samuel": "sam sammy", "sandra": "sandy", "sarah": "sally",
    "scott": "scotty",
    "sharon": "shari", "sidney": "sid", "sophia": "sophie", "stanley": "stan",
    "stephanie": "steph", "stephen": "steve stevie", "steven": "steve stevie", "stuart": "stu",
    "susan": "sue susie suzy", "sylvester": "sly", "teresa": "terry tess", "terrence": "terry",
    "theodore": "ted theo teddy", "theresa": "terry tess", "thomas": "tom tommy",
    "timothy": "tim timmy", "valerie": "val", "veronica": "ronnie vera", "victor": "vic",
    "victoria": "vicky tori", "vincent": "vince vinny", "virginia": "ginny", "walter": "walt wally",
    "wesley": "wes", "william": "bill will billy willie liam", "zachary": "zach zack",
}  # fmt: skip


def make_name_forms(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `name_forms`: a form (long or short) and the full names it stands for."""

    import pandas as pd

    full: dict[str, list[str]] = {name: [] for name in SHORT_FORMS}
    for name, short in SHORT_FORMS.items():
        for form in short.split():
            full.setdefault(form, []).append(name)
    frame = pd.DataFrame({"form": list(full), "names": [" ".join(n) for n in full.values()]})
    con.register("forms_read", frame.astype("str"))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE name_forms AS SELECT form, "
        "list_filter(string_split(names, ' '), lambda n: n <> '') AS names FROM forms_read"
    )
    con.unregister("forms_read")


def make_given_names(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `given_names`: the given names of the word list (see its head)."""

    import pandas as pd

    listed = sorted(set().union(*word_groups("given_names").values()))
    con.register("names_read", pd.DataFrame({"given": listed}).astype("str"))
    con.execute("CREATE OR REPLACE TEMP TABLE given_names AS SELECT given FROM names_read")
    con.unregister("names_read")
