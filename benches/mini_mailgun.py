"""smsp beside Mini-MailGun, whose API it answers: the same mails, faults and kills for both, and who tells the truth.

`--original` is a checkout of Mini-MailGun, branch v1, which runs as it is: one front end, and two senders as in its own
tests. The same clients send to both by `POST /send` and ask by `POST /status`. Three times all senders of the one, and the
node of the other, are killed and started again. Senders of Mini-MailGun also end by themselves, thread by thread: an operator
starts them anew each time that mail is due and nothing has happened for a while.

It takes root and mount namespaces, for a name server of its own, and `dnspython` for the original.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from contenders import PYTHON
from harness import KEY, Server, Worker, smsp
from mini_mailgun_faults import KINDS, SILENCE, Servers, kind_of, recipients, sender, zone
from names import Names, can_be_asked
from outbox_node import STORE_KEY

# Seconds between attempts, as in the tests of the original; and after which its operator looks after it.
RETRY, IDLE = 3, SILENCE + 1
PROCESS = Path(__file__).with_name("mini_mailgun_process.py")
COLUMNS = ["lost", "sent twice", "stuck", "wrongly told", "unknown"]


class Original:
    """Mini-MailGun."""

    name = "Mini-MailGun"

    def __init__(self, options, folder, names, port):
        self.checkout, self.folder, self.names = str(Path(options.original).resolve()), folder / "original", names
        self.env = {"PATH": "/usr/bin:/bin", "SMTP_PORT": str(port), "RETRY_INTERVAL": str(RETRY), "PYTHONUNBUFFERED": "1"}
        self.folder.mkdir()
        (self.folder / "clients").write_text(f"{KEY}\n")
        self.front, self.restarts = Server("front end", None, self.command("frontend"), self.env), 0
        self.start()

    def command(self, program):
        return [*self.names.behind, str(PYTHON), str(PROCESS), self.checkout, program, str(self.folder)]

    def start(self):
        shards = [{**self.env, "SHARD": f"{shard}/2"} for shard in (1, 2)]
        self.senders = [Worker("sender", self.command("sender"), env) for env in shards]

    def kill(self):
        for process in self.senders:
            process.kill()
        self.start()

    def port(self):
        return self.front.port

    def state(self):
        """Mail that is due, mail that waits or is tried, and what changes when anything happens."""
        database = sqlite3.connect(f"file:{self.folder}/messages.db?mode=ro", uri=True, timeout=30)
        free = "status = 'queued' and being_processed = 0"
        sql = f"""select sum({free} and next_attempt_at <= {time.time()}), sum({free}), sum(status = 'sent'),
            sum(status = 'undeliverable'), sum(being_processed), sum(delivery_attempts) from envelopes"""
        row = database.execute(sql).fetchone()
        database.close()
        return row[0] or 0, row[1] or 0, row[1:]

    def end(self):
        """Waits until nothing goes on, with the help of its operator; what a dead sender or thread had is left over."""
        before, since = None, time.monotonic()
        while True:
            due, waiting, now = self.state()
            if now != before:
                before, since = now, time.monotonic()
            idle = time.monotonic() - since
            if not waiting and idle > 2 * IDLE:
                return
            if due and idle > IDLE:
                self.kill()
                self.restarts, since = self.restarts + 1, time.monotonic()
            time.sleep(0.2)

    def stop(self):
        for process in [self.front, *self.senders]:
            process.stop()


class Smsp:
    """A node that delivers by itself, on SQLite."""

    name = "smsp"

    def __init__(self, options, folder, names, port):
        folder = folder / "smsp"
        folder.mkdir()
        settings = {"SMSP_STORE": f"sqlite:{folder}", "SMSP_STORE_KEY": STORE_KEY, "SMSP_OUTBOX": "on"}
        settings |= {"SMSP_OUTBOX_MIN_FREE": "0%", "SMSP_SHAPES": "minimailgun", "SMSP_PROVIDERS": "mx"}
        settings |= {"SMSP_OUTBOX_RETRY": f"{RETRY}s", "SMSP_OUTBOX_ATTEMPTS": "4", "SMSP_MX_HELO": "mail.example.com"}
        settings |= {"SMSP_MX_PORT": str(port), "SMSP_MX_ALLOW_PRIVATE": "true"}
        self.begin = lambda: smsp(options.binary, [], behind=names.behind, **settings)
        self.folder, self.restarts, self.node = folder, 0, self.begin()

    def kill(self):
        self.node.kill()
        self.node = self.begin()

    def port(self):
        return self.node.port

    def end(self):
        database = sqlite3.connect(f"file:{self.folder}/smsp.db?mode=ro", uri=True, timeout=30)
        ask = lambda table: database.execute(f"select count(*) from {table} where state < 3").fetchone()[0]
        until = time.monotonic() + 600
        while ask("envelope") + ask("part"):
            if time.monotonic() > until:
                sys.exit("mail has not come to its end after 600 s")
            time.sleep(0.2)
        database.close()

    def stop(self):
        self.node.stop()


def call(port, path, body):
    """The status and the JSON; none where there is no answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", path, json.dumps({"client_id": KEY, **body}), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, HTTPException, ValueError):
        return None, {}
    finally:
        connection.close()


