"""Schemathesis drives every operation of the vault's own document, through all of its phases and with all of its checks: what the
document allows is taken, what it does not is refused, and what is answered is what it says."""

import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest

HERE = Path(__file__).parent
SCOPES = ["okta.inlineHooks.read", "okta.inlineHooks.manage", "hookvault.keys.use"]


@pytest.fixture
def vault(tmp_path):
    """A vault of its own, without a limit of requests, as `dev` makes it: of what is not public it may call this machine alone."""
    folder = tmp_path / "data"
    command = [os.environ["VAULT_BINARY"], "dev", "--data-dir", folder, "--listen", "127.0.0.1:0", "--rate-limit", "off"]
    if url := os.environ.get("VAULT_DATABASE_URL"):
        command += ["--database-url", url.replace("%", "schemathesis")]
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    exported = {}
    for line in server.stdout:
        words = shlex.split(line) if line.startswith("  export ") else []
        exported |= dict(word.split("=", 1) for word in words[1:])
        if line.startswith("Ctrl-C"):
            break
    yield exported["OKTA_CLIENT_ORGURL"], exported["OKTA_CLIENT_TOKEN"], folder
    server.terminate()
    server.wait()


@pytest.fixture
def receiver():
    """What hooks lead to: it answers as a hook and as a token endpoint."""

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"commands": [], "access_token": "a", "token_type": "Bearer", "expires_in": 60}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def assertion(address, folder):
    """An assertion of a service app with all scopes. Without a `jti` it counts until it expires."""
    asked = [word for scope in SCOPES for word in ("--scope", scope)]
    command = [os.environ["VAULT_BINARY"], "app", "create", "--name", "schemathesis", *asked, "--generate", "--data-dir", folder]
    screen = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    exported = dict(word.split("=", 1) for word in shlex.split(screen) if word != "export")
    client, key = exported["OKTA_CLIENT_CLIENTID"], jwt.PyJWK.from_json(exported["OKTA_CLIENT_PRIVATEKEY"])
    claims = {"iss": client, "sub": client, "aud": f"{address}/oauth2/v1/token", "exp": int(time.time()) + 3000}
    return jwt.encode(claims, key, algorithm="RS256")


def test_the_document_and_the_vault_agree(vault, receiver, tmp_path):
    address, token, folder = vault
    answers = tmp_path / "answers"
    environment = os.environ | {
        "VAULT": address,
        "VAULT_TOKEN": token,
        "RECEIVER": receiver,
        "ASSERTION": assertion(address, folder),
        "ANSWERS": str(answers),
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
    }
    program = Path(sys.executable).with_name("st")
    command = [program, "--config-file", HERE / "schemathesis.toml", "run", f"{address}/openapi.json"]
    # It leaves notes in its folder.
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"Selected: (\d+)/\1\n\s+Tested: \1\n", run.stdout), run.stdout

    # None of it says much where everything is refused.
    succeeded, seen = set(), set()
    for line in answers.read_text().splitlines():
        label, status = line.rsplit(" ", 1)
        seen.add(label)
        if status.startswith("2"):
            succeeded.add(label)
    assert succeeded == seen
