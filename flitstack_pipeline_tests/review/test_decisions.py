"""What is decided on the pages ends in the files that the command and Dagster read."""

import csv
import datetime as dt
import json
import re
import sqlite3
import threading
import time

import openpyxl
import pytest

from flitstack_pipeline.answers_file import read_answers
from flitstack_pipeline.cleaning.decisions import DUPLICATES, read_decisions
from flitstack_pipeline.mapping.document import FieldEntry, MapDocument
from flitstack_pipeline.migration.journal.integrity import JournalDamaged
from flitstack_pipeline.reports.document import Document, render
from flitstack_pipeline.review import folding as review_folding
from flitstack_pipeline.review import runs
from flitstack_pipeline.review.render import conflict_digest
from flitstack_pipeline.services import clicks, conflicts, field_map, page_store
from flitstack_pipeline.services.click_files import folding, locked, take_new
from flitstack_pipeline.services.click_folding import refused_clicks
from flitstack_pipeline.services.decision_trail import trail
from flitstack_pipeline.services.field_map import take_clicks
from flitstack_pipeline.services.project_context import accounts, map_document, open_journal
from flitstack_pipeline.services.publishing import (
    DUPLICATE_PAIRS,
    MAP,
    QUESTIONS,
    publish_left_behind,
    publish_map,
    publish_review,
)
from flitstack_pipeline.services.work_lists import Review, write_review
from flitstack_pipeline_tests.review.conftest import pair

ROOF = "Clients\tclients\tcustom:Roof\t\t"
EMAIL = "Clients\tclients\temail\tcontact\temail"
PAIR = "main/clients/1\tmain/clients/101"


@pytest.fixture
def acme(homes):
    return homes.project("acme")


def roof(document: MapDocument):
    return next(e for e in document.fields if e.source == "custom:Roof")


def seen(project, section, key):
    return page_store.row(project, section, key).digest


def test_a_changed_field_is_stored_at_once_and_stands_in_the_map_before_any_step_reads_it(acme):
    answers = {"HighLevel field": "Kind of Roof", "Decision": "confirmed"}
    clicks.decide_map(acme, ROOF, answers, "Ann Lee", seen(acme, MAP, ROOF))
    on_disk = MapDocument.load(acme.map_path)
    assert roof(on_disk).field == "Roof Type"  # not folded in yet
    told = [json.loads(x) for x in (acme.decisions / "map-clicks.jsonl").read_text().splitlines()]
    assert [(x["by"], x["column"], x["value"]) for x in told] == [
        ("Ann Lee", "HighLevel field", "Kind of Roof"), ("Ann Lee", "Decision", "confirmed")
    ]  # fmt: skip
    entry = roof(map_document(acme))
    assert (entry.field, entry.status, entry.decided_by) == ("Kind of Roof", "confirmed", "Ann Lee")
    assert not (acme.decisions / "map-clicks.jsonl").exists()
    assert roof(MapDocument.load(acme.map_path)).field == "Kind of Roof"


def test_an_entry_is_left_out_and_taken_back(acme):
    clicks.decide_map(acme, ROOF, {"Decision": "excluded"}, "Ann", seen(acme, MAP, ROOF))
    assert roof(map_document(acme)).status == "excluded"
    take_clicks(acme)
    clicks.decide_map(acme, ROOF, {"Decision": "proposed"}, "Ann", seen(acme, MAP, ROOF))
    assert roof(map_document(acme)).status == "proposed"


def test_of_two_people_who_decide_at_once_the_second_is_told_and_changes_nothing(acme):
    both_saw = seen(acme, MAP, ROOF)
    outcomes = []

    def decide(name, decision):
        try:
            clicks.decide_map(acme, ROOF, {"Decision": decision}, name, both_saw)
            outcomes.append((name, decision, "stored"))
        except clicks.Changed:
            outcomes.append((name, decision, "told"))

    people = [threading.Thread(target=decide, args=x)
              for x in (("Ann", "confirmed"), ("Bob", "excluded"))]  # fmt: skip
    for person in people:
        person.start()
    for person in people:
        person.join()
    (winner,) = [(name, decision) for name, decision, how in outcomes if how == "stored"]
    entry = roof(map_document(acme))
    assert (entry.decided_by, entry.status) == winner


