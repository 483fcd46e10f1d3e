"""Who may not come in sees nothing, changes nothing, and leaves no secret in the log."""

import base64
import json
import logging
import time

import pytest
import requests
import typer

from flitstack_pipeline.cli.review import _check_proxy
from flitstack_pipeline.reports.document import Document, Section
from flitstack_pipeline.review import access, runs
from flitstack_pipeline.review.app import Place
from flitstack_pipeline.services import page_store
from flitstack_pipeline.services.project_context import open_journal
from flitstack_pipeline.services.publishing import (
    DUPLICATE_PAIRS,
    MAP,
    RECONCILIATION,
    publish_certificate,
    publish_document,
)
from flitstack_pipeline_tests.review.conftest import SECRET, Visitor, lines_of, publish_all, serving

PAIR = "main/clients/1\tmain/clients/101"
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def stranger(room):
    return Visitor(room, requests.Session())


def come(room, migration, token):
    return Visitor(room, requests.Session()).post(
        "/come", csrf=None, migration=migration, token=token
    )


def decided(room, name="acme"):
    return lines_of(room.project(name).decisions / "duplicates.csv")


@pytest.mark.parametrize("path", ["/", "/m/acme/", "/m/acme/map", "/m/acme/reports/audit.html",
                                  "/m/acme/events", "/m/none/"])  # fmt: skip
