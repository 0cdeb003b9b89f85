"""Nodes that are stopped and started anew under load."""

import asyncio

from outbox_node import Load, Node, sqlite, states, until
from postgres import Postgres
from wire import Provider


def verdict(load, provider, counts):
    """What is lost, sent twice or unknown."""
    twice = {subject: times for subject, times in provider.taken.items() if times > 1}
    lost = [number for number in load.accepted if number not in provider.taken]
    print(f"  {len(load.accepted)} accepted, {len(provider.taken)} taken; {counts}", flush=True)
    faults = [f"{len(twice)} sent twice: {list(twice.items())[:5]}"] if twice else []
    faults += [f"{len(lost)} lost: {lost[:5]}"] if lost else []
    faults += [f"{len(load.failed)} calls failed: {load.failed[:3]}"] if load.failed else []
    faults += [f"{counts['unknown']} unknown"] if counts.get("unknown") else []
    return faults


def is_over(ask, table):
    def over():
        counts = states(ask, table)
        left = sum(counts.get(state, 0) for state in ("queued", "claimed", "sending"))
        return left == 0 or counts

    return over


async def restart_one(options, folder):
    """One SQLite node, stopped and started anew under load: nothing is unknown or sent twice."""
    store = folder / "one"
    store.mkdir()
    provider = await Provider(options.delay).start()
    node = Node(options, f"sqlite:{store}", [provider.url])
    load = Load([node], options.rate)
    for _ in range(options.restarts):
        await asyncio.sleep(options.delay * 2 + 1)
        took = await node.stop()
        node.start()
        print(f"  stopped in {took:.1f} s", flush=True)
    await load.stop()
    ask = sqlite(store)
    await until("the outbox is empty", is_over(ask, "envelope"))
    return verdict(load, provider, states(ask))


async def restart_three(options, folder):
    """Three nodes on PostgreSQL, restarted one after the other under load: nothing is unknown or sent twice."""
    database = Postgres(folder / "three", ["smsp"])
    provider = await Provider(options.delay).start()
    nodes = [Node(options, database.url.replace("DATABASE", "smsp"), [provider.url]) for _ in range(3)]
    load = Load(nodes, options.rate)
    for turn in range(options.restarts):
        await asyncio.sleep(options.delay * 2 + 1)
        node = nodes[turn % 3]
        took = await node.stop()
        node.start()
        print(f"  node {turn % 3} stopped in {took:.1f} s", flush=True)
    await load.stop()
    ask = lambda sql: [line.split("|") for line in database.ask(sql, "smsp").splitlines()]
    await until("the outbox is empty", is_over(ask, "smsp_outbox"))
    faults = verdict(load, provider, states(ask, "smsp_outbox"))
    for node in nodes:
        await node.stop()
    database.stop()
    return faults