def test_all_sure_entries_are_confirmed_at_once_and_the_doubtful_one_stays_open(acme):
    shown = page_store.section(acme, MAP).fingerprint
    clicks.confirm_above(acme, 0.95, "Ann Lee", shown)
    document = map_document(acme)
    assert [(e.source, e.status) for e in document.fields] == [
        ("email", "confirmed"), ("custom:Roof", "proposed")
    ]  # fmt: skip
    assert document.values["clients.custom:Roof"].status == "confirmed"
    assert document.confirmations[-1]["name"] == "Ann Lee"


def test_a_bulk_confirmation_holds_only_for_the_map_that_was_shown(acme):
    shown = page_store.section(acme, MAP).fingerprint
    other = MapDocument.load(acme.map_path)
    roof(other).field = "Roof Kind"
    publish_map(acme, other)
    with pytest.raises(clicks.Changed):
        clicks.confirm_above(acme, 0.5, "Ann Lee", shown)
    assert all(e.status == "proposed" for e in map_document(acme).fields)


def test_a_click_the_map_cannot_follow_is_kept_with_the_reason_and_holds_up_no_other(acme):
    clicks.decide_map(acme, ROOF, {"Decision": "confirmed"}, "Ann", seen(acme, MAP, ROOF))
    clicks.decide_map(acme, EMAIL, {"Decision": "confirmed"}, "Ann", seen(acme, MAP, EMAIL))
    document = MapDocument.load(acme.map_path)
    document.fields = [e for e in document.fields if e.source != "email"]
    document.save(acme.map_path)
    assert roof(map_document(acme)).status == "confirmed"
    (refused,) = refused_clicks(acme)
    assert refused["key"] == EMAIL.split("\t", 1)[1] and "no such entry" in refused["why"]


@pytest.mark.parametrize(
    "answers",
    [{"Decision": "maybe"}, {"HighLevel object": "invoice"}, {"Confidence": "1"},
     {"HighLevel field": "  "}],
)  # fmt: skip
def test_what_is_no_choice_is_refused_and_nothing_is_stored(acme, answers):
    with pytest.raises(ValueError):
        clicks.decide_map(acme, ROOF, answers, "Ann", seen(acme, MAP, ROOF))
    assert not (acme.decisions / "map-clicks.jsonl").exists()


def test_a_question_is_answered_and_the_answer_taken_back(acme):
    key = "dates:jobs.start_date"
    clicks.answer_question(acme, key, "Day First", "Ann Lee", seen(acme, QUESTIONS, key))
    assert read_answers(acme.decisions) == {key: "day first"}
    assert page_store.row(acme, QUESTIONS, key).part == "Answered"
    with pytest.raises(ValueError, match="none of month first, day first"):
        clicks.answer_question(acme, key, "year first", "Ann", seen(acme, QUESTIONS, key))
    clicks.answer_question(acme, key, "", "Ann Lee", seen(acme, QUESTIONS, key))
    assert read_answers(acme.decisions) == {}


def test_pairs_are_decided_as_the_work_list_would_have_them_and_undone(acme):
    clicks.decide_pair(acme, PAIR, "merge", "Ann Lee", seen(acme, DUPLICATE_PAIRS, PAIR))
    memory = acme.decisions / "duplicates.csv"
    (row,) = read_decisions(memory, DUPLICATES)
    assert (row["left_key"], row["right_key"], row["decision"], row["left_name"]) == (
        "main/clients/1", "main/clients/101", "merge", "Ann Lee"
    )  # fmt: skip
    clicks.decide_pair(acme, PAIR, "keep apart", "Ann Lee", seen(acme, DUPLICATE_PAIRS, PAIR))
    assert [r["decision"] for r in read_decisions(memory, DUPLICATES)] == ["keep apart"]
    clicks.decide_pair(acme, PAIR, "", "Ann Lee", seen(acme, DUPLICATE_PAIRS, PAIR))
    assert list(csv.DictReader(memory.open(encoding="utf-8-sig"))) == []


