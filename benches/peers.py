"""What a mail costs smsp, and what it costs programs that people write instead: the table of scripts/bench peers.

Each has one worker and stands before the same stub provider (nginx); h2load sends the same mail of 2 KB to each in
interleaved rounds, and the kernel says how much processor time its processes took (user and system). Twice: with both
providers up, and with a first one that refuses connections. Ratios are to smsp in the same round; figures are the
median of the rounds, with the least and the most. Memory is the resident set of all of its processes at the end.

Beside handing the mail over, smsp validates all of it, bounds sizes, times and concurrency, writes a receipt, a log and
metrics; the others read five fields and write a line where a provider fails.
"""

import argparse
import os
import socket
import tempfile
from pathlib import Path

from contenders import contenders, plain_mail
from harness import processor, stub
from load import cost, h2load, spread

# So many times fewer mails than smsp, so that all rounds take about as long.
FEWER = {"Node `fetch`": 10, "FastAPI + httpx": 40, "Django + anymail": 40}


class Condition:
    """A server of each contender before these providers, and what it took them in each round."""

    def __init__(self, among, upstreams, mail, options):
        self.mail, self.options = mail, options
        self.servers = {one.name: one.start(upstreams) for one in among}
        self.rounds = []
        for name, server in self.servers.items():
            h2load(server, "-n", max(self.mails(name) // 4, options.clients), "-c", options.clients, mail=mail)

    def mails(self, name):
        return self.options.mails // FEWER.get(name, 1)

    def spent(self, name):
        user, system, _ = cost(self.servers[name], self.mails(name), self.options.clients, self.mail)
        return user + system

    def run(self):
        self.rounds.append({name: self.spent(name) for name in self.servers})

    def cells(self, name):
        ratios = [one[name] / one["smsp"] for one in self.rounds]
        return [spread([one[name] for one in self.rounds], 0), spread(ratios, 2)]

    def memory(self, name):
        return self.servers[name].memory() / 1024


def table(among, up, refusing):
    print(
        "| one worker each | both up, µs | x smsp | first refuses, µs | x smsp | MiB | lines to write | packages to name |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for one in among:
        cells = [*up.cells(one.name), *refusing.cells(one.name), f"{up.memory(one.name):.0f}", *one.size()]
        print(f"| {one.name} | {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--mails", type=int, default=40_000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    among = contenders(options.binary)
    with tempfile.TemporaryDirectory() as name, socket.socket() as closed:
        folder = Path(name)
        os.chmod(folder, 0o755)
        mail = folder / "mail.json"
        mail.write_text(plain_mail())
        # A port that is ours, and that nobody listens on.
        closed.bind(("127.0.0.1", 0))
        provider = stub(folder)
        ready, dead = (f"http://127.0.0.1:{port}" for port in (provider.port, closed.getsockname()[1]))
        up, refusing = (Condition(among, [first, ready], mail, options) for first in (ready, dead))
        for _ in range(options.rounds):
            up.run()
            refusing.run()
        table(among, up, refusing)
        for server in [*up.servers.values(), *refusing.servers.values(), provider]:
            server.stop()
    versions = [version for one in among for version in one.versions()]
    print(
        f"\n{options.rounds} rounds of {options.mails} mails over {options.clients} connections, fewer for slower ones;"
    )
    print(f"{', '.join(versions)}; {os.cpu_count()} cores, {processor()}, Linux {os.uname().release}")


if __name__ == "__main__":
    main()
