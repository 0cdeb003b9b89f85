"""Upstreams and databases that are down, and what a node costs that has nothing to send."""

import asyncio
import time
from collections import Counter

from harness import KEY, Server, free_port
from outbox_node import Load, Node, circuits, fill, mail, sqlite, until
from outbox_provider import Arrival
from outbox_verdicts import Ramp
from postgres import Postgres
from wire import Client, Provider

# Seconds of the ramp of a circuit that has closed, and mails of the outbox at each upstream at the same time.
RAMP, PLACES = 30, 128


def split(*domains):
    """Rules that bind the mail of each domain to an upstream of its own."""
    return "; ".join(f"r{index}: from={domain} -> u{index}!" for index, domain in enumerate(domains))


def pace(provider, since):
    """Mails in a second that the provider took."""
    times = [at for at, _ in provider.arrivals if at >= since]
    return len(times) / max(1e-9, asyncio.get_running_loop().time() - since)


async def dead_upstream(options, folder):
    """A backlog for a dead upstream beside mail for a healthy one: nothing of the backlog is touched."""
    store = folder / "dead"
    store.mkdir()
    healthy, loop = await Provider().start(), asyncio.get_running_loop()
    # Nobody listens on the port of the discard service.
    urls = ["http://127.0.0.1:9", healthy.url]
    node = Node(options, f"sqlite:{store}", urls, SMSP_ROUTES=split("dead.example.com", "shop.example.com"))
    ask, paces = sqlite(store), []

    async def measure():
        begun = loop.time()
        load = Load([node], 200, first=len(healthy.taken))
        await asyncio.sleep(options.seconds)
        paces.append((pace(healthy, begun), sorted(late for _, late in load.latencies)))
        await load.stop()
        return load

    loads = [await measure()]
    await fill(node, 1, "dead.example.com")
    # Until its circuit is open its mail may be tried.
    while (await circuits(node))[0]["state"] == "closed":
        await fill(node, 1, "dead.example.com")
        await asyncio.sleep(0.1)
    await fill(node, options.rows, "dead.example.com")
    touched = """select count(*) from envelope join submission using (id)
        where from_domain like 'dead%' and (fence > 0 or state <> 0)"""
    before = ask(touched)[0][0]
    loads.append(await measure())
    after = ask(touched)[0][0]
    for name, (rate, latencies) in zip(("without", "with"), paces):
        p99 = latencies[len(latencies) * 99 // 100] * 1000
        print(f"  {name} the backlog: {rate:.0f} in a second through, accepted within {p99:.0f} ms (p99)", flush=True)
    print(f"  rows of the backlog that were touched: {after - before}, and {before} before the circuit opened", flush=True)
    accepted, failed = sum(len(load.accepted) for load in loads), [said for load in loads for said in load.failed]
    await until("the mail of the healthy one is sent", lambda: len(healthy.taken) == accepted)
    await node.stop()
    faults = [f"{after - before} rows of the dead upstream were touched"] if after != before else []
    twice = [subject for subject, times in healthy.taken.items() if times > 1]
    faults += [f"{len(twice)} mails were sent twice: {twice[:3]}"] if twice else []
    return faults + ([f"{len(failed)} calls failed: {failed[:3]}"] if failed else [])


def haproxy(folder, nodes):
    config, port = folder / "haproxy.cfg", free_port()
    servers = "\n".join(f"  server n{index} 127.0.0.1:{node.server.port} check" for index, node in enumerate(nodes))
    config.write_text(f"""defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option httpchk GET /healthcheck
frontend in
  bind 127.0.0.1:{port}
  default_backend out
backend out
{servers}
""")
    return Server("haproxy", port, ["haproxy", "-f", str(config)])


class Front:
    """Callers see one address."""

    def __init__(self, port):
        self.client = Client(port, KEY)


async def database_killed(options, folder):
    """PostgreSQL is killed under mail without keys at two nodes behind HAProxy: no call fails."""
    database = Postgres(folder / "killed", ["smsp"])
    provider = await Provider().start()
    nodes = [Node(options, database.url.replace("DATABASE", "smsp"), [provider.url]) for _ in range(2)]
    proxy = haproxy(folder, nodes)
    load = Load([Front(proxy.port)], 200, "/email", keyed=False)
    await asyncio.sleep(options.seconds / 3)
    database.kill()
    await asyncio.sleep(options.seconds)
    during = len(load.accepted)
    database.start()
    status = 0
    begun = time.monotonic()
    while status != 202:
        status, _ = await nodes[0].client.call("POST", "/outbox", mail("later"))
        await asyncio.sleep(0.1)
    print(f"  accepted for later again after {time.monotonic() - begun:.1f} s", flush=True)
    await asyncio.sleep(options.seconds / 3)
    await load.stop()
    late = sorted(late for _, late in load.latencies)
    p99 = late[len(late) * 99 // 100] * 1000
    print(f"  {during} mails until it was back, {len(load.accepted)} in all; p99 {p99:.0f} ms", flush=True)
    for node in nodes:
        await node.stop()
    database.stop()
    proxy.stop()
    return [f"{len(load.failed)} calls failed: {load.failed[:3]}"] if load.failed else []


async def all_open(options, folder):
    """A backlog while all circuits are open, then all heal: nothing is touched before, and the ramp holds after."""
    database = Postgres(folder / "open", ["smsp"])
    providers = [await Provider(0.1, 503).start() for _ in range(2)]
    urls, store = [provider.url for provider in providers], database.url.replace("DATABASE", "smsp")
    waits = {"SMSP_POLL_INTERVAL": "5s", "SMSP_POLL_INTERVAL_MAX": "5s"}
    room = {"SMSP_CIRCUIT_RAMP": f"{RAMP}s", "SMSP_OUTBOX_CONCURRENCY": str(PLACES)}
    node = Node(options, store, urls, SMSP_ROUTING="round_robin", **room, **waits)
    # Until no circuit is closed, mail may be tried.
    while "closed" in {circuit["state"] for circuit in await circuits(node)}:
        await node.client.call("POST", "/email", mail("probe"))
    await fill(node, options.all_rows, "shop.example.com")
    sql = """select (select n_tup_upd + n_tup_del from pg_stat_user_tables where relname = 'smsp_outbox'),
        (select count(*) from smsp_outbox where fence > 0)"""
    look = lambda: [database.queries("smsp"), *map(int, database.ask(sql, "smsp").split("|"))]
    await asyncio.sleep(3)
    before, cpu = look(), sum(node.server.cpu())
    await asyncio.sleep(options.seconds)
    spent, after = sum(node.server.cpu()) - cpu, look()
    queries, writes, claims = [now - then for now, then in zip(after, before)]
    print(f"  {queries / options.seconds:.2f} queries in a second, {writes} rows written, {claims} claimed", flush=True)
    print(f"  {100 * spent / options.seconds:.2f} % of a processor, {node.server.memory() / 1024:.0f} MiB", flush=True)
    faults = [f"{claims} rows claimed while all circuits were open"] if claims else []
    faults += [f"{writes} rows written while all circuits were open"] if writes else []
    # Overrides of circuits are read every two seconds, by three statements; what is left is the outbox's. What is done every
    # ten seconds may come twice in few of them.
    limit = (1 + 3 / 2) * options.seconds + 5
    faults += [f"{queries} queries in {options.seconds} s"] if queries > limit else []
    for provider in providers:
        provider.status = 202
    while {circuit["state"] for circuit in await circuits(node)} != {"closed"}:
        await asyncio.sleep(0.05)
    load = Load([node], 50, "/email", keyed=False, first=10_000_000)
    await asyncio.sleep(options.seconds)
    await load.stop()
    for index, provider in enumerate(providers):
        times = [at for at, subject in provider.arrivals if subject.startswith("shop")]
        print(f"  u{index}: mails of the outbox in each second: {per_second(times)[:20]}", flush=True)
        print(f"  u{index}: at once at most: {most_at_once(times, provider.delay)[:20]}", flush=True)
    late = sorted(late for _, late in load.latencies)
    p99, failed = late[len(late) * 99 // 100] * 1000, len(load.failed)
    print(f"  POST /email beside it: {len(late)} taken, p99 {p99:.0f} ms, {failed} failed", flush=True)
    await node.stop()
    database.stop()
    faults += ramp_faults(node, providers) + doubles(providers)
    return faults + ([f"{len(load.failed)} calls failed: {load.failed[:3]}"] if load.failed else [])


def ramp_faults(node, providers):
    """Mails of the outbox at each upstream beside what its circuit allows."""
    # The log has the time of day.
    offset, names = time.time() - asyncio.get_running_loop().time(), [f"u{index}" for index in range(len(providers))]
    started = [(at, "started") for at in node.starts]
    ramp = Ramp({("", name): started + node.changes(name) for name in names}, RAMP, PLACES)
    arrivals = [
        Arrival("", name, subject, "", at + offset, at + offset + provider.delay)
        for name, provider in zip(names, providers)
        for at, subject in provider.arrivals
        if subject.startswith("shop")
    ]
    return ramp.faults(arrivals) if arrivals else ["no mail of the outbox was sent"]


def doubles(providers):
    counts = sum((Counter(provider.taken) for provider in providers), Counter())
    # A probe is one subject, and the first mails are another.
    twice = [subject for subject, times in counts.items() if times > 1 and subject.startswith("shop")]
    return [f"{len(twice)} mails were sent twice: {twice[:3]}"] if twice else []


def per_second(times):
    counts = Counter(int(at - times[0]) for at in times)
    return [counts[second] for second in range(max(counts, default=-1) + 1)]


def most_at_once(times, takes):
    """In each second: how many mails had begun within the time that one takes, at most."""
    most, first = Counter(), 0
    for index, at in enumerate(times):
        while times[first] <= at - takes:
            first += 1
        second = int(at - times[0])
        most[second] = max(most[second], index - first + 1)
    return [most[second] for second in range(max(most, default=-1) + 1)]


async def idle(options, folder):
    """What a node costs that has nothing to send: queries and processor time."""
    database = Postgres(folder / "idle", ["smsp"])
    provider = await Provider().start()
    (folder / "sqlite").mkdir()
    stores = {"PostgreSQL": database.url.replace("DATABASE", "smsp"), "SQLite": f"sqlite:{folder}/sqlite"}
    for name, store in stores.items():
        node = Node(options, store, [provider.url])
        await asyncio.sleep(3)
        before, cpu = database.queries("smsp"), sum(node.server.cpu())
        await asyncio.sleep(options.seconds)
        spent = 100 * (sum(node.server.cpu()) - cpu) / options.seconds
        queries = (database.queries("smsp") - before) / options.seconds
        asked = f"{queries:.2f} queries in a second, " if name == "PostgreSQL" else ""
        memory = node.server.memory() / 1024
        print(f"  {name}: {asked}{spent:.2f} % of a processor, {memory:.1f} MiB")
        await node.stop()
    database.stop()
    return []