def test_the_journal_says_who_decided_what_having_seen_what(acme):
    shown = seen(acme, DUPLICATE_PAIRS, PAIR)
    before = time.time()
    clicks.decide_pair(acme, PAIR, "merge", "Ann Lee", shown)
    (line,) = trail(acme)
    told = {k: line[k] for k in ("decided_by", "kind", "what", "decision", "seen")}
    assert told == {
        "decided_by": "Ann Lee", "kind": "duplicate", "what": "Ann Lee and Lee Ann",
        "decision": {"decision": "merge"}, "seen": shown,
    }  # fmt: skip
    assert before <= line["at"] <= time.time()


def test_where_the_journal_cannot_be_written_nothing_is_decided(acme):
    (acme.root / "journal.sqlite").write_text("no database" * 999)
    with pytest.raises(JournalDamaged):
        clicks.decide_pair(acme, PAIR, "merge", "Ann", seen(acme, DUPLICATE_PAIRS, PAIR))
    assert not (acme.decisions / "duplicates.csv").exists()


def test_a_click_during_a_fold_waits_for_the_next_and_is_shown_meanwhile(acme):
    clicks.decide_map(acme, EMAIL, {"Decision": "confirmed"}, "Ann", seen(acme, MAP, EMAIL))
    with folding(acme):  # as while a long map is read and written
        assert len(take_new(acme)) == 1
        clicks.decide_map(acme, ROOF, {"Decision": "excluded"}, "Bob", seen(acme, MAP, ROOF))
        publish_map(acme, MapDocument.load(acme.map_path))
        shown = page_store.row(acme, MAP, ROOF)
        assert (shown.data["pending"], shown.data["by"]) == ({"Decision": "excluded"}, "Bob")
    document = map_document(acme)  # the fold was killed: what it had taken is folded as well
    email = next(e for e in document.fields if e.source == "email")
    assert (email.status, email.decided_by) == ("confirmed", "Ann")
    assert (roof(document).status, roof(document).decided_by) == ("excluded", "Bob")
    assert not list(acme.decisions.glob("map-clicks*"))


def test_a_long_map_is_folded_in_a_process_of_its_own(room, monkeypatch):
    monkeypatch.setattr(review_folding, "LONG_MAP", 100)
    acme, person = room.project(), room.visitor()
    shown = page_store.section(acme, MAP).fingerprint
    person.post("/m/acme/map/confirm", above="0.95", seen=shown)
    until = time.monotonic() + 60
    while list(acme.decisions.glob("map-clicks*")) and time.monotonic() < until:
        time.sleep(0.1)
    assert [e.status for e in MapDocument.load(acme.map_path).fields] == ["confirmed", "proposed"]


def test_of_two_folds_at_once_none_saves_over_the_other(acme, monkeypatch):
    slow = field_map._follow_decisions

    def decided(
        project, document, *more
    ):  # a click comes, and another fold begins, before all is done
        if not later:
            clicks.decide_map(acme, ROOF, {"Decision": "excluded"}, "Bob", seen(acme, MAP, ROOF))
            later.append(threading.Thread(target=take_clicks, args=[acme]))
            later[0].start()
            time.sleep(0.3)
        return slow(project, document, *more)

    later = []
    monkeypatch.setattr(field_map, "_follow_decisions", decided)
    clicks.decide_map(acme, EMAIL, {"Decision": "confirmed"}, "Ann", seen(acme, MAP, EMAIL))
    take_clicks(acme)
    later[0].join(30)
    assert [e.status for e in MapDocument.load(acme.map_path).fields] == ["confirmed", "excluded"]


def test_ones_own_clicks_do_not_make_the_map_another_one_unless_they_reopen(acme):
    shown = page_store.section(acme, MAP).fingerprint
    clicks.decide_map(acme, ROOF, {"Decision": "excluded"}, "Ann", seen(acme, MAP, ROOF))
    take_clicks(acme)
    assert page_store.section(acme, MAP).fingerprint != shown
    clicks.confirm_above(acme, 0.95, "Ann", shown)
    assert [e.status for e in map_document(acme).fields] == ["confirmed", "excluded"]
    take_clicks(acme)
    shown = page_store.section(acme, MAP).fingerprint
    clicks.decide_map(acme, ROOF, {"Decision": "proposed"}, "Bob", seen(acme, MAP, ROOF))
    take_clicks(acme)
    with pytest.raises(clicks.Changed):
        clicks.confirm_above(acme, 0.5, "Ann", shown)


