"""Direct delivery beside Postfix: the same mails, accepted durably on the same disk, to the same four `smtp-sink`s.

Both deliver at most 20 mails at once to one destination, which is what either has by itself. One at a time has something to
do, in interleaved rounds; ratios are of the same round.
"""

import contextlib
import json
import os
import re
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from contenders import output, plain_mail
from harness import Server, free_port, smsp
from load import h2load, spread
from outbox_queues import flushes, syncs
from outbox_node import STORE_KEY
from postfix import Postfix
from postgres import BINARIES, Postgres

# At each destination.
CALLERS = 16
AIM = 2
# For all mail to be delivered, or connections to end, in seconds.
PATIENCE = 600
DOMAINS = [f"d{number}.example" for number in range(4)]
ESTABLISHED = "01"


class Sink(Server):
    """The mail server of a domain: it takes everything at once, and counts."""

    def __init__(self, number, port):
        self.address = f"127.0.0.{number + 1}"
        super().__init__("smtp-sink", port, ["smtp-sink", "-c", "-u", "nobody", f"{self.address}:{port}", "1000"])

    def listens(self):
        with contextlib.suppress(OSError):
            socket.create_connection((self.address, self.port), timeout=1).close()
            return True
        return False

    def count(self, what):
        """`sess` that have ended, or `mesg`, so far."""
        end = os.fstat(self.log.fileno()).st_size
        said = re.findall(rb"sess=(\d+) quit=\d+ mesg=(\d+)", os.pread(self.log.fileno(), 200, max(0, end - 200)))
        return int(said[-1][what == "mesg"]) if said else 0


class Sinks:
    """Those of all domains, at one port."""

    def __init__(self):
        self.port = free_port()
        self.all = [Sink(number, self.port) for number in range(len(DOMAINS))]

    def count(self, what):
        return sum(sink.count(what) for sink in self.all)

    def have_connections(self):
        lines = [line.split() for line in open("/proc/net/tcp").readlines()[1:]]
        return any(line[1].endswith(f":{self.port:04X}") and line[3] == ESTABLISHED for line in lines)

    def stop(self):
        for sink in self.all:
            sink.stop()


class Smsp:
    """A node that delivers by itself."""

    def __init__(self, options, kind, store, fewer=1):
        # So many times fewer mails, so that all rounds take about as long.
        self.name, self.binary, self.store, self.fewer = f"smsp, {kind}", options.binary, store, fewer

    def start(self, sinks):
        hosts = [f"{domain}:{sink.address}" for domain, sink in zip(DOMAINS, sinks.all)]
        settings = {"SMSP_STORE": self.store, "SMSP_STORE_KEY": STORE_KEY, "SMSP_OUTBOX": "on", "SMSP_PROVIDERS": "mx"}
        settings |= {"SMSP_OUTBOX_MIN_FREE": "1%", "SMSP_CALLER_OUTBOX_ROWS": "1000000"}
        settings |= {"SMSP_MX_HELO": "mail.example.com", "SMSP_MX_PORT": str(sinks.port), "SMSP_MX_STATIC": ";".join(hosts)}
        self.node = smsp(self.binary, [], self.name, **settings)

    def accept(self, mails, domain, folder):
        mail = folder / f"{domain}.json"
        mail.write_text(json.dumps({**json.loads(plain_mail()), "to": f"ada@{domain}"}))
        return h2load(self.node, "-n", mails, "-c", CALLERS, mail=mail, path="/outbox")

    def stop(self):
        self.node.stop()

    def version(self):
        return output(self.binary, "--version")


class Peer(Postfix):
    """Postfix with a route for each domain."""

    def __init__(self, folder):
        super().__init__(folder)
        self.fewer = 1

    def start(self, sinks):
        self.sinks = sinks
        super().start(sinks.port)

    def route(self, port):
        routes = [f"{{{domain}=smtp:[{sink.address}]:{port}}}" for domain, sink in zip(DOMAINS, self.sinks.all)]
        return f"transport_maps = inline:{{{', '.join(routes)}}}\n"

    def accept(self, mails, domain, folder):
        return super().accept(mails, CALLERS, folder, to=f"ada@{domain}")

    def version(self):
        return self.versions()[0]


def run(contender, mails, sinks, folder):
    """One round: mails in a second from the first call to the last delivery, and flushes of the disk for each."""
    mails //= contender.fewer
    before, flushed, start = sinks.count("mesg"), flushes(folder), time.monotonic()
    with ThreadPoolExecutor(len(DOMAINS)) as pool:
        sent = list(pool.map(lambda domain: contender.accept(mails // len(DOMAINS), domain, folder), DOMAINS))
    count, accepted = sum(taken for taken, _ in sent), time.monotonic() - start
    wait(lambda: sinks.count("mesg") >= before + count, 0.01)
    through = count / (time.monotonic() - start)
    return {"accepted": count / accepted, "sent": through, "flushes": (flushes(folder) - flushed) / count}


def connections(contender, mails, sinks, folder):
    """For a thousand mails, in a round of its own: some connections are kept for a while after it."""
    ended = lambda: not sinks.have_connections()
    wait(ended)
    before = sinks.count("sess")
    run(contender, mails, sinks, folder)
    wait(ended)
    return 1000 * (sinks.count("sess") - before) / (mails // contender.fewer)


def wait(holds, pause=0.1):
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            sys.exit(f"not all mail was delivered, or connections are kept, {PATIENCE} s later")
        time.sleep(pause)


def side_by_side(options, folder):
    """The table."""
    (folder / "node").mkdir()
    database = Postgres(folder / "postgres", ["node"]) if BINARIES.exists() else None
    among = [Smsp(options, "SQLite", f"sqlite:{folder}/node")]
    if database:
        among.append(Smsp(options, "PostgreSQL", database.url.replace("DATABASE", "node"), fewer=4))
    among.append(Peer(folder))
    sinks = Sinks()
    for contender in among:
        contender.start(sinks)
        run(contender, options.mails // 4, sinks, folder)
    versions = dict.fromkeys(contender.version() for contender in among)
    print(f"\n{', '.join(versions)}; four destinations, {CALLERS} callers for each", flush=True)
    print(f"the disk makes 8 KiB durable {syncs(folder):.0f} times in a second", flush=True)
    seen = [{contender.name: run(contender, options.mails, sinks, folder) for contender in among} for _ in range(options.rounds)]
    head = ["mails in a second", "accepted", "accepted and delivered", "x Postfix", "aim", "flushes a mail", "connections for 1,000 mails"]
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for contender in among:
        of = lambda key, digits: spread([one[contender.name][key] for one in seen], digits)
        ratio = spread([one[contender.name]["sent"] / one["Postfix"]["sent"] for one in seen], 2)
        aim = "" if contender.name == "Postfix" else f"{AIM}"
        cells = [of("accepted", 0), of("sent", 0), ratio, aim, of("flushes", 2)]
        cells.append(f"{connections(contender, options.mails, sinks, folder):.0f}")
        print(f"| {contender.name} | {' | '.join(cells)} |", flush=True)
    print(f"\nafterwards {syncs(folder):.0f} times in a second")
    for server in [*among, sinks]:
        server.stop()
    if database:
        database.stop()