def send(contender, number):
    mail = {"sender": sender(number), "recipients": list(recipients(number)), "subject": str(number), "body": "text"}
    _, answer = call(contender.port(), "/send", mail)
    return number, answer.get("submission_id")


def verdict(number, told, taken):
    """What is wrong with a mail of which so many copies came to each recipient."""
    came = {to: taken.get((sender(number), to), 0) for to in recipients(number)}
    wanted = [to for to, is_taken in recipients(number).items() if is_taken]
    has_all = all(came.values())
    return {
        "lost": told != "unknown" and not all(came[to] for to in wanted),
        "sent twice": any(count > 1 for count in came.values()),
        "stuck": told == "queued",
        "wrongly told": told not in ("sent", "undeliverable", "queued", "unknown")
        or (told == "sent" and not has_all)
        or (told == "undeliverable" and has_all),
        "unknown": told == "unknown",
    }


def played(kind, options, folder, names, servers):
    """For each kind of fault, how often what was wrong; and all that was accepted."""
    contender, start = kind(options, folder, names, servers.port), time.monotonic()
    accepted = {}
    with ThreadPoolExecutor(options.callers) as pool:
        parts = [range(options.mails * part // 4, options.mails * (part + 1) // 4) for part in range(4)]
        for part in parts:
            if part.start:
                contender.kill()
            accepted |= dict(pool.map(lambda number: send(contender, number), part))
        accepted = {number: mail for number, mail in accepted.items() if mail}
        if kind is Smsp and len(accepted) < options.mails:
            sys.exit(f"{options.mails - len(accepted)} mails were not accepted")
        contender.end()
        ask = lambda mail: call(contender.port(), "/status", {"submission_id": mail})[1].get("status", "lost")
        told = dict(zip(accepted, pool.map(ask, accepted.values())))
    counts = {kind: dict.fromkeys(COLUMNS, 0) for kind in KINDS}
    for number in accepted:
        for fault, is_so in verdict(number, told[number], servers.taken).items():
            counts[kind_of(number)][fault] += is_so
    took = time.monotonic() - start
    by_hand = f", its senders started anew {contender.restarts} times by hand" if contender.restarts else ""
    print(f"{contender.name}: {len(accepted)} mails accepted, {took:.0f} s{by_hand}", flush=True)
    contender.stop()
    return counts


async def run(options, folder):
    names, counts = await Names(zone).start(folder), {}
    for kind in (Smsp, Original):
        servers = await Servers().start()
        counts[kind.name] = await asyncio.to_thread(played, kind, options, folder, names, servers)
        servers.stop()
    names.stop()
    both = [(name, fault) for name in (Original.name, Smsp.name) for fault in COLUMNS if (name, fault) != (Original.name, "unknown")]
    print(f"\n| {options.mails // len(KINDS)} mails of each | " + " | ".join(f"{name}: {fault}" for name, fault in both) + " |")
    print("|---" * (len(both) + 1) + "|")
    for kind, text in KINDS.items():
        print(f"| {text} | " + " | ".join(str(counts[name][kind][fault]) for name, fault in both) + " |")
    total = lambda name, fault: sum(of_kind[fault] for of_kind in counts[name].values())
    print("| all | " + " | ".join(str(total(name, fault)) for name, fault in both) + " |")
    wrong = {fault: total(Smsp.name, fault) for fault in COLUMNS[:-1]}
    return 1 if any(wrong.values()) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--original", required=True, help="a checkout of Mini-MailGun, branch v1")
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--callers", type=int, default=1, help="the original mixes up the answers to several at once")
    options = parser.parse_args()
    if not can_be_asked():
        sys.exit("it takes root and mount namespaces, for a name server of its own")
    with tempfile.TemporaryDirectory(dir="target") as name:
        return asyncio.run(run(options, Path(name).resolve()))


if __name__ == "__main__":
    sys.exit(main())