def test_the_page_of_before_a_fold_holds_while_its_papers_are_still_being_written(
    acme, monkeypatch
):
    shown = page_store.section(acme, MAP).fingerprint
    write = field_map.write_field_map

    def writing(*what):
        clicks.confirm_above(acme, 0.95, "Ann", shown)
        return write(*what)

    clicks.decide_map(acme, ROOF, {"Decision": "excluded"}, "Ann", seen(acme, MAP, ROOF))
    monkeypatch.setattr(field_map, "write_field_map", writing)
    take_clicks(acme)
    monkeypatch.undo()
    take_clicks(acme)
    assert [e.status for e in MapDocument.load(acme.map_path).fields] == ["confirmed", "excluded"]


def test_the_papers_of_pairs_and_links_show_what_was_decided_and_nothing_in_red(acme):
    clicks.decide_pair(acme, PAIR, "merge", "Ann", seen(acme, DUPLICATE_PAIRS, PAIR))
    link = {
        "invoice_key": "main/invoices/9", "job_key": "main/jobs/7", "decision": "",
        "confidence": 0.6, "method": "same amount", "client": "Ann Lee", "number": "INV-9",
        "title": "Roof", "amount": "24883.0000", "date": "2024-03-01", "job_number": "J-7",
        "job_title": "New roof", "job_amount": "24883.0000", "job_date": "2024-02-01",
    }  # fmt: skip
    waiting = {**pair("a", "b"), "how": "", "kept": ""}
    lists = {"duplicates.csv": [waiting], "invoice_links.csv": [link], "work_order_links.csv": []}
    write_review(acme, Review(lists))
    pages = [(acme.reports / f"{name}.html").read_text() for name in ("duplicates", "links")]
    pairs, links = (" ".join(re.sub(r"<[^>]+>", " ", page).split()) for page in pages)
    assert all('class="verdict waits"' in page for page in pages)
    assert "Pairs that wait for you: 1; decided: 1; merged without you: 0." in pairs
    assert "one other decision Ann Lee Lee Ann merge" in pairs
    assert "INV-9 Roof Ann Lee 24,883.00 2024-03-01 J-7 New roof 24,883.00" in links
    assert "main/invoices" not in links and "24,883.0000" not in links
    assert 'class="verdict bad"' in render(Document("t", "v", False))


def test_the_workbook_accepts_all_sure_entries_by_one_word(acme):
    path = field_map.write_map_workbook(acme)
    book = openpyxl.load_workbook(path)
    book["Start here"]["B3"], book["Start here"]["B4"] = "Dana", "Yes"
    book.save(path)
    report = field_map.import_answers(acme, path)
    assert (report.rows, report.facts["sure ones accepted"]) == (2, 2)
    document = MapDocument.load(acme.map_path)
    assert [(e.status, e.decided_by) for e in document.fields] == [
        ("confirmed", "Dana"), ("proposed", "")
    ]  # fmt: skip
    assert document.values["clients.custom:Roof"].status == "confirmed"  # 97 % sure


def test_every_document_counts_the_same_entries_as_open(acme):
    document = MapDocument.load(acme.map_path)
    document.fields.append(
        FieldEntry(dataset="clients", source="notes", target="contact", field="Contractor_Notes__c",
                   required=False)
    )  # fmt: skip
    document.values["clients.custom:Roof"].map["thatch"] = ""  # two fields, its words, and a gap
    document.save(acme.map_path)
    field_map._write_documents(acme, document)
    page = (acme.reports / "field-map.html").read_text()
    start = openpyxl.load_workbook(acme.reports / "field-map.xlsx")["Start here"]
    assert "4 entries are open" in re.sub(r"<[^>]+>", "", page)
    assert "4 entries are open" in [cell.value for cell in start["B"]]
    assert page_store.section(acme, MAP).facts["open"] == 4
    assert "# clients: 3 entries, 2 open" in acme.map_path.read_text()


