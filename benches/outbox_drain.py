"""A backlog of the outbox that is drained beside calls of `POST /email`: rate, memory, and what those calls take.

The bench fails where a call fails, or a mail is not accepted by the provider, or more than once.
"""

import asyncio
import re
import time

from harness import counting_stub
from outbox_node import Load, Node, fill
from postgres import BINARIES, Postgres

# Calls of `POST /email` in a second, and the seconds of them before the drain.
RATE, ALONE = 50, 15
# Without a mail that ends for so many seconds, the rest is stuck.
STANDSTILL = 60


async def calls(node, work):
    """What mails in a second at `POST /email` take while something is done, and what was told."""
    load = Load([node], RATE, "/email", keyed=False)
    await work
    await load.stop()
    late = sorted(late * 1000 for _, late in load.latencies)
    return f"{late[len(late) // 2]:.1f} | {late[len(late) * 99 // 100]:.1f} | {len(load.failed)}", load


async def ended(node):
    """Mails of the outbox so far, by how. A question to the store would take longer, the more there are."""
    _, text = await node.admin.call("GET", "/metrics")
    counts = re.findall(r'^smsp_outbox_ended_total{outcome="(\w+)"} (\d+)$', text, re.MULTILINE)
    return {outcome: int(count) for outcome, count in counts if int(count)}


async def drain(name, store, provider, options):
    """A row of the table, and what is wrong."""
    server, requests = provider
    node, handed_over = Node(options, store, [f"http://127.0.0.1:{server.port}"]), requests()
    await pause(node, True)
    await fill(node, options.backlog, "shop.example.com")
    alone, before = await calls(node, asyncio.sleep(ALONE))
    state = {"most": 0, "begun": time.monotonic(), "cpu": sum(node.server.cpu())}

    async def until_empty():
        await pause(node, False)
        so_far, since = 0, time.monotonic()
        while so_far < options.backlog:
            state["most"] = max(state["most"], node.server.memory())
            await asyncio.sleep(0.5)
            state["ended"] = await ended(node)
            if (now := sum(state["ended"].values())) > so_far:
                so_far, since = now, time.monotonic()
            if time.monotonic() - since > STANDSTILL:
                raise SystemExit(f"{name}: {options.backlog - so_far} mails are stuck: {state['ended']}")
        state["took"] = time.monotonic() - state["begun"]

    beside, after = await calls(node, until_empty())
    cpu = (sum(node.server.cpu()) - state["cpu"]) * 1e6 / options.backlog
    cells = [f"{options.backlog / state['took']:.0f}", f"{state['took']:.0f}", f"{state['most'] / 1024:.0f}", f"{cpu:.0f}"]
    print(f"| {name} | {' | '.join(cells)} | {alone} | {beside} |", flush=True)
    await node.stop()
    return [f"{name}: {fault}" for fault in faults(options, state["ended"], [before, after], requests() - handed_over)]


def faults(options, ended, loads, handed_over):
    failed = [said for load in loads for said in load.failed]
    found = [f"{len(failed)} calls failed: {failed[:3]}"] if failed else []
    found += [f"mails ended otherwise than accepted: {ended}"] if ended != {"accepted": options.backlog} else []
    told = options.backlog + sum(len(load.accepted) for load in loads)
    return found + ([f"{handed_over} mails were handed over, of {told}"] if handed_over != told else [])


async def pause(node, paused):
    status, answer = await node.admin.call("PUT", "/outbox", {"paused": paused})
    if status not in (200, 204):
        raise SystemExit(f"the outbox was not paused or resumed: {status} {answer}")


def drains(options, folder):
    """The table, on each store, and what is wrong."""
    provider, found = counting_stub(folder), []
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
            found += asyncio.run(drain(name, store, provider, options))
    provider[0].stop()
    return found
