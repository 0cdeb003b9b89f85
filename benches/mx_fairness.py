"""What destinations that are dead or slow cost the others: 10,000 sites, a tenth of them dead, one slow with half of the mail.

First half of the sites that are well get one mail each, at a steady rate; then each of them does, while dead and slow ones
get theirs, too: so one half is known by then, and the other is new. Of the dead ones every second one takes a connection and
says nothing, which holds a mail for minutes; the others hang up at once. The ratio is that of the times from the call to the
delivery, of the mails to sites that are well.

It takes root and mount namespaces: for a name server of its own, and for servers at thousands of addresses of loopback.
"""

import asyncio
import re
import sys
import time

from harness import KEY, smsp
from mail_server import HangUp, MailServer
from names import A, MX, Names, address, can_be_asked, mx
from outbox_node import ADMIN, STORE_KEY
from wire import Client

# One part of so many is dead.
DEAD = 10
# Of a mail at the slow site, in seconds: more than it can take of half of the mail.
SLOW = 1
NETS = {"well": 64, "dead": 65, "slow": 66}
# Calls in a second; each has the mails of its moment.
CALLS = 20
# For the last mail of a phase, in seconds; and until nothing is kept any more that a node keeps for a moment.
PATIENCE, IDLE = 300, 20
PARTS = (0.5, 0.95, 0.99, 1)


def zone(name, kind):
    labels = name.split(".")
    if labels[-1] != "example" or len(labels) < 3 or labels[-2] not in NETS or labels[0].startswith("_"):
        return None
    if labels[0] != "mx":
        return [mx(10, f"mx.{name}")] if kind == MX else []
    number = int(labels[1][1:])
    return [address(f"127.{NETS[labels[-2]]}.{number >> 8}.{number & 255}")] if kind == A else []


class Servers(MailServer):
    """The servers of all sites."""

    def __init__(self):
        super().__init__(self.act)
        self.failed = 0

    async def act(self, here, verb, _line, mail):
        _, net, *rest = map(int, here.split("."))
        if net == NETS["dead"]:
            self.failed += 1
            await asyncio.sleep(3600 if rest[1] % 2 else 0)
            raise HangUp
        if verb == ".":
            if net == NETS["slow"]:
                await asyncio.sleep(SLOW)
            self.takes(mail)
        return None


class Phase:
    """Mails to sites of these kinds: so many of each, all within the same time."""

    def __init__(self, name, client, servers, counts, seconds):
        self.name, self.client, self.servers, self.counts, self.seconds = name, client, servers, counts, seconds
        self.begun = {}

    def mail(self, kind, number):
        domain = "d0.slow.example" if kind == "slow" else f"d{number}.{kind}.example"
        mail = f"{kind}{number}.{self.name}@shop.example.com", f"ada@{domain}"
        self.begun[mail] = asyncio.get_running_loop().time()
        return {"from": mail[0], "to": mail[1], "subject": "a mail", "text": "A line about the parcel. " * 80}

    async def send(self, mails):
        status, answer = await self.client.call("POST", "/outbox/batch", {"messages": mails})
        if status != 202 or any("problem" in one for one in answer["results"]):
            sys.exit(f"a batch was not accepted: {status} {answer}")

    async def run(self):
        start, sent, calls = time.monotonic(), dict.fromkeys(self.counts, 0), []
        while any(sent[kind] < count for kind, count in self.counts.items()):
            part = min(1, (time.monotonic() - start) / self.seconds)
            mails = []
            for kind, count in self.counts.items():
                until = int(count * part)
                mails += [self.mail(kind, number) for number in range(sent[kind], until)]
                sent[kind] = until
            calls += [asyncio.create_task(self.send(mails[at : at + 100])) for at in range(0, len(mails), 100)]
            await asyncio.sleep(1 / CALLS)
        await asyncio.gather(*calls)
        until = time.monotonic() + PATIENCE
        while len(times := self.times("well")) < self.counts.get("well", 0) and time.monotonic() < until:
            await asyncio.sleep(0.2)
        return times

    def times(self, kind, numbers=None):
        """From the call to the delivery, of mails of this kind that were delivered; those with these numbers alone."""
        first, of_kind = self.servers.first, re.compile(rf"{kind}(\d+)\.")
        is_meant = lambda mail: (said := of_kind.match(mail[0])) and (numbers is None or int(said[1]) in numbers)
        return sorted(first[mail] - begun for mail, begun in self.begun.items() if mail in first and is_meant(mail))

    def missing(self, kind):
        return self.counts.get(kind, 0) - len(self.times(kind))