def test_a_decision_that_waits_for_another_holds_up_no_page(room):
    acme, person, other = room.project(), room.visitor(), room.visitor()
    sent = {"csrf": person.token(), "key": PAIR, "word": "merge",
            "seen": seen(acme, DUPLICATE_PAIRS, PAIR)}  # fmt: skip
    answers = []
    with locked(acme):
        waits = threading.Thread(
            target=lambda: answers.append(person.post("/m/acme/duplicates/pair", **sent))
        )
        waits.start()
        time.sleep(0.3)
        assert other.get("/m/acme/map", timeout=20).status_code == 200
        assert answers == []
    waits.join(30)
    assert [a.status_code for a in answers] == [303]
    assert page_store.row(acme, DUPLICATE_PAIRS, PAIR).data["decision"] == "merge"


def test_pages_do_not_read_the_map(room):
    acme, person = room.project(), room.visitor()
    acme.map_path.write_text("no map: [")
    for page in ("", "map", "duplicates", "sample", "conflicts", "rollback", "events"):
        assert person.get(f"/m/acme/{page}").status_code == 200, page


def test_the_second_of_two_people_is_told_what_the_first_decided(acme):
    both_saw = seen(acme, MAP, ROOF)
    clicks.decide_map(acme, ROOF, {"HighLevel field": "Tiles"}, "Bob", both_saw)
    with pytest.raises(clicks.Changed, match="Bob decided it since you opened the page: Tiles"):
        clicks.decide_map(acme, ROOF, {"Decision": "excluded"}, "Ann", both_saw)
    assert [line["decided_by"] for line in trail(acme)] == ["Bob"]


def test_what_waits_is_counted_down_with_each_decision_and_up_when_it_is_taken_back(acme):
    def waiting():
        return page_store.section(acme, DUPLICATE_PAIRS).facts["open"]

    clicks.decide_pair(acme, PAIR, "merge", "Ann", seen(acme, DUPLICATE_PAIRS, PAIR))
    clicks.decide_pair(acme, PAIR, "keep apart", "Ann", seen(acme, DUPLICATE_PAIRS, PAIR))
    assert waiting() == 2
    clicks.decide_pair(acme, PAIR, "", "Ann", seen(acme, DUPLICATE_PAIRS, PAIR))
    assert waiting() == 3


def test_a_decided_pair_can_be_taken_back_after_the_next_reading_lists_it_no_more(acme):
    clicks.decide_pair(acme, PAIR, "merge", "Ann", seen(acme, DUPLICATE_PAIRS, PAIR))
    lists = {"duplicates.csv": [], "invoice_links.csv": [], "work_order_links.csv": []}
    publish_review(acme, lists, "merged unless you keep them apart")
    (row,), count = page_store.rows(acme, DUPLICATE_PAIRS)
    assert (row.part, row.data["decision"], row.data["left_name"]) == (
        "Decided",
        "merge",
        "Ann Lee",
    )
    assert (count, page_store.section(acme, DUPLICATE_PAIRS).facts["open"]) == (1, 0)
    clicks.decide_pair(acme, PAIR, "", "Ann", row.digest)
    assert read_decisions(acme.decisions / "duplicates.csv", DUPLICATES) == []


def test_the_stages_are_put_into_another_order(room):
    acme, person = room.project(), room.visitor()
    key = "Choices\tpipeline"
    stages = map_document(acme).pipeline
    numbers = [2, 1, *range(3, len(stages) + 1)]
    page = person.get("/m/acme/map?part=Stages").text
    assert page.count('name="place"') == len(stages) == 6
    form = {"place": numbers, "stage": stages, "key": key, "seen": seen(acme, MAP, key)}
    assert "problem" not in person.post("/m/acme/map/order", **form).headers["location"]
    assert map_document(acme).pipeline == [stages[1], stages[0], *stages[2:]]
    form |= {"stage": [*stages[:-1], "Elsewhere"], "seen": seen(acme, MAP, key)}
    person.post("/m/acme/map/order", **form)
    assert map_document(acme).pipeline == [stages[1], stages[0], *stages[2:]]
    (refused,) = refused_clicks(acme)
    assert "name each stage once" in refused["why"]


