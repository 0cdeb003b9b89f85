"""What is wrong after an outage: mails that are lost or sent twice, and a ramp that was not kept.

Each is tried on a list where it is planted.
"""

import sys
from collections import Counter

from outbox_provider import Arrival

ALL = 127
# Between the change of a circuit and its line in the log, and between two looks at its ramp, in seconds.
SLACK = 0.5


def ledger(told, ids, arrivals):
    """Each mail whose caller was told that it is taken or queued arrives once, under the id that it was told; no other does."""
    counts = Counter(arrival.subject for arrival in arrivals)
    lost = sorted(told - set(counts))
    twice = [subject for subject, count in counts.items() if count > 1]
    others = sorted(set(counts) - told)
    strange = [one.subject for one in arrivals if one.subject in told and {one.id} != ids[one.subject]]
    faults = [f"{len(lost)} mails are lost: {lost[:5]}"] if lost else []
    faults += [f"{len(twice)} mails were sent twice: {twice[:5]}"] if twice else []
    faults += [f"{len(others)} mails were sent whose callers know nothing of it: {others[:5]}"] if others else []
    faults += [f"{len(strange)} mails have another id than their callers were told: {strange[:5]}"] if strange else []
    return faults


class Ramp:
    """What the settings promise: how many mails of the outbox are at an upstream at the same time, after it has closed.

    `changes` has those of a circuit by node and upstream: when, and `closed` or what else it was then. A circuit that
    has closed takes from a tenth to all within `seconds`. A node that starts (`started`) has circuits without a ramp.
    """

    def __init__(self, changes, seconds, places):
        self.changes, self.seconds, self.places = changes, seconds, places

    def at(self, key, now):
        before = [(at, state) for at, state in self.changes[key] if at <= now + (SLACK if state == "closed" else 0)]
        at, state = max(before, default=(0, "open"))
        since = max(0, now + SLACK - at) / self.seconds
        share = {"started": ALL, "closed": int(ALL * min(1, 0.1 + 0.9 * since))}.get(state, 0)
        return -(-self.places * share // ALL)

    def in_second(self, begin, delay):
        """Mails, at most, in the second from `begin` on, if each takes so long: a place takes one more after each."""
        return sum(int(self.at(key, begin + 1) / delay) for key in self.changes)

    def faults(self, arrivals):
        faults, under_way = [], {}
        for one in sorted(arrivals, key=lambda one: one.begun):
            key = one.node, one.upstream
            now = [other for other in under_way.get(key, []) if other.ended > one.begun] + [one]
            under_way[key] = now
            if len(now) > self.at(key, one.begun):
                faults.append(f"{len(now)} mails of {key[0]} at {key[1]}, {self.at(key, one.begun)} are allowed")
        return [f"the ramp was not kept {len(faults)} times: {faults[:3]}"] if faults else []


def per_second(arrivals, begin, seconds):
    counts = Counter(int(one.begun - begin) for one in arrivals if one.begun >= begin)
    return [counts[second] for second in range(seconds)]


def controls():
    """Each fault is found where it is planted, and none where nothing is."""

    def sent(number, begun, ended=None):
        return Arrival("n0", "u0", str(number), f"id-{number}", begun, ended or begun + 0.25)

    told, ids = {"1", "2", "3"}, {str(number): {f"id-{number}"} for number in range(9)}
    good = [sent(1, 100), sent(2, 101), sent(3, 102)]
    ramp = Ramp({("n0", "u0"): [(50, "started"), (60, "open"), (100, "closed")]}, 30, 24)
    # Three places at first, 24 after 30 seconds: what is at the upstream at the same time.
    slow = [sent(n, 100 + n // 3 * 0.3) for n in range(9)] + [sent(n, 131) for n in range(24)]
    planted = {
        "a mail that is lost": (ledger(told, ids, good[1:]), "lost"),
        "a mail that is sent twice": (ledger(told, ids, [*good, sent(2, 103)]), "twice"),
        "a mail that nobody has sent": (ledger(told, ids, [*good, sent(4, 103)]), "know nothing"),
        "a mail under another id": (ledger(told, {**ids, "2": {"id-7"}}, good), "another id"),
        "no ramp": (ramp.faults([sent(n, 101) for n in range(24)]), "ramp"),
        "a mail before the circuit closed": (ramp.faults([sent(1, 98)]), "ramp"),
    }
    for name, (faults, word) in planted.items():
        if len(faults) != 1 or word not in faults[0]:
            sys.exit(f"the control `{name}` is not found, but {faults}")
    if faults := ledger(told, ids, good) + ramp.faults(slow):
        sys.exit(f"faults are found where none are: {faults}")
    print(f"  controls: {', '.join(planted)}: each is found", flush=True)