def percentile(times, part):
    return times[min(len(times) - 1, int(len(times) * part))] if times else float("inf")


def report(name, mails, times):
    cells = [f"{percentile(times, part):.3f}" for part in PARTS]
    print(f"| {name} | {mails} | {len(times)} | {' | '.join(cells)} |")


async def known(admin):
    """Sites that the node knows, by their state."""
    _, text = await admin.call("GET", "/metrics")
    counts = re.findall(r'smsp_mx_sites\{state="(\w+)"\} (\d+)', text)
    return ", ".join(f"{count} {state}" for state, count in counts)


async def run(options, folder):
    names, servers = await Names(zone).start(folder), await Servers().start(everywhere=True)
    settings = {"SMSP_STORE": f"sqlite:{folder}/node", "SMSP_STORE_KEY": STORE_KEY, "SMSP_OUTBOX": "on"}
    settings |= {"SMSP_OUTBOX_MIN_FREE": "0%", "SMSP_CALLER_OUTBOX_ROWS": "1000000", "SMSP_PROVIDERS": "mx"}
    settings |= {"SMSP_MX_HELO": "mail.example.com", "SMSP_MX_PORT": str(servers.port), "SMSP_MX_ALLOW_PRIVATE": "true"}
    (folder / "node").mkdir()
    node = await asyncio.to_thread(lambda: smsp(options.binary, [], behind=names.behind, **settings))
    client, admin = Client(node.port, KEY), Client(int(re.search(ADMIN, node.output())[1]), KEY)
    dead = options.sites // DEAD
    well = options.sites - dead - 1
    half = well // 2
    # What any mail brings into memory, at another site.
    await Phase("before", client, servers, {"slow": 40}, 2).run()
    await asyncio.sleep(IDLE)
    before = node.memory()
    alone = await Phase("alone", client, servers, {"well": half}, half / options.rate).run()
    await asyncio.sleep(IDLE)
    each = (node.memory() - before) * 1024 / half
    beside = Phase("beside", client, servers, {"well": well, "dead": dead, "slow": well + dead}, well / options.rate)
    await beside.run()
    print(f"\n{well} sites that are well, {dead} dead, one slow; {options.rate} mails in a second to those that are well")
    print("\n| from the call to the delivery, s | mails | delivered | p50 | p95 | p99 | at most |\n|---|---|---|---|---|---|---|")
    report("to well ones alone", half, alone)
    for name, numbers in {"known": range(half), "new": range(half, well)}.items():
        times = beside.times("well", numbers)
        report(f"beside dead and slow ones, to {name} ones", len(numbers), times)
        ratios = [percentile(times, part) / percentile(alone, part) for part in PARTS]
        print(f"| ratio, {name} | | | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |", flush=True)
    slow = len(beside.times("slow"))
    print(f"\nmeanwhile {slow} of {well + dead} mails were delivered to the slow one, and {servers.failed} connections to dead ones")
    print(f"the node knows these sites: {await known(admin)}")
    print(f"with the first {half} its memory grew by {each:.0f} bytes for each, caches of names and pages of the store included")
    await asyncio.to_thread(node.stop)
    servers.stop()
    names.stop()
    if missing := beside.missing("well"):
        sys.exit(f"{missing} mails to sites that are well were not delivered")


def fairness(options, folder):
    """The table."""
    if not can_be_asked():
        sys.exit("it takes root and mount namespaces, for a name server of its own")
    asyncio.run(run(options, folder))
