"""What the outbox costs: the table of scripts/bench outbox.

Figures are the median of interleaved rounds, with the least and the most; ratios are of the same round. Aims stand beside
what is measured; they hold where the disk syncs 400 times in a second or more.
"""

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import processor, smsp, stub
from load import MAIL, h2load, spread
from outbox_crashes import crashes
from outbox_drain import drains
from outbox_queues import side_by_side
from postgres import BINARIES, Postgres

STORE_KEY = "a:" + "1" * 64
CALLERS = [1, 8, 64]
AIMS = {("SQLite", 64): "4000", ("PostgreSQL", 64): "2000"}
# Parts that take long, and are asked for by name.
BESIDE = {"queues": side_by_side, "crashes": crashes, "drain": drains}
OVER = {"SQLite": "envelope", "PostgreSQL": "smsp_outbox"}


def node(options, store, urls, **settings):
    room = {"SMSP_CALLER_OUTBOX_ROWS": "2000000", "SMSP_CALLER_OUTBOX_BYTES": "10GiB", "SMSP_OUTBOX_MAX_ROWS": "2000000"}
    outbox = {"SMSP_OUTBOX": "on", "SMSP_OUTBOX_MIN_FREE": "1%", "SMSP_STORE": store, "SMSP_STORE_KEY": STORE_KEY}
    return smsp(options.binary, urls, **outbox, **room, **settings)


def left(name, folder, database):
    """Mails that have not ended."""
    sql = f"select count(*) from {OVER[name]} where state < 3"
    if name == "PostgreSQL":
        return int(database.ask(sql, "node"))
    import sqlite3

    connection = sqlite3.connect(f"file:{folder}/sqlite/node/smsp.db?mode=ro", uri=True, timeout=30)
    return connection.execute(sql).fetchone()[0]


def over_http(options, folder, database, stores):
    """Mails accepted and sent in a second, over HTTP."""
    provider = stub(folder)
    nodes = {name: node(options, store, [f"http://127.0.0.1:{provider.port}"]) for name, store in stores.items()}
    accepted, through = {}, {name: [] for name in nodes}
    for _ in range(options.rounds):
        for name, server in nodes.items():
            begun, count = time.monotonic(), 0
            for callers in CALLERS:
                taken, seconds = h2load(server, "-n", options.mails * callers // 64, "-c", callers, path="/outbox")
                accepted.setdefault((name, callers), []).append(taken / seconds)
                count += taken
            while left(name, folder, database):
                time.sleep(0.1)
            through[name].append(count / (time.monotonic() - begun))
    print("\n| mails in a second | " + " | ".join(nodes) + " | aim |\n|---|" + "---|" * (len(nodes) + 1))
    for callers in CALLERS:
        cells = [spread(accepted[name, callers], 0) for name in nodes]
        aims = ", ".join(AIMS[name, callers] for name in nodes if (name, callers) in AIMS)
        print(f"| accepted from {callers} callers | {' | '.join(cells)} | {aims} |")
    print(f"| accepted and sent | {' | '.join(spread(through[name], 0) for name in nodes)} | |", flush=True)
    for server in nodes.values():
        server.stop()
    provider.stop()


def memory(options, folder, database, stores, env):
    """Of a node beside very many rows, after its tasks have looked at them."""
    provider = stub(folder)
    tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    waits = folder / "waits.json"
    waits.write_text(MAIL.read_text().rstrip().removesuffix("}") + f', "send_at": "{tomorrow:%Y-%m-%dT%H:%M:%SZ}"}}')
    for store in stores.values():
        server = node(options, store, [f"http://127.0.0.1:{provider.port}"])
        h2load(server, "-n", 1, "-c", 1, path="/outbox", mail=waits)
        server.stop()
    subprocess.run([options.bench, folder, *([database.url] if database else [])], env={**env, "SMSP_BENCH_ONLY": "copy"}, check=True)
    print("\n| a node beside this many rows | MiB | at most | aim | ready after, ms | % of a processor |\n|---|---|---|---|---|---|")
    for name, store in stores.items():
        server = node(options, store, [f"http://127.0.0.1:{provider.port}"])
        before, span = sum(server.cpu()), 25
        time.sleep(span)
        idle = 100 * (sum(server.cpu()) - before) / span
        cells = [f"{server.memory() / 1024:.1f}", f"{server.memory('VmHWM') / 1024:.1f}", "64", f"{server.ready * 1000:.0f}", f"{idle:.2f}"]
        print(f"| {name}, {options.rows} | {' | '.join(cells)} |", flush=True)
        server.stop()
    provider.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="the program that cargo made of benches/outbox.rs")
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--rows", type=int, default=1_000_000, help="that wait")
    parser.add_argument("--mails", type=int, default=6000, help="of a round from 64 callers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=5, help="of each contender")
    parser.add_argument("--rate", type=int, default=100, help="mails in a second while it is killed")
    parser.add_argument("--seed", type=int, help="of the moments of the kills")
    parser.add_argument("--backlog", type=int, default=576_000, help="mails that are drained: 40 in a second for 4 h")
    parser.add_argument("--store", choices=list(OVER), help="whose backlog; all of them otherwise")
    parser.add_argument("--only", choices=["http", "memory", "accept", "way", "claim", *BESIDE])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {processor()}, Linux {os.uname().release}, {datetime.date.today()}", flush=True)
    # On the disk of the project: a folder for temporary files may be in memory.
    with tempfile.TemporaryDirectory(dir="target") as name:
        folder = Path(name).resolve()
        os.chmod(folder, 0o755)
        if options.only in BESIDE:
            sys.exit("\n".join(BESIDE[options.only](options, folder)) or 0)
        (folder / "sqlite/node").mkdir(parents=True)
        database = Postgres(folder / "postgres", ["accept", "few", "many", "node"]) if BINARIES.exists() else None
        stores = {"SQLite": f"sqlite:{folder}/sqlite/node"}
        if database:
            stores["PostgreSQL"] = database.url.replace("DATABASE", "node")
        env = {**os.environ, "SMSP_BENCH_ROWS": str(options.rows)}
        if options.only not in ("http", "memory"):
            only = {"SMSP_BENCH_ONLY": options.only} if options.only else {}
            subprocess.run([options.bench, folder, *([database.url] if database else [])], env={**env, **only}, check=True)
        if options.only in (None, "http"):
            over_http(options, folder, database, stores)
        if options.only in (None, "memory"):
            memory(options, folder, database, stores, env)
        if database:
            database.stop()


if __name__ == "__main__":
    main()
