"""People are told that a run ended, by webhook and e-mail, and nothing of a customer is said."""

import json
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest

from flitstack_pipeline.dagster.notifications import notification_sensors


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def webhook():
    """A port that listens, and what it was sent."""
    heard = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(410 if self.path == "/gone" else 200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Hook)) as port:
        yield f"http://127.0.0.1:{port}", heard


@pytest.fixture
def mailbox():
    """An SMTP server, as much of one as is needed, and the mails it took."""
    mails = []

    class Mail(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail)) as port:
        yield f"smtp://127.0.0.1:{port}", mails


@dg.op
def deals_op():
    raise dg.Failure("Zelda Quimbleton has no phone")


@dg.op
def fine():
    pass


@dg.job(name="06_cutover")
def failing():
    deals_op()


@dg.job(name="01_audit")
def succeeding():
    fine()


def tick(job, instance):
    """The sensors' answers about one run of a job: None where they told it."""
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    failed, succeeded = notification_sensors()
    kind = dg.DagsterEventType.RUN_SUCCESS if result.success else dg.DagsterEventType.RUN_FAILURE
    (event,) = (e for e in result.all_events if e.event_type == kind)
    sensor = succeeded if result.success else failed
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name,
        dagster_event=event,
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    )
    return sensor(context if result.success else context.for_run_failure()), result.run_id


def test_a_failure_and_a_success_are_told_with_where_to_look_and_no_value(
    project, instance, webhook, mailbox, monkeypatch
):
    monkeypatch.setenv("FLITSTACK_NOTIFY_WEBHOOK", webhook[0])
    monkeypatch.setenv("FLITSTACK_NOTIFY_EMAIL", "ann@example.com")
    monkeypatch.setenv("FLITSTACK_SMTP_URL", mailbox[0])
    skipped, run = tick(failing, instance)
    assert skipped is None
    name = project.root.name
    see = f"See http://127.0.0.1:3000/runs/{run}"
    assert webhook[1] == [{"text": f"{name}: 06_cutover failed in deals_op. {see}"}]
    (mail,) = mailbox[1]
    assert "To: ann@example.com" in mail and f"Subject: {name}: 06_cutover failed" in mail
    assert "Quimbleton" not in mail
    skipped, run = tick(succeeding, instance)
    assert skipped is None and webhook[1][1]["text"].startswith(f"{name}: 01_audit succeeded. ")


def test_nobody_is_told_by_default_and_the_sensors_are_off(project, instance, monkeypatch):
    for name in ("FLITSTACK_NOTIFY_WEBHOOK", "FLITSTACK_NOTIFY_EMAIL", "FLITSTACK_SMTP_URL"):
        monkeypatch.delenv(name, raising=False)
    sensors = notification_sensors()
    assert {s.default_status for s in sensors} == {dg.DefaultSensorStatus.STOPPED}
    skipped, _ = tick(succeeding, instance)
    assert "Nobody is named" in skipped.skip_message
    monkeypatch.setenv("FLITSTACK_NOTIFY_WEBHOOK", "http://127.0.0.1:9/secret-path")
    sensors = notification_sensors()
    assert {s.default_status for s in sensors} == {dg.DefaultSensorStatus.RUNNING}


@pytest.mark.parametrize("path", ["/gone", "unreachable"])
def test_a_webhook_that_fails_is_told_without_its_address(
    project, instance, webhook, monkeypatch, path
):
    url = "http://127.0.0.1:9/secret" if path == "unreachable" else f"{webhook[0]}{path}"
    monkeypatch.setenv("FLITSTACK_NOTIFY_WEBHOOK", url)
    with pytest.raises(Exception) as told:
        tick(succeeding, instance)
    text = str(told.value) + str(told.value.__cause__)
    assert "The webhook" in text and "127.0.0.1" not in text
