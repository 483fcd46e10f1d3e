"""The proxy's configuration, served by the real nginx in front of two stand-ins of Dagster."""

import base64
import http.server
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

CONF = Path(__file__).parents[2] / "deploy" / "proxy" / "nginx.conf"
pytestmark = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="no nginx: apt-get install nginx-light"
)


@contextmanager
def stand_in(name):
    """A web server that says who it is, and what it was sent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = f"{name} {self.path} {self.headers.get('Authorization')}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def password_of(name):
    done = subprocess.run(["openssl", "passwd", "-apr1", f"secret of {name}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    return f"{name}:{done.stdout.strip()}\n"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """The address of nginx with our configuration; only ports are others, and it runs as we do."""
    folder = tmp_path_factory.mktemp("proxy")
    secrets = folder / "secrets"
    secrets.mkdir()
    folder.chmod(0o755)
    (secrets / "office").write_text(password_of("ann"))
    (secrets / "onlookers").write_text(password_of("bob"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", secrets / "tls.key",
         "-out", secrets / "tls.crt"], check=True, capture_output=True,
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        text = CONF.read_text()
        office, look = (stack.enter_context(stand_in(n)) for n in ("office", "onlookers"))
        changed = {"listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
                   "127.0.0.1:3000": f"127.0.0.1:{office}", "127.0.0.1:3001": f"127.0.0.1:{look}",
                   "/tmp/nginx.pid": str(folder / "pid")}  # fmt: skip
        for old, new in changed.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        temporary = [f"{kind}_temp_path {folder / kind};" for kind in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]  # fmt: skip
        text = text.replace("access_log off;", "access_log off;\n" + "\n".join(temporary))
        conf = folder / "nginx.conf"
        conf.write_text(f"user root;\n{text}" if Path.home() == Path("/root") else text)
        nginx = subprocess.Popen(
            ["nginx", "-p", folder, "-c", conf, "-e", folder / "errors", "-g", "daemon off;"]
        )
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        for _ in range(100):
            if nginx.poll() is None and not socket.socket().connect_ex(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"https://127.0.0.1:{port}"


def ask(address, who=None, path="/"):
    """(status, body) of a page asked for by a person, who knows their password."""
    request = urllib.request.Request(address + path)
    if who:
        said = base64.b64encode(f"{who}:secret of {who}".encode()).decode()
        request.add_header("Authorization", f"Basic {said}")
    trusting = ssl._create_unverified_context()
    try:
        with urllib.request.urlopen(request, context=trusting, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


@pytest.mark.parametrize("path", ["/", "/graphql", "/look/", "/look/graphql", "/server_info"])
def test_without_a_password_nothing_is_shown(proxy, path):
    assert ask(proxy, None, path) == (401, "")


def test_the_office_reaches_dagster_and_its_password_goes_no_further(proxy):
    assert ask(proxy, "ann", "/graphql") == (200, "office /graphql None")


def test_onlookers_reach_the_read_only_server_and_no_other(proxy):
    assert ask(proxy, "bob", "/look/graphql") == (200, "onlookers /look/graphql None")
    assert ask(proxy, "bob", "/graphql")[0] == 401
    assert ask(proxy, "bob", "/look/../graphql")[0] == 401
    assert ask(proxy, "bob", "/look/%2e%2e/graphql")[0] == 401


def test_the_ports_are_those_of_compose():
    compose = (CONF.parents[1] / "compose.yaml").read_text()
    for port in re.findall(r"proxy_pass\s+http://127.0.0.1:(\d+);", CONF.read_text()):
        assert f'--port, "{port}"' in compose
    assert "--path-prefix, /look" in compose
