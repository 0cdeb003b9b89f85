"""smsp, and what people write instead of it: how each is started, and what it is made of.

Each takes a mail at POST /email with an X-API-KEY and hands it to one of several SendGrid accounts, in their order.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

from harness import KEY, Server, smsp
from load import MAIL

ROOT = Path(__file__).parent.parent
CODE = Path(__file__).with_name("peers")
TOOLS = ROOT / "target/check-tools/bin"
# The interpreter that scripts/check and scripts/bench install the packages for.
PYTHON = TOOLS / "python"


def plain_mail():
    """The mail of the bench as far as every contender takes it: one bare address on each side, no tags, no metadata."""
    mail = json.loads(MAIL.read_text())
    kept = {name: mail[name] for name in ("subject", "text", "html")}
    return json.dumps({"from": "orders@shop.example.com", "to": "ada@example.org", **kept})


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class Peer:
    """A program of benches/peers: its name, its file, what it needs by name, and the command that starts it."""

    def __init__(self, name, file, needs, command):
        self.name, self.file, self.needs, self.command = name, CODE / file, needs, command

    def is_here(self):
        """Its program, and every package that it names."""
        try:
            return shutil.which(self.command[0]) is not None and bool(self.needs())
        except subprocess.CalledProcessError:
            return False

    def start(self, upstreams, timeout_ms=10_000):
        env = {"KEY": KEY, "PORT": "0", "UPSTREAMS": ",".join(upstreams), "TIMEOUT_MS": str(timeout_ms)}
        # One worker, and no compiled modules among the sources.
        env |= {"TOKIO_WORKER_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return Server(self.name, None, self.command, env, cwd=CODE)

    def size(self):
        """Its lines with code, and the packages that it names, beside an interpreter."""
        texts = (line.strip() for line in self.file.read_text().splitlines())
        lines = sum(1 for text in texts if text and not text.startswith(("# ", "//", '"""')))
        return str(lines), str(len(self.needs().keys() - {"Node"}))

    def versions(self):
        return [f"{name} {version}" for name, version in self.needs().items()]


class Smsp:
    """The binary that is measured."""

    name = "smsp"

    def __init__(self, binary):
        self.binary = binary

    def is_here(self):
        return True

    def start(self, upstreams, timeout_ms=10_000):
        settings = {"SMSP_ATTEMPT_TIMEOUT": f"{timeout_ms}ms", "TOKIO_WORKER_THREADS": "1"}
        return smsp(self.binary, upstreams, **settings)

    def size(self):
        """None: it is a program that one installs."""
        return "-", "-"

    def versions(self):
        return [output(self.binary, "--version")]


def crates(*names):
    """Their versions as they are built here; the last one where several have a name."""
    lock = (ROOT / "Cargo.lock").read_text()
    return lambda: {name: re.findall(rf'name = "{name}"\nversion = "(.+)"', lock)[-1] for name in names}


def packages(*names):
    script = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    return lambda: dict(zip(names, output(PYTHON, "-c", script, *names).split(), strict=True))


def node():
    return {"Node": output("node", "--version").removeprefix("v")}


def contenders(binary):
    """smsp first. The peer in Rust is an example, which cargo puts beside the binary."""
    rust = str(Path(binary).resolve().parent / "examples/axum-failsafe")
    bind = ["--host", "127.0.0.1", "--port", "0", "--no-access-log"]
    uvicorn = [str(TOOLS / "uvicorn"), "fastapi_app:app", *bind]
    gunicorn = [str(TOOLS / "gunicorn"), "--bind", "127.0.0.1:0", "--workers", "1", "--threads", "16"]
    gunicorn += ["--keep-alive", "60", "anymail_app:application"]
    of_rust = crates(
        "axum", "failsafe", "hyper", "hyper-util", "tokio", "serde", "serde_json", "http-body-util", "bytes"
    )
    of_fastapi = packages("fastapi", "httpx", "uvicorn", "uvloop", "httptools")
    return [
        Smsp(binary),
        Peer("axum + failsafe", "failsafe.rs", of_rust, [rust]),
        Peer("Node `fetch`", "node.mjs", node, [shutil.which("node") or "node", "node.mjs"]),
        Peer("FastAPI + httpx", "fastapi_app.py", of_fastapi, uvicorn),
        Peer("Django + anymail", "anymail_app.py", packages("django", "django-anymail", "gunicorn"), gunicorn),
    ]
