"""Servers of a bench: process trees that listen, with what the kernel says about them."""

import atexit
import itertools
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

# The kernel lets us have so many files.
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
KEY = "bench-key"
# Interpreters load a lot first, and several may start at the same time.
START = 90
TICK = os.sysconf("SC_CLK_TCK")
ACCEPT = "add_header X-Message-Id bench always; return 202;"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A process tree that listens, with what the kernel says about it. Without a port it chooses one, and says so."""

    def __init__(self, name, port, command, env=None, cwd=None, says=r"http://127\.0\.0\.1:(\d+)"):
        self.name, self.port, self.says = name, port, says
        self.log = tempfile.TemporaryFile("w+")
        start = time.monotonic()
        self.process = subprocess.Popen(command, env=env, cwd=cwd, stdout=self.log, stderr=subprocess.STDOUT)
        # It ends with the bench, also with one that fails.
        atexit.register(self.stop)
        while not self.listens():
            if self.process.poll() is not None or time.monotonic() - start > START:
                sys.exit(f"{name} does not listen:\n{self.output()}")
            time.sleep(0.001)
        self.ready = time.monotonic() - start

    def output(self):
        """What it has written; its own place in the file stays where it is."""
        return os.pread(self.log.fileno(), 1 << 20, 0).decode(errors="replace")

    def listens(self):
        if self.port is None:
            said = re.search(self.says, self.output())
            self.port = said and int(said[1])
        if self.port is None:
            return False
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def pids(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def cpu(self):
        """User and system time so far, in seconds."""
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self.pids()]
        return [sum(int(field[index]) for field in fields) / TICK for index in (11, 12)]

    def memory(self, line="VmRSS"):
        """In KiB, over all of its processes."""
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in self.pids()]
        return sum(int(re.search(rf"{line}:\s+(\d+)", text)[1]) for text in texts)

    def kill(self):
        """At once, and its children with it, which it cannot replace meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        for pid in reversed(self.pids()):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def own(self):
        """In KiB, over all of its processes: pages that they share count once."""
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids()]
        return sum(int(re.search(r"Pss:\s+(\d+)", text)[1]) for text in texts)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Worker(Server):
    """A process tree that does not listen, and says when it works."""

    def __init__(self, name, command, env=None, cwd=None):
        super().__init__(name, None, command, env, cwd)

    def listens(self):
        return "works" in self.output()


def nginx(folder, name, port, location, upstream="", listen="", http="access_log off;"):
    config = folder / f"{name}.conf"
    modules = "load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;" if "echo_" in location else ""
    config.write_text(f"""{modules}
daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.err; worker_processes 1; worker_rlimit_nofile {FILES};
events {{ worker_connections {FILES - 200}; }}
http {{ client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  keepalive_requests 1000000; {http} {upstream}
  server {{ listen 127.0.0.1:{port} backlog=8192 {listen}; location / {{ {location} }} }} }}
""")
    return Server(name, port, ["nginx", "-c", str(config), "-p", str(folder)])


def stub(folder, name="stub", location=ACCEPT, listen="", http="access_log off;"):
    return nginx(folder, name, free_port(), location, listen=listen, http=http)


def counting_stub(folder):
    """A stub, and what tells how many requests it has had."""
    port, asked = free_port(), itertools.count(1)
    status = f"server {{ listen 127.0.0.1:{port}; location / {{ stub_status; }} }}"
    server = stub(folder, http=f"access_log off; {status}")

    def requests():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            # "server accepts handled requests", three numbers; this question is one of them.
            return int(answer.read().split()[9]) - next(asked)

    return server, requests


def smsp(binary, urls, name="smsp", behind=(), **settings):
    """One SendGrid account for each URL, with everything that a node has on: keys, circuits, metrics, a log in JSON. It is
    started behind a program, if there is one."""
    names = [f"u{index}" for index in range(len(urls))]
    env = {
        "SMSP_HOST": "127.0.0.1",
        "SMSP_PORT": "0",
        "SMSP_ADMIN_HOST": "127.0.0.1",
        "SMSP_ADMIN_PORT": "0",
        "SMSP_API_KEY": KEY,
        "SMSP_LOG_OUTPUT_FORMAT": "JSON_ONELINE",
        "SMSP_POLL_MESSAGE_ADDRESS": "probes@example.org",
        "SMSP_PROVIDERS": ",".join(f"{name}=sendgrid" for name in names),
        **{f"SMSP_{name.upper()}_API_KEY": "k" for name in names},
        **{f"SMSP_{name.upper()}_BASE_URL": url for name, url in zip(names, urls)},
        **settings,
    }
    return Server(name, None, [*behind, binary], env, says=r'"listener":"api","address":"127\.0\.0\.1:(\d+)"')


def processor():
    """Its name, and what the name may not tell: virtual machines have many that are called alike."""
    text = Path("/proc/cpuinfo").read_text()
    fields = dict(re.findall(r"^(.+?)\s*: (.*)$", text.split("\n\n")[0], re.MULTILINE))
    known = {name: fields.get(name, "unknown") for name in ("vendor_id", "cpu family", "model", "stepping")}
    details = ", ".join(f"{name} {value}" for name, value in known.items())
    return f"{fields.get('model name', 'a processor without a name')} ({details})"
