"""The outbox, and what people use instead: how each is started, fed and killed, and what it has not ended.

The same work for each: a mail of 2 KB is accepted at its own front, durably, handed to a provider, and ended. The front of
smsp and of the job queues is `POST /outbox`, that of Postfix is SMTP; a job queue has two processes, a front and a worker.
"""

import os
import shutil
import sqlite3
from pathlib import Path

from contenders import PYTHON, ROOT, output, packages, plain_mail
from harness import KEY, Server, Worker, smsp
from load import h2load
from outbox_node import STATES, STORE_KEY
from wire import Client

CODE = Path(__file__).with_name("queues")
# Where scripts/bench installs the packages of npm, and Node, which must be newer than that of Debian.
MODULES = ROOT / "target/check-tools/queues"
NODE = next(MODULES.glob("node_modules/node-linux-*/bin/node"), "node")


class Queue:
    """Programs that take mail at `POST /outbox`: the first one of them listens."""

    def __init__(self, name, fewer=1):
        # So many times fewer mails than smsp, so that all rounds take about as long.
        self.name, self.fewer, self.processes = name, fewer, []

    def accept(self, mails, callers, folder):
        """Has so many mails accepted by so many callers; how many were, and the seconds."""
        mail = folder / "plain.json"
        mail.write_text(plain_mail())
        return h2load(self.processes[0], "-n", mails, "-c", callers, mail=mail, path="/outbox")

    def client(self):
        return HttpClient(self.processes[0].port)

    def kill(self):
        for process in self.processes:
            process.kill()

    def stop(self):
        for process in self.processes:
            process.stop()

    def memory(self):
        """MiB of its own processes."""
        return sum(process.own() for process in self.processes) / 1024

    def name_of_database(self):
        """If it has one in PostgreSQL."""
        return None

    def unknown(self):
        """Mails of which it says that nobody knows whether they were sent."""
        return 0

    async def tells(self, client, mail):
        """Does it say of this mail that nobody knows whether it was sent?"""
        return False

    def rescue(self):
        """Lets the time pass after which it does mail again that a dead worker has. None: it needs no help."""
        return None


class HttpClient(Client):
    """Has a mail accepted; its identifier, or none."""

    def __init__(self, port):
        super().__init__(port, KEY)

    async def post(self, mail):
        status, answer = await self.call("POST", "/outbox", mail)
        return answer["id"] if status == 202 else None


class Outbox(Queue):
    """smsp on one of its stores."""

    def __init__(self, kind, binary, folder, database):
        super().__init__(f"smsp, {kind}")
        self.binary, self.folder, self.database = binary, folder / "smsp", database
        self.folder.mkdir(exist_ok=True)
        self.is_sqlite = kind == "SQLite"
        self.store = f"sqlite:{self.folder}" if self.is_sqlite else database.url.replace("DATABASE", "smsp")

    def start(self, port, _timeout_ms=10_000):
        settings = {"SMSP_STORE": self.store, "SMSP_STORE_KEY": STORE_KEY, "SMSP_OUTBOX": "on"}
        settings |= {"SMSP_OUTBOX_MIN_FREE": "1%", "SMSP_CALLER_OUTBOX_ROWS": "1000000"}
        self.processes = [smsp(self.binary, [f"http://127.0.0.1:{port}"], self.name, **settings)]

    def count(self, states):
        which = ", ".join(str(STATES.index(state)) for state in states)
        if not self.is_sqlite:
            return int(self.database.ask(f"select count(*) from smsp_outbox where state in ({which})", "smsp"))
        connection = sqlite3.connect(f"file:{self.folder}/smsp.db?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(f"select count(*) from envelope where state in ({which})").fetchone()[0]
        finally:
            connection.close()

    def left(self):
        return self.count(["queued", "claimed", "sending"])

    def name_of_database(self):
        return None if self.is_sqlite else "smsp"

    def unknown(self):
        return self.count(["unknown"])

    async def tells(self, client, mail):
        status, answer = await client.call("GET", f"/outbox/{mail}")
        return status == 200 and answer["delivery"] == "unknown"

    def versions(self):
        return [output(self.binary, "--version")]


class JobQueue(Queue):
    """A front and a worker on PostgreSQL, which they find by its variables."""

    def __init__(self, name, database, fewer, command, jobs, needs):
        super().__init__(name, fewer)
        self.database, self.command, self.jobs, self.needs = database, command, jobs, needs

    def start(self, port, timeout_ms=10_000):
        env = {"KEY": KEY, "PROVIDER": f"http://127.0.0.1:{port}", "TIMEOUT_MS": str(timeout_ms), "PATH": os.environ["PATH"]}
        env |= {"PGHOST": str(self.database.folder), "PGUSER": "smsp", "PGDATABASE": self.name_of_database()}
        env |= {"NODE_ENV": "production"}
        front = Server(self.name, None, [*self.command, "front"], env, cwd=MODULES)
        self.processes = [front, Worker(self.name, [*self.command, "worker"], env, cwd=MODULES)]

    def name_of_database(self):
        return self.name.replace("-", "_")

    def left(self):
        return int(self.database.ask(f"select count(*) from {self.jobs}", self.name_of_database()))

    def versions(self):
        return [f"{name} {version}" for name, version in self.needs().items()]


class Graphile(JobQueue):
    """What a dead worker holds is free after four hours, which no setting changes."""

    def rescue(self):
        self.stop()
        sql = """update graphile_worker._private_jobs set locked_at = locked_at - interval '5 hours'
            where locked_at is not null"""
        self.database.ask(sql, self.name_of_database())
        return "4 h"


def modules(*names):
    versions = lambda: [output(NODE, "-p", f"require('{MODULES}/node_modules/{name}/package.json').version") for name in names]
    return lambda: dict(zip(names, versions())) | {"Node": output(NODE, "--version").removeprefix("v")}


def job_queues(database):
    """Beside their packages, which a module in JavaScript cannot name otherwise."""
    for file in CODE.glob("*.mjs"):
        shutil.copy(file, MODULES)
    node_ = lambda name: [str(NODE), f"{name}.mjs"]
    python = [str(PYTHON), str(CODE / "procrastinate_app.py")]
    todo = "procrastinate_jobs where status in ('todo', 'doing') and task_name = 'mail'"
    locked = "graphile_worker._private_jobs"
    return [
        JobQueue("pg-boss", database, 2, node_("pg-boss"), "pgboss.job where state < 'completed'", modules("pg-boss")),
        Graphile("graphile-worker", database, 2, node_("graphile-worker"), locked, modules("graphile-worker")),
        JobQueue("procrastinate", database, 8, python, todo, packages("procrastinate", "psycopg", "aiohttp")),
    ]