def test_not_yet_reaches_the_engineer_until_another_sample_is_shown(room):
    acme, ann = room.project(), room.visitor()
    with open_journal(acme) as journal:
        journal.set_setting("sample", {"result": "r1", "problems": [], "records": 1, "map": "m",
                                       "schema": "s", "verdicts": {}})  # fmt: skip
    page_store.publish(acme, QUESTIONS, [], {"open": 0})
    page_store.publish(acme, MAP, [], {"open": 0, "doubtful": 0, "fields": {}})
    ann.post("/m/acme/not-yet", seen="r1", note="The phones are wrong")
    told = room.visitor(role="engineer").get("/m/acme/").text
    assert "The office does not approve yet: “The phones are wrong" in told
    assert "Ann Lee wrote it under the sample" in told
    later = time.time() + 60
    with sqlite3.connect(page_store.pages_path(acme)) as con:
        moment = dt.datetime.fromtimestamp(later, dt.UTC).isoformat()
        con.execute("INSERT INTO sections VALUES ('sample', ?, '', '{}')", [moment])
    con.close()
    assert "not approve yet" not in ann.get("/m/acme/").text


def test_what_stays_behind_is_acknowledged_only_as_it_was_shown(room):
    acme, ann = room.project(), room.visitor()
    row = {"place": "jobs.csv:4", "what": "J-4", "why": "no amount", "acknowledged by": ""}
    publish_left_behind(acme, [row])
    assert "jobs.csv:4" in ann.get("/m/acme/").text
    old = page_store.section(acme, "left behind").fingerprint
    publish_left_behind(acme, [row, {**row, "place": "jobs.csv:5"}])
    answer = ann.post("/m/acme/acknowledge", seen=old)
    assert "Nothing+was+stored" in answer.headers["location"]
    assert trail(acme) == [] and runs.last_run(acme) is None


def test_a_click_over_http_reaches_the_map(room):
    person = room.visitor()
    acme = room.project()
    form = {"HighLevel field": "Roof Kind", "HighLevel object": "contact", "do": "confirm"}
    answer = person.post("/m/acme/map", key=ROOF, seen=seen(acme, MAP, ROOF), **form)
    assert answer.status_code == 303 and "problem" not in answer.headers["location"]
    entry = roof(map_document(acme))
    assert (entry.field, entry.status, entry.decided_by) == ("Roof Kind", "confirmed", "Ann Lee")


def test_a_page_that_is_out_of_date_changes_nothing_and_says_so(room):
    person, acme = room.visitor(), room.project()
    old = seen(acme, DUPLICATE_PAIRS, PAIR)
    assert person.post("/m/acme/duplicates/pair", key=PAIR, word="merge", seen=old).ok
    again = person.post("/m/acme/duplicates/pair", key=PAIR, word="keep apart", seen=old)
    assert "Ann+Lee+decided+it+since+you+opened+the+page" in again.headers["location"]
    assert [
        r["decision"] for r in read_decisions(acme.decisions / "duplicates.csv", DUPLICATES)
    ] == ["merge"]


def test_conflicts_of_one_kind_are_decided_at_once_and_no_other(room):
    acme, ann = room.project(), room.visitor()
    place = accounts(acme)[0].location_id
    keys = [("contact:c/1", "phone"), ("contact:c/2", "phone"), ("contact:c/3", "city")]
    with open_journal(acme) as journal:
        for key, field in keys:
            journal.put_conflict({
                "location": place, "run_id": "r", "object_key": "clients", "record_key": key,
                "field": field, "wanted": "A", "found": "B", "last_written": "C",
                "reason": "edited", "message": f"Client {key[-1]}: left as it is",
            })  # fmt: skip
        journal.flush()
    page = ann.get("/m/acme/conflicts").text
    assert page.count("and all 2 of this kind") == 2
    shown = conflict_digest(conflicts.conflict_rows(acme)[0])
    ann.post("/m/acme/conflicts", key="contact:c/1", field="phone", seen=shown, word="theirs",
             alike="yes")  # fmt: skip
    decided = {(r["record_key"], r["decision"]) for r in conflicts.conflict_rows(acme)}
    assert decided == {("contact:c/1", "theirs"), ("contact:c/2", "theirs"), ("contact:c/3", "")}
    assert trail(acme)[0]["what"] == "Client 1: phone and all 2 alike"
    stale = ann.post("/m/acme/conflicts/apply", seen="what another page showed")
    assert "others+since" in stale.headers["location"] and runs.last_run(acme) is None
