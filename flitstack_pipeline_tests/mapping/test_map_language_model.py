"""A language model may help, and may fail or lie: a run is never broken or silently worsened."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flitstack_pipeline.errors import BadInput
from flitstack_pipeline.mapping.language_model import SecondOpinion, mask
from flitstack_pipeline.mapping.matcher import Header, match_headers
from flitstack_pipeline.services.llm_client import ChatEndpoint, ModelSettings, second_opinion

COLUMNS = [Header("Zip"), Header("Blarg", samples=("Secret 42", "Hush 7"))]
FIELDS = [Header("Postal Code"), Header("Gate keeper"), Header("Attic size")]


class Model:
    """A chat endpoint that answers whatever a test wants."""

    def __init__(self):
        self.answer, self.status, self.wait, self.seen, self.keys = "", 200, 0.0, [], []
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                model.seen.append(body)
                model.keys.append(self.headers.get("Authorization"))
                time.sleep(model.wait)
                text = model.answer
                if not isinstance(text, bytes):
                    text = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
                self.send_response(model.status)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def model(monkeypatch):
    found = Model()
    monkeypatch.setenv("FLITSTACK_LLM_URL", found.url)
    monkeypatch.setenv("FLITSTACK_LLM_MODEL", "small-one")
    monkeypatch.setenv("FLITSTACK_LLM_KEY", "sk-secret")
    monkeypatch.setenv("FLITSTACK_LLM_TIMEOUT", "0.5")
    yield found
    found.server.shutdown()
    found.server.server_close()


def ask(model, answer):
    model.answer = answer
    opinion = second_opinion()
    plain = match_headers(COLUMNS, FIELDS)
    return opinion, plain, opinion("contact", COLUMNS, FIELDS, plain)


def proposals(*answers):
    return json.dumps({"proposals": list(answers)})


def test_a_setting_of_the_wrong_kind_is_bad_input_and_shows_no_secret(model, monkeypatch):
    monkeypatch.setenv("FLITSTACK_LLM_TIMEOUT", "soon")
    with pytest.raises(BadInput, match="timeout: ") as error:
        second_opinion()
    assert "sk-secret" not in str(error.value)


def test_it_is_off_unless_an_address_and_a_model_are_named(monkeypatch):
    for name in ("URL", "MODEL", "KEY"):
        monkeypatch.delenv(f"FLITSTACK_LLM_{name}", raising=False)
    assert second_opinion() is None
    monkeypatch.setenv("FLITSTACK_LLM_URL", "http://127.0.0.1:9")
    assert second_opinion() is None


def test_an_honest_answer_helps_where_the_engine_is_unsure_and_says_where_it_is_from(model):
    answer = {"column": "Blarg", "target": "Gate keeper", "confidence": 0.99, "reason": "a guard"}
    opinion, plain, found = ask(model, f"```json\n{proposals(answer)}\n```")
    assert plain[1].assigned is None and found[1].assigned == "Gate keeper"
    first = found[1].candidates[0]
    assert first.confidence <= 0.7 and "small-one; a guard" in first.evidence
    assert found[0] == plain[0]
    assert opinion.summary == "small-one: asked about 1 columns, 1 answers used, 0 not"
    assert model.keys == ["Bearer sk-secret"]


def test_it_is_sent_headers_types_and_shapes_and_never_a_value(model):
    ask(model, proposals())
    assert "Blarg" in model.seen[0] and "Aaaaaa 99" in model.seen[0]
    assert "Secret" not in model.seen[0] and "Hush" not in model.seen[0]


def test_values_are_sent_when_the_person_allows_it(model, monkeypatch):
    monkeypatch.setenv("FLITSTACK_LLM_SEND_VALUES", "yes")
    ask(model, proposals())
    assert "Secret 42" in model.seen[0]


@pytest.mark.parametrize(
    "lie",
    [
        {"column": "Blarg", "target": "No such field"},
        {"column": "Blarg", "target": "Postal Code"},
        {"column": "Zip", "target": "Attic size"},
        {"column": "Unheard of", "target": "Attic size"},
        {"column": "Blarg", "target": "Attic size", "confidence": 7},
        {"column": "", "target": "Attic size"},
        {"column": "Blarg", "target": ["Attic size"]},
        {"column": "Blarg", "target": None},
        "Blarg is Attic size",
        None,
    ],
)
def test_a_lie_changes_nothing_and_is_written_down(model, lie):
    opinion, plain, found = ask(model, proposals(lie))
    assert found == plain
    assert len(opinion.log) == 1 and opinion.log[0]["verdict"] not in ("", "used")


@pytest.mark.parametrize(
    "junk", ["I would say yes.", "[1, 2", '"x"', '{"proposals": 3}', b"\xff\xfe<html>", b"{}", b""]
)
def test_junk_changes_nothing_and_is_written_down(model, junk):
    opinion, plain, found = ask(model, junk)
    assert found == plain
    assert "no answer" in opinion.log[0]["verdict"] and "sk-secret" not in str(opinion.log)


def test_two_columns_are_not_given_one_field(model):
    columns = [Header("Blarg"), Header("Florp")]
    plain = match_headers(columns, FIELDS)
    model.answer = proposals(
        {"column": "Blarg", "target": "Attic size"}, {"column": "Florp", "target": "Attic size"}
    )
    found = second_opinion()("contact", columns, FIELDS, plain)
    assert [m.assigned for m in found] == ["Attic size", None]


@pytest.mark.parametrize(("status", "wait"), [(500, 0.0), (401, 0.0), (200, 2.0)])
def test_a_failing_or_silent_endpoint_changes_nothing_and_is_written_down(model, status, wait):
    model.status, model.wait = status, wait
    opinion, plain, found = ask(model, proposals({"column": "Blarg", "target": "Attic size"}))
    assert found == plain and "no answer" in opinion.log[0]["verdict"]


def test_an_endpoint_that_is_not_there_changes_nothing():
    settings = ModelSettings(url="http://127.0.0.1:9/v1", model="gone", timeout=0.5)
    opinion = SecondOpinion(ChatEndpoint(settings), "gone")
    plain = match_headers(COLUMNS, FIELDS)
    assert opinion("contact", COLUMNS, FIELDS, plain) == plain
    assert "no answer" in opinion.log[0]["verdict"]


def test_a_mask_shows_the_shape_alone():
    assert mask("Ann Lee, 32801-12") == "Aaa Aaa, 99999-99"
    assert mask("Ünï 7") == "Aaa 9"
