"""A Postfix of a bench, on ports and folders of its own: it takes mail over SMTP and hands it on to a relay over SMTP."""

import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

from contenders import output
from harness import Server, free_port
from queues import Queue
from smtp import SmtpClient

MASTER = "/usr/lib/postfix/sbin/master"
SERVICES = Path("/usr/share/postfix/master.cf.dist")
# Of a provider that does not answer; and how soon Postfix tries again what it has deferred, which is 5 min otherwise.
SETTINGS = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = shop.example.com
mydestination =
mynetworks = 127.0.0.0/8
smtp_data_done_timeout = {seconds}s
queue_run_delay = 5s
minimal_backoff_time = 5s
maximal_backoff_time = 20s
"""


QUEUES = ("maildrop", "incoming", "active", "deferred")


def is_whole(file):
    """A mail that Postfix has accepted: until then nobody may execute its file. It may have gone meanwhile."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and bool(found.st_mode & stat.S_IXUSR)


class Postfix(Queue):
    def __init__(self, folder):
        super().__init__("Postfix", 2)
        self.folder = folder / "postfix"

    def start(self, port, timeout_ms=10_000):
        here = self.folder / "etc"
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        shutil.chown(self.folder / "data", "postfix")
        settings = SETTINGS.format(folder=self.folder, seconds=timeout_ms // 1000)
        (here / "main.cf").write_text(settings + self.route(port))
        listens = free_port()
        # Not in a root of its own, which would lack the files of the resolver.
        services = re.sub(r"(?m)^(\w+\s+\w+\s+\S+\s+\S+\s+)y", r"\1n", SERVICES.read_text())
        (here / "master.cf").write_text(re.sub(r"(?m)^smtp(\s+inet)", rf"127.0.0.1:{listens}\1", services))
        # Which makes its folders.
        subprocess.run(["postfix", "-c", str(here), "check"], check=True)
        self.processes = [Server(self.name, listens, [MASTER, "-c", str(here), "-s"])]

    def route(self, port):
        """Where mail goes."""
        return f"relayhost = [127.0.0.1]:{port}\n"

    def accept(self, mails, callers, _folder, to="ada@example.org"):
        command = ["smtp-source", "-d", "-N", "-s", callers, "-m", mails, "-l", "1900"]
        command += ["-f", "orders@shop.example.com", "-t", to, f"127.0.0.1:{self.processes[0].port}"]
        start = time.monotonic()
        subprocess.run([*map(str, command)], check=True)
        return mails, time.monotonic() - start

    def client(self):
        return SmtpClient(self.processes[0].port)

    def left(self):
        return sum(sum(map(is_whole, (self.folder / "queue" / name).rglob("*"))) for name in QUEUES)

    def versions(self):
        return [f"Postfix {output('postconf', '-dh', 'mail_version')}"]


def sink(name="smtp-sink"):
    """A relay that takes everything at once."""
    port = free_port()
    return Server(name, port, ["smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "1000"])