def test_without_a_link_nothing_is_shown(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 403
    assert "acme" not in answer.text and "Ann Lee" not in answer.text


def test_a_link_opens_only_by_its_button(room):
    token = room.doors.invite(room.project(), "acme", "Ann", "customer", 14)
    scanner = Visitor(room, requests.Session())
    page = scanner.get(f"/come/acme/{token}")
    assert page.status_code == 200 and not scanner.session.cookies
    assert come(room, "acme", token).status_code == 303


def test_another_migration_is_closed_to_a_visitor_and_to_a_link(room):
    person = room.visitor("acme")
    assert person.get("/m/bolt/").status_code == 403
    assert "Bob Bolt" not in person.get("/m/bolt/duplicates").text
    digest = page_store.row(room.project("bolt"), DUPLICATE_PAIRS, PAIR).digest
    wrong = person.post("/m/bolt/duplicates/pair", csrf=person.token(), key=PAIR, word="merge",
                        seen=digest)  # fmt: skip
    assert wrong.status_code == 403 and decided(room, "bolt") == []
    token = room.doors.invite(room.project("acme"), "acme", "Ann", "customer", 14)
    assert come(room, "bolt", token).status_code == 403


def test_expired_revoked_and_forged_links_open_nothing(room, monkeypatch):
    acme = room.project()
    token = room.doors.invite(acme, "acme", "Ann", "customer", 14)
    later = time.time() + 15 * 86_400
    with monkeypatch.context() as patch:
        patch.setattr(access.time, "time", lambda: later)
        assert come(room, "acme", token).status_code == 403
    assert come(room, "acme", token[:-1] + ("0" if token[-1] != "0" else "1")).status_code == 403
    other = access.Doors(b"another secret of sixteen").invite(acme, "acme", "Eve", "engineer", 14)
    assert come(room, "acme", other).status_code == 403
    person = room.visitor()
    access.revoke(acme, "Ann Lee")
    assert person.get("/m/acme/").status_code == 403  # the visit ends with the invitation
    assert token not in (acme.root / "review" / "invites.json").read_text()


def test_a_cookie_cannot_be_made_or_changed(room):
    person = room.visitor(role="viewer")
    (cookie,) = person.session.cookies
    body, _, signature = cookie.value.strip('"').rpartition(".")
    for forged in (f"{body[:-4]}AAAA.{signature}", f"{body}.{'0' * 40}", "x", ""):
        person.session.cookies.set("flitstack_review", forged)
        assert person.get("/m/acme/").status_code == 403


def test_a_form_needs_the_token_of_its_own_visit(room):
    ann, bob = room.visitor(), room.visitor()
    digest = page_store.row(room.project(), DUPLICATE_PAIRS, PAIR).digest
    for token in (None, "", "0" * 40, bob.token()):
        answer = ann.post(
            "/m/acme/duplicates/pair", csrf=token, key=PAIR, word="merge", seen=digest
        )
        assert answer.status_code in (403, 422)
    assert decided(room) == []


def test_a_form_of_a_visit_that_has_ended_is_worth_nothing(room):
    ann = room.visitor()
    token, cookies = ann.token(), dict(ann.session.cookies)
    assert ann.post("/leave", csrf=token).status_code == 200
    digest = page_store.row(room.project(), DUPLICATE_PAIRS, PAIR).digest
    thief = Visitor(room, requests.Session())
    thief.session.cookies.update(cookies)
    again = thief.post("/m/acme/duplicates/pair", csrf=token, key=PAIR, word="merge", seen=digest)
    assert again.status_code == 403 and decided(room) == []
    assert thief.get("/m/acme/").status_code == 403
    back = room.visitor()  # a new visit of the same person has forms of its own
    again = back.post("/m/acme/duplicates/pair", csrf=token, key=PAIR, word="merge", seen=digest)
    assert again.status_code == 403 and decided(room) == []


def test_what_has_ended_stays_so_when_the_room_begins_again(homes):
    with serving(homes, public=True) as room:
        ann, bob, cleo = room.visitor(), room.visitor(), room.visitor(role="viewer")
        cookies = dict(ann.session.cookies)
        ann.post("/leave", csrf=ann.token())
        ended = room.project().root / "review" / "ended-visits.json"
        session = json.loads(base64.urlsafe_b64decode(cookies["flitstack_review"].strip('"')
                                                      .partition(".")[0]))["s"]  # fmt: skip
        (invite,) = [i for i in access.invites(room.project()) if i.role == "viewer"]
        access.revoke(room.project(), invite.id)
    assert ended.exists() and session not in ended.read_text()
    assert ended.stat().st_mode & 0o077 == 0
    with serving(homes, public=True) as again:
        codes = {}
        for name, known in (("ann", cookies), ("bob", bob.session.cookies),
                            ("cleo", cleo.session.cookies)):  # fmt: skip
            person = Visitor(again, requests.Session())
            person.session.cookies.update(known)
            codes[name] = person.get("/m/acme/").status_code
        assert codes == {"ann": 403, "bob": 200, "cleo": 403}


@pytest.mark.parametrize("odd", ["é" * 40, "\x00", "a.b.c.é", "." * 500, "💥", "%00"])
def test_odd_letters_in_links_tokens_and_cookies_are_wrong_and_break_nothing(room, odd):
    assert come(room, "acme", odd).status_code == 403
    assert come(room, odd, "x").status_code == 403
    person = room.visitor()
    assert person.post("/m/acme/not-yet", csrf=odd, seen="s", note="x").status_code == 403
    sent = {"Cookie": f"flitstack_review=x.{odd}".encode("utf-8", "replace").replace(b"\x00", b"")}
    assert requests.get(room.url + "/m/acme/", headers=sent, timeout=9).status_code == 403


def test_a_forwarded_address_of_nobody_we_trust_does_not_open_the_door_again(room):
    codes = {
        requests.post(f"{room.url}/come", data={"migration": "acme", "token": f"guess-{n}"},
                      headers={"Origin": room.url, "X-Forwarded-For": f"10.0.0.{n}"},
                      timeout=9).status_code
        for n in range(25)
    }  # fmt: skip
    assert codes == {403}
    right = room.doors.invite(room.project(), "acme", "Ann", "customer", 14)
    assert come(room, "acme", right).status_code == 403


def test_a_trusted_proxy_tells_who_comes_and_not_which_address_is_ours(homes, caplog):
    ours = {"Host": "room.example", "Origin": "https://room.example"}
    with serving(homes, True, "https://room.example", "127.0.0.1") as room:

        def come_from(client, token, **more):
            return requests.post(
                f"{room.url}/come", data={"migration": "acme", "token": token}, timeout=9,
                headers={**ours, "X-Forwarded-For": client, "X-Forwarded-Proto": "https", **more},
                allow_redirects=False,
            )  # fmt: skip

        with caplog.at_level(logging.WARNING, "flitstack.review"):
            for n in range(25):  # what a client wrote itself stands before what the proxy adds
                assert come_from(f"10.1.1.{n}, 10.0.0.7", f"guess-{n}").status_code == 403
        told = {r.getMessage() for r in caplog.records}
        assert told == {"refused: a wrong link, from 10.0.0.7"}
        right = room.doors.invite(room.project(), "acme", "Ann", "customer", 14)
        assert come_from("10.0.0.7", right).status_code == 403, "its door is shut"
        answer = come_from("10.0.0.8", right)
        assert answer.status_code == 303 and "; secure" in answer.headers["set-cookie"].lower()
        forwarded = {"X-Forwarded-Host": "room.example"}
        assert come_from("10.0.0.8", right, Host="evil.example", **forwarded).status_code == 421
        evil = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
        assert come_from("10.0.0.8", right, **evil).status_code == 403


@pytest.mark.parametrize("proxy", ["*", "proxy.example", "10.0.0.0/8,*"])
def test_a_proxy_is_named_by_its_address_alone(proxy):
    with pytest.raises(typer.BadParameter, match="is no address of a proxy"):
        _check_proxy(proxy)


def test_a_page_that_breaks_says_so_without_a_trace_or_a_value(room, caplog):
    acme, person = room.project(), room.visitor()
    (acme.root / "journal.sqlite").unlink(missing_ok=True)
    (acme.root / "journal.sqlite").mkdir()
    with caplog.at_level(logging.WARNING):
        answer = person.get("/m/acme/")
    assert answer.status_code == 500 and "is a folder" in answer.text
    assert (
        "Traceback" not in answer.text
        and "default-src 'none'" in answer.headers["content-security-policy"]
    )


@pytest.mark.parametrize(
    ("public", "origin"),
    [("https://room.example", "https://room.example"),
     ("https://Room.example:443/", "https://room.example"),
     ("https://room.example:8443", "https://room.example:8443")],
)  # fmt: skip
def test_the_room_answers_to_its_public_address_as_browsers_write_it(public, origin):
    assert Place(8765, public).origins == {origin}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://127.0.0.1:1"])
def test_a_form_of_a_foreign_page_is_refused(room, origin):
    person = room.visitor()
    digest = page_store.row(room.project(), DUPLICATE_PAIRS, PAIR).digest
    answer = person.post("/m/acme/duplicates/pair", headers={"Origin": origin}, key=PAIR,
                         word="merge", seen=digest)  # fmt: skip
    assert answer.status_code == 403 and decided(room) == []


def test_a_foreign_host_is_not_served(room, local_room):
    for where in (room, local_room):
        answer = requests.get(where.url + "/m/acme/", headers={"Host": "evil.example"}, timeout=9)
        assert answer.status_code == 421 and not answer.cookies


@pytest.mark.parametrize("role", ["viewer", "customer"])
def test_a_role_does_only_what_it_may(room, role):
    person = room.visitor(role=role)
    digest = page_store.row(room.project(), DUPLICATE_PAIRS, PAIR).digest
    answer = person.post("/m/acme/duplicates/pair", key=PAIR, word="merge", seen=digest)
    assert answer.status_code == (403 if role == "viewer" else 303)
    assert person.post("/m/acme/run/go-on").status_code == 403
    assert person.post("/m/acme/rollback/look").status_code == 403
    assert person.post("/m/acme/rollback", seen="x", typed="acme").status_code == 403
    assert not (room.project().root / "review" / "run.json").exists()


def test_script_in_any_text_stays_text(room):
    acme = room.project()
    publish_all(acme, SCRIPT)
    told = [Section(SCRIPT, [{SCRIPT: SCRIPT, "url": "x"}], SCRIPT)]
    paper = Document(SCRIPT, SCRIPT, False, {SCRIPT: SCRIPT}, told, SCRIPT, {SCRIPT: 1})
    publish_document(acme, RECONCILIATION, paper)
    empty = dict.fromkeys(("moved", "totals", "left behind", "merged", "taken apart"), ())
    publish_certificate(acme, {**empty, "to settle": [SCRIPT], "approval": {"by": SCRIPT},
                               "account": SCRIPT, "differences": {SCRIPT: 1}, "open matters": {},
                               "changed by rule": {SCRIPT: 1}, "fingerprints": {},
                               "merged": [{"why": SCRIPT}]})  # fmt: skip
    person = room.visitor()
    for page in ("", "questions", "map?part=Clients", "duplicates", "links", "sample", "conflicts",
                 "trail", "reconciliation", "certificate", f"duplicates?words={SCRIPT}",
                 f"map?problem={SCRIPT}&said={SCRIPT}"):  # fmt: skip
        answer = person.get(f"/m/acme/{page}")
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text and "<img src=x" not in answer.text
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    for page in ("duplicates", "reconciliation", "certificate"):
        assert "&lt;script&gt;alert(1)" in person.get(f"/m/acme/{page}").text


@pytest.mark.parametrize(
    "file",
    ["../map.yaml", "..%2Fmap.yaml", "%2e%2e/decisions/trail.jsonl", "audit.html%00.csv", ".lock",
     "link.html", "nothing.html"],
)  # fmt: skip
def test_only_plain_reports_are_served(room, file):
    acme = room.project()
    (acme.reports / "link.html").symlink_to(acme.map_path)
    person = room.visitor()
    answer = person.get(f"/m/acme/reports/{file}")
    assert answer.status_code == 404 and "Roof" not in answer.text


def test_a_thousand_wrong_links_are_refused_and_not_written_down(room, caplog):
    acme = room.project()
    right = room.doors.invite(acme, "acme", "Ann", "customer", 14)
    guesser = requests.Session()
    with caplog.at_level(logging.WARNING, "flitstack.review"):
        codes = {
            guesser.post(f"{room.url}/come", data={"migration": "acme", "token": f"guess-{n}"},
                         headers={"Origin": room.url}, allow_redirects=False).status_code
            for n in range(1_000)
        }  # fmt: skip
    assert codes == {403}
    told = "\n".join(r.getMessage() for r in caplog.records)
    assert "wrong link, from 127.0.0.1" in told and "guess-" not in told
    assert SECRET.decode() not in told
    assert come(room, "acme", right).status_code == 403  # the door stays shut for this address


def test_at_ones_own_machine_one_is_the_engineer(local_room):
    person = Visitor(local_room, requests.Session())
    assert person.get("/m/acme/map").status_code == 303  # the visit begins
    assert "engineer (engineer)" in person.get("/m/acme/map").text
    assert person.get("/").status_code == 200


def test_the_cookie_is_for_https_only_where_the_room_is():
    from fastapi.responses import Response

    from flitstack_pipeline.review.app import _set_visit

    for url, secure in (("https://room.example", True), ("", False)):
        answer = Response()
        _set_visit(answer, "x", Place(8765, url))
        told = answer.headers["set-cookie"].lower()
        assert "httponly" in told and "samesite=lax" in told and ("; secure" in told) is secure


def test_no_page_shows_a_token_of_highlevel(room, monkeypatch):
    monkeypatch.setenv("HIGHLEVEL_TOKEN", "pit-secret-123")
    monkeypatch.setenv("HIGHLEVEL_LOCATION_ID", "loc-1")
    person = room.visitor(role="engineer")
    for page in ("", "questions", "map", "duplicates", "sample", "conflicts", "rollback", "trail",
                 "reconciliation", "certificate"):  # fmt: skip
        assert "pit-secret-123" not in person.get(f"/m/acme/{page}").text
    assert page_store.section(room.project(), MAP) is not None


def test_a_typed_name_is_a_name_and_never_an_option_of_the_command(room):
    acme = room.project()
    with open_journal(acme) as journal:
        journal.set_setting("sample", {"result": "r1", "problems": [], "records": 1})
    person = room.visitor()
    person.post("/m/acme/approve", seen="r1", typed="--help", note="--note")
    run = runs.last_run(acme)
    assert run.commands == [["approve", "--note=--note", "--", "--help (Ann Lee)"]]
    until = time.monotonic() + 60
    while runs.last_run(acme).running and time.monotonic() < until:
        time.sleep(0.1)
    run = runs.last_run(acme)
    assert run.state == "waits" and "the approval" in run.log and "Usage" not in run.log


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 40, "²"])
def test_a_page_number_that_is_none_is_the_first(room, page):
    assert room.visitor().get(f"/m/acme/map?page={page}").status_code == 200


@pytest.mark.parametrize("name", ["..", "../bolt", "ACME", "acme/..", ".", ""])
def test_a_migration_is_named_by_its_folder_alone(room, name):
    with pytest.raises(KeyError):
        room.homes.project(name)
