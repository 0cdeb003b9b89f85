"""Mails that are made, and what the caller is told, when the first of two providers fails once it has the mail.

The table of scripts/bench duplicates: a row for each fault of the first provider, a column for smsp and for each
program that people write instead. The second provider accepts everything. Each cell has the status that the caller got
and the number of mails: requests whose whole body a provider took and did not refuse with a 4xx, so that it may have
sent the mail. More than one is a duplicate. Each cell is one mail through a fresh process, so no circuit is open.
"""

import argparse
import http.client
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from contenders import contenders, plain_mail
from harness import KEY, processor
from provider import ACCEPTS, FAULTS, SILENT, Provider


# Longer than any contender takes, in seconds.
PATIENCE = 60


def send(port):
    """The status, and what smsp says of a mail that a provider may have."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST", "/email", plain_mail(), {"X-API-KEY": KEY, "Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    unknown = " `unknown`" if answer.get("delivery") == "unknown" else ""
    return f"{response.status}{unknown}"


def cell(contender, fault, timeout_ms):
    """One mail. Only a silent provider needs the short time-out, which on a busy machine others could exceed."""
    first, second = Provider(fault), Provider(ACCEPTS)
    patience = {"timeout_ms": timeout_ms} if fault == SILENT else {}
    server = contender.start([first.url, second.url], **patience)
    try:
        answer = send(server.port)
    finally:
        server.stop()
        mails = first.mails() + second.mails()
    return f"{answer}, {mails} mail" if mails == 1 else f"{answer}, **{mails} mails**"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--timeout-ms", type=int, default=2000, help="how long a contender waits for a silent provider")
    options = parser.parse_args()
    here = []
    for contender in contenders(options.binary):
        if contender.is_here():
            here.append(contender)
        else:
            print(f"SKIP: {contender.name} is not here (scripts/check installs or builds it)", file=sys.stderr)
    # Most of them wait, for a start or for a silent provider.
    with ThreadPoolExecutor(len(here)) as pool:
        jobs = {
            (fault, one.name): pool.submit(cell, one, fault, options.timeout_ms) for fault in FAULTS for one in here
        }
    print(f"| first provider | {' | '.join(one.name for one in here)} |")
    print("|---" * (1 + len(here)) + "|")
    for fault in FAULTS:
        print(f"| {fault} | {' | '.join(jobs[fault, one.name].result() for one in here)} |")
    versions = [version for one in here for version in one.versions()]
    print(f"\n{', '.join(versions)}; {processor()}")


if __name__ == "__main__":
    main()
