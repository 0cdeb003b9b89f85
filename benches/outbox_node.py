"""A node with an outbox, its callers, and what its store says of their mail."""

import asyncio
import json
import re
import signal
import sqlite3
import sys
import time
from datetime import datetime
from pathlib import Path

from harness import KEY, smsp
from wire import Client

STORE_KEY = "a:" + "1" * 64
STATES = ["queued", "claimed", "sending", "unknown", "parked", "accepted", "refused", "expired", "cancelled"]
ADMIN = r'"listener":"admin","address":"127\.0\.0\.1:(\d+)"'


class Node:
    """A node with an outbox, which can be stopped and started anew."""

    def __init__(self, options, store, urls, **settings):
        # When it was started, and each process that it has been.
        self.options, self.urls, self.starts, self.servers = options, urls, [], []
        self.settings = {
            "SMSP_STORE": store,
            "SMSP_STORE_KEY": STORE_KEY,
            "SMSP_OUTBOX": "on",
            "SMSP_OUTBOX_MIN_FREE": "1%",
            "SMSP_CALLER_OUTBOX_ROWS": "1000000",
            "SMSP_CALLER_OUTBOX_BYTES": "10GiB",
            **settings,
        }
        self.start()

    def start(self):
        self.starts.append(time.time())
        self.server = smsp(self.options.binary, self.urls, **self.settings)
        self.servers.append(self.server)
        self.client = Client(self.server.port, KEY)
        while not (said := re.search(ADMIN, self.server.output())):
            time.sleep(0.001)
        self.admin = Client(int(said[1]), KEY)

    async def stop(self):
        """As an orchestrator does; how long it took."""
        start, process = time.monotonic(), self.server.process
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            await asyncio.sleep(0.02)
        if process.returncode != 0:
            sys.exit(f"the node ended with {process.returncode}:\n{self.server.output()}")
        return time.monotonic() - start

    def kill(self):
        self.server.process.kill()
        self.server.process.wait()

    def changes(self, upstream):
        """Of the circuit of this upstream: when, and to what, by the logs of all of its processes."""
        texts = [Path(f"/proc/self/fd/{server.log.fileno()}").read_text() for server in self.servers]
        lines = [line for text in texts for line in text.splitlines() if '"circuit ' in line and '"to":' in line]
        time_of = lambda line: datetime.fromisoformat(line["timestamp"]).timestamp()
        return [(time_of(line), line["to"]) for line in map(json.loads, lines) if line["upstream"] == upstream]


def mail(number, domain="shop.example.com"):
    text = "A line about what is in the parcel. " * 50
    return {"from": f"orders@{domain}", "to": "ada@example.org", "subject": str(number), "text": text}


class Load:
    """Mails at a rate, each under a key of its own; a call without a clear answer is made again, at the next node."""

    def __init__(self, nodes, rate, path="/outbox", keyed=True, domain="shop.example.com", first=0):
        self.nodes, self.rate, self.path, self.keyed, self.domain = nodes, rate, path, keyed, domain
        self.accepted, self.failed, self.next, self.latencies = {}, [], first, []
        self.calls, self.is_on = set(), True
        self.task = asyncio.create_task(self.run())

    async def run(self):
        start, count = time.monotonic(), 0
        while self.is_on:
            call = asyncio.create_task(self.post(self.next))
            self.calls.add(call)
            call.add_done_callback(self.calls.discard)
            self.next, count = self.next + 1, count + 1
            await asyncio.sleep(max(0, start + count / self.rate - time.monotonic()))

    async def post(self, number):
        headers = f"idempotency-key: key-{number}\r\n" if self.keyed else ""
        begun, answers = time.monotonic(), []
        for attempt in range(600 if self.keyed else 1):
            node = self.nodes[(number + attempt) % len(self.nodes)]
            try:
                status, body = await node.client.call("POST", self.path, mail(number, self.domain), headers)
            except OSError as error:
                status, body = 0, str(error)
            if status in (200, 202):
                self.latencies.append((begun, time.monotonic() - begun))
                self.accepted[str(number)] = body["id"]
                return
            answers.append((status, body))
            await asyncio.sleep(0.1)
        self.failed.append((number, answers[-1]))

    async def stop(self):
        self.is_on = False
        await self.task
        await asyncio.gather(*self.calls)


async def fill(node, rows, domain):
    """So many mails of this domain, by batches of a hundred over eight connections."""
    batches = iter(range(0, rows, 100))

    async def post():
        for first in batches:
            body = [mail(f"{domain} {number}", domain) for number in range(first, min(first + 100, rows))]
            status, answer = await node.client.call("POST", "/outbox/batch", {"messages": body})
            if status != 202 or any("problem" in one for one in answer["results"]):
                sys.exit(f"a batch was not accepted: {status} {answer}")

    start = time.monotonic()
    await asyncio.gather(*(post() for _ in range(8)))
    if rows > 1:
        rate = rows / (time.monotonic() - start)
        print(f"  {rows} mails accepted by batches of 100: {rate:.0f} in a second", flush=True)


async def until(what, holds, seconds=1200):
    start = time.monotonic()
    while not (said := holds()) is True:
        if time.monotonic() - start > seconds:
            sys.exit(f"{what}: not within {seconds} s, but {said}")
        await asyncio.sleep(0.2)


async def circuits(node):
    return (await node.admin.call("GET", "/circuits"))[1]["circuits"]


def sqlite(folder):
    database = sqlite3.connect(f"file:{folder}/smsp.db?mode=ro", uri=True, timeout=30)
    ask = lambda sql: database.execute(sql).fetchall()
    return ask


def states(ask, table="envelope"):
    return {STATES[int(state)]: int(count) for state, count in ask(f"select state, count(*) from {table} group by 1")}
