"""The outbox under load and in trouble: scripts/check runs it in short, its step outbox-load at length.

Each part says what it saw, and fails where something was lost, sent twice or held up.
"""

import argparse
import signal
import sys

from outbox_outages import all_open, database_killed, dead_upstream, idle
from outbox_parts import HAPROXY, POSTGRES, run
from outbox_restarts import restart_one, restart_three

PARTS = {
    "restart-one": (restart_one, []),
    "restart-three": (restart_three, [POSTGRES]),
    "dead-upstream": (dead_upstream, []),
    "database-killed": (database_killed, [POSTGRES, HAPROXY]),
    "all-open": (all_open, [POSTGRES]),
    "idle": (idle, [POSTGRES]),
}
# Of each part, so that all of them take a minute or two.
SHORT = {"delay": 0.5, "rate": 10, "restarts": 3, "rows": 2000, "all_rows": 2000, "seconds": 6}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--delay", type=float, default=20, help="seconds that the provider takes for a mail")
    parser.add_argument("--rate", type=float, default=0.2, help="mails in a second while nodes are restarted")
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000, help="that wait for a dead upstream")
    parser.add_argument("--all-rows", type=int, default=576_000, help="that wait for all upstreams")
    parser.add_argument("--seconds", type=int, default=60, help="of a measurement, and of an outage of the database")
    parser.add_argument("--short", action="store_true", help="in a minute or two, with less of everything")
    options = parser.parse_args()
    if options.short:
        # What a node costs that is idle is a figure, and holds nothing.
        vars(options).update(SHORT, parts=[part for part in options.parts if part != "idle"])
    # What was started ends with the bench.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    faults = [fault for part in options.parts for fault in run(part, PARTS[part], options)]
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
