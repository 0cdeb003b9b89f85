"""An outage of all providers, from its first second to the last mail that it has held up.

scripts/check runs it at length in its step outbox-outage. Callers go on to send at a constant rate. Each part says what
they were told, how much waited, and how it was sent afterwards; it fails where a call fails, a mail is lost or sent twice,
or the ramp of a circuit is not kept.
"""

import argparse
import asyncio
import datetime
import os
import signal
import sys

from harness import processor
from outbox_experiment import Experiment, Outage
from outbox_node import sqlite
from outbox_parts import POSTGRES, run
from outbox_provider import SILENCE
from outbox_verdicts import controls
from postgres import Postgres

# Less of everything.
SHORT = {"rate": 20, "kills_seconds": 7, "alone_seconds": 3, "around": 1, "ramp": 3, "restart": 2}
SHORT |= {"answers_seconds": 12, "retry": "1s", "poll": "1s", "sample": 20, "settled": 5}


async def three(options, folder, seconds, events=(), drain_events=()):
    """Three nodes on PostgreSQL, and what happens to them, by the second."""
    database = Postgres(folder / "postgres", ["smsp"])
    ask = lambda sql: [line.split("|") for line in database.ask(sql, "smsp").splitlines()]
    experiment = Experiment(options, database.url.replace("DATABASE", "smsp"), 3, ask, "smsp_outbox")
    bound = lambda events: [(at, name, lambda do=do: do(experiment, database)) for at, name, do in events]
    faults = await experiment.run(seconds, *map(bound, (events, drain_events)))
    database.stop()
    return faults


async def dead(options, folder):
    """Three nodes on PostgreSQL, keys that are repeated on each: no call hears anything but 200 or 202."""
    return await three(options, folder, options.seconds)


async def with_kills(options, folder):
    """PostgreSQL and one of three nodes are killed, and both again while the mail is sent: no call fails in the end."""
    seconds, restart = options.kills_seconds, options.restart
    node, database = seconds * 0.25, seconds * 0.6
    events = [
        (node, "node 1 is killed", lambda experiment, _: experiment.nodes[1].kill()),
        (node + restart, "node 1 is started", lambda experiment, _: experiment.nodes[1].start()),
        (database, "PostgreSQL is killed", lambda _, database: database.kill()),
        (database + restart, "PostgreSQL is started", lambda _, database: database.start()),
    ]
    # What a node had in hand is given to others after half a minute, so not in short.
    drain_events = [
        (options.ramp / 6, "PostgreSQL is killed", lambda _, database: database.kill()),
        (options.ramp / 3, "PostgreSQL is started", lambda _, database: database.start()),
        (options.ramp / 2, "node 2 is killed", lambda experiment, _: experiment.nodes[2].kill()),
        (options.ramp / 2 + restart, "node 2 is started", lambda experiment, _: experiment.nodes[2].start()),
    ]
    return await three(options, folder, seconds, events, [] if options.short else drain_events)


async def alone(options, folder):
    """One node on SQLite: no call hears anything but 200 or 202."""
    store = folder / "sqlite"
    store.mkdir()
    table = "envelope join submission using (id)"
    experiment = Experiment(options, f"sqlite:{store}", 1, lambda sql: sqlite(store)(sql), table)
    return await experiment.run(options.alone_seconds)


async def answers(options, folder):
    """Providers that answer 429 or 503, or nothing: after a moment no call hears anything but 200 or 202."""
    timeout = 2
    kinds = {"429": ("429 x", 0), "503": ("503 x", 2 * timeout + 4), "silence": (SILENCE, 2 * timeout + 4)}

    async def one(name, fault, disturbs):
        store = folder / name
        store.mkdir()
        table, settings = "envelope join submission using (id)", {"SMSP_ATTEMPT_TIMEOUT": f"{timeout}s"}
        experiment = Experiment(options, f"sqlite:{store}", 1, lambda sql: sqlite(store)(sql), table, **settings)

        async def begin(provider):
            provider.fails(fault)

        faults = await experiment.run(options.answers_seconds, outage=Outage(begin, disturbs, ramps=name != "429"))
        return [f"{name}: {fault}" for fault in faults]

    faults = await asyncio.gather(*(one(name, *kind) for name, kind in kinds.items()))
    return [fault for some in faults for fault in some]


PARTS = {"dead": (dead, [POSTGRES]), "kills": (with_kills, [POSTGRES]), "alone": (alone, []), "answers": (answers, [])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--rate", type=float, default=40, help="mails in a second")
    parser.add_argument("--seconds", type=float, default=600, help="of the outage, in the part `dead`")
    parser.add_argument("--kills-seconds", type=float, default=90, help="of the outage, in the part `kills`")
    parser.add_argument("--alone-seconds", type=float, default=45, help="of the outage, in the part `alone`")
    parser.add_argument("--answers-seconds", type=float, default=45, help="of the outage, in the part `answers`")
    parser.add_argument("--around", type=float, default=10, help="seconds before the outage, and after its last mail")
    parser.add_argument("--ramp", type=float, default=30, help="SMSP_CIRCUIT_RAMP in seconds")
    parser.add_argument("--restart", type=float, default=20, help="seconds from a kill to a start")
    parser.add_argument("--retry", default="1m 5m 15m 30m 1h 2h 4h", help="SMSP_OUTBOX_RETRY")
    parser.add_argument("--poll", default="5s", help="SMSP_POLL_INTERVAL")
    parser.add_argument("--settled", type=float, default=60, help="seconds until the store knows what it has")
    parser.add_argument("--sample", type=int, default=200, help="keys that are repeated at the end, at most")
    parser.add_argument("--short", action="store_true", help="in half a minute, with less of everything")
    options = parser.parse_args()
    if options.short:
        vars(options).update(SHORT, parts=[part for part in options.parts if part != "dead"])
    # What was started ends with the bench.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    print(f"{os.cpu_count()} cores, {processor()}, {datetime.date.today()}, {options.binary}", flush=True)
    controls()
    faults = [fault for part in options.parts for fault in run(part, PARTS[part], options)]
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
