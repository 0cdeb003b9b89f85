"""A backlog of the outbox that is drained beside calls of `POST /email`: rate, memory, and what those calls take."""

import asyncio
import re
import time

from harness import stub
from outbox_node import Load, Node, fill
from postgres import BINARIES, Postgres

# Calls of `POST /email` in a second, and the seconds of them before the drain.
RATE, ALONE = 50, 15


async def calls(node, work):
    """What mails in a second at `POST /email` take while something is done."""
    load = Load([node], RATE, "/email", keyed=False)
    await work
    await load.stop()
    late = sorted(late * 1000 for _, late in load.latencies)
    return f"{late[len(late) // 2]:.1f} | {late[len(late) * 99 // 100]:.1f} | {len(load.failed)}"


async def ended(node):
    """Mails of the outbox so far. A question to the store would take longer, the more there are."""
    _, text = await node.admin.call("GET", "/metrics")
    return sum(int(count) for count in re.findall(r"^smsp_outbox_ended_total{.*} (\d+)$", text, re.MULTILINE))


async def drain(name, store, port, options):
    """A row of the table."""
    node = Node(options, store, [f"http://127.0.0.1:{port}"])
    await pause(node, True)
    await fill(node, options.backlog, "shop.example.com")
    alone = await calls(node, asyncio.sleep(ALONE))
    state = {"most": 0, "begun": time.monotonic(), "cpu": sum(node.server.cpu())}

    async def until_empty():
        await pause(node, False)
        while await ended(node) < options.backlog:
            state["most"] = max(state["most"], node.server.memory())
            await asyncio.sleep(0.5)
        state["took"] = time.monotonic() - state["begun"]

    beside = await calls(node, until_empty())
    cpu = (sum(node.server.cpu()) - state["cpu"]) * 1e6 / options.backlog
    cells = [f"{options.backlog / state['took']:.0f}", f"{state['took']:.0f}", f"{state['most'] / 1024:.0f}", f"{cpu:.0f}"]
    print(f"| {name} | {' | '.join(cells)} | {alone} | {beside} |", flush=True)
    await node.stop()


async def pause(node, paused):
    status, answer = await node.admin.call("PUT", "/outbox", {"paused": paused})
    if status not in (200, 204):
        raise SystemExit(f"the outbox was not paused or resumed: {status} {answer}")


def drains(options, folder):
    """The table, on each store."""
    provider = stub(folder)
    (folder / "drain").mkdir()
    stores = {"SQLite": f"sqlite:{folder}/drain"}
    if BINARIES.exists():
        database = Postgres(folder / "drains", ["smsp"])
        stores["PostgreSQL"] = database.url.replace("DATABASE", "smsp")
    of_calls = f"{RATE} calls a second of POST /email: p50, ms | p99, ms | failed | beside the drain: p50, ms | p99, ms | failed"
    head = f"| {options.backlog} mails | drained in a second | s | MiB at most | CPU, µs a mail | {of_calls} |"
    print(f"\n{head}\n|{'---|' * 11}", flush=True)
    for name, store in stores.items():
        if options.store in (None, name):
            asyncio.run(drain(name, store, provider.port, options))
    provider.stop()
