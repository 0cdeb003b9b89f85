"""The outbox beside what people use instead, on the same disk: mails accepted durably, handed to a provider, and ended.

All of them are up, and one at a time has something to do, in interleaved rounds; ratios are of the same round. The bench
fails where smsp accepts less than it is given, does not end all of it, or hands less or more than that to the provider.
"""

import os
import sys
import time

from harness import counting_stub
from load import spread
from postfix import Postfix, sink
from postgres import Postgres
from queues import Outbox, job_queues

CALLERS = 64
# For what a contender has accepted to be ended, in seconds.
PATIENCE = 600
DATABASES = ["smsp", "pg_boss", "graphile_worker", "procrastinate"]


def syncs(folder, seconds=2):
    """How often this disk makes 8 KiB durable in a second, one after the other."""
    file, block, count = os.open(folder / "syncs", os.O_CREAT | os.O_RDWR), b"x" * 8192, 0
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        os.pwrite(file, block, 0)
        os.fdatasync(file)
        count += 1
    os.close(file)
    return count / seconds


def flushes(folder):
    """How often the device of this folder has flushed its cache so far; each group of fsyncs costs one."""
    device = os.stat(folder).st_dev
    for line in open("/proc/diskstats"):
        words = line.split()
        if (int(words[0]), int(words[1])) == (os.major(device), os.minor(device)) and len(words) > 18:
            return int(words[18])
    return 0


def contenders(options, folder, database):
    ours = [Outbox(kind, options.binary, folder, database) for kind in ("SQLite", "PostgreSQL")]
    return [*ours, Postfix(folder), *job_queues(database)]


def transactions(database):
    """How many transactions have written something so far, in all databases."""
    return int(database.ask("select txid_snapshot_xmax(txid_current_snapshot())"))


def drained(queue):
    begun = time.monotonic()
    while left := queue.left():
        if time.monotonic() - begun > PATIENCE:
            sys.exit(f"{queue.name}: {left} mails have not ended after {PATIENCE} s")
        time.sleep(0.1)


def faults_of(queue, mails, taken, handed_over):
    """What is wrong after a round of smsp."""
    faults = [f"{mails - taken} mails were not accepted"] if taken < mails else []
    faults += [f"{handed_over} of {taken} mails were handed over"] if handed_over != taken else []
    others = queue.count(["unknown", "parked", "refused", "expired", "cancelled"])
    faults += [f"{others} mails did not end accepted"] if others else []
    return [f"{queue.name}: {fault}" for fault in faults]


def measure(queue, mails, folder, database, requests):
    """One round of one contender, while the others have nothing to do."""
    handed_over = requests()
    before, flushed, begun = transactions(database), flushes(folder), time.monotonic()
    taken, seconds = queue.accept(mails, CALLERS, folder)
    drained(queue)
    through = taken / (time.monotonic() - begun)
    flushed = flushes(folder) - flushed
    done = transactions(database) - before
    handed_over = requests() - handed_over
    faults = faults_of(queue, mails, taken, handed_over) if isinstance(queue, Outbox) else []
    of_a_mail = {"flushes": flushed / taken, "transactions": done / taken}
    return {"accepted": taken / seconds, "through": through, "MiB": queue.memory(), "faults": faults, **of_a_mail}


def rounds(options, among, folder, database):
    """What each contender did in each round, after one that does not count."""
    mails = lambda queue: max(options.mails // queue.fewer, CALLERS)
    (provider, requests), relay = counting_stub(folder), sink()
    for queue in among:
        queue.start(relay.port if isinstance(queue, Postfix) else provider.port)
        queue.accept(mails(queue), CALLERS, folder)
        drained(queue)
    measured = lambda queue: measure(queue, mails(queue), folder, database, requests)
    seen = [{queue.name: measured(queue) for queue in among} for _ in range(options.rounds)]
    for server in (*among, provider, relay):
        server.stop()
    return seen


def side_by_side(options, folder):
    """The table, and what is wrong."""
    database = Postgres(folder / "queues", DATABASES)
    among = contenders(options, folder, database)
    versions = dict.fromkeys(version for queue in among for version in queue.versions())
    server = database.ask("show server_version").split()[0]
    print(f"\n{', '.join(versions)}, PostgreSQL {server}; {CALLERS} callers", flush=True)
    print(f"the disk makes 8 KiB durable {syncs(folder):.0f} times in a second", flush=True)
    seen = rounds(options, among, folder, database)
    of_peers = lambda one, key: max(one[queue.name][key] for queue in among if not isinstance(queue, Outbox))
    head = ["mails in a second", "accepted", "x the best peer", "accepted and sent", "x the best peer"]
    head += ["flushes a mail", "transactions a mail", "MiB"]
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for queue in among:
        of = lambda key, digits: spread([one[queue.name][key] for one in seen], digits)
        ratio = lambda key: spread([one[queue.name][key] / of_peers(one, key) for one in seen], 2)
        cells = [of("accepted", 0), ratio("accepted"), of("through", 0), ratio("through")]
        cells += [of("flushes", 2), of("transactions", 2) if queue.name_of_database() else "-", of("MiB", 0)]
        print(f"| {queue.name} | {' | '.join(cells)} |", flush=True)
    print(f"\nafterwards {syncs(folder):.0f} times in a second")
    database.stop()
    return [fault for one in seen for of_queue in one.values() for fault in of_queue["faults"]]
