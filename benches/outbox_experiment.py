"""Nodes, providers and callers of an outage, from before it until after the last mail that it has held up."""

import asyncio
import contextlib
import itertools
import subprocess
import sys
import time

from outbox_callers import Callers, report
from outbox_node import Node, states
from outbox_person import Person
from outbox_provider import Provider
from outbox_verdicts import Ramp, ledger, per_second

UPSTREAMS = ["u0", "u1"]
# Of each node at each upstream: mails of the outbox at the same time, at most. A mail takes so many seconds there.
PLACES, DELAY = 16, 0.1
# For the last mail of an outage to be sent, in seconds.
PATIENCE = 900
WAITS = {"queued", "claimed", "sending"}
PHASES = ["before", "outage", "drain", "after", "repeats"]


class Outage:
    """What happens to a provider, how long callers may then hear something else than 200 or 202, and whether its circuit has
    a ramp afterwards: one that was throttled is healthy, and has none."""

    def __init__(self, begin=lambda provider: provider.refuse(), disturbs=0, ramps=True):
        self.begin, self.disturbs, self.ramps = begin, disturbs, ramps


class Experiment:
    """`ask` answers SQL; what is in the outbox is in `table`."""

    def __init__(self, options, store, count, ask, table, **more):
        self.options, self.ask, self.table = options, ask, table
        self.providers = [[Provider(f"n{node}", name, DELAY) for name in UPSTREAMS] for node in range(count)]
        settings = {
            "SMSP_OUTBOX_FALLBACK": "true",
            "SMSP_OUTBOX_CONCURRENCY": str(PLACES),
            "SMSP_OUTBOX_RETRY": options.retry,
            "SMSP_CIRCUIT_RAMP": f"{options.ramp * 1000:.0f}ms",
            "SMSP_POLL_INTERVAL": options.poll,
            "SMSP_ROUTING": "round_robin",
            # As the manifests run it.
            "TOKIO_WORKER_THREADS": "1",
            **more,
        }
        self.make = lambda urls: Node(options, store, urls, **settings)

    def all_providers(self):
        return list(itertools.chain(*self.providers))

    def arrivals(self):
        return [arrival for provider in self.all_providers() for arrival in provider.arrivals]

    async def run(self, seconds, events=(), drain_events=(), outage=Outage()):
        """Its faults. Events are a time, a name and what happens, by the second of the outage and of the drain."""
        options = self.options
        for provider in self.all_providers():
            provider.listen()
        self.nodes = [self.make([provider.url() for provider in some]) for some in self.providers]
        self.callers = callers = Callers(self.nodes, options.rate, options.settled)
        await asyncio.sleep(options.around)
        await asyncio.gather(*(outage.begin(provider) for provider in self.all_providers()))
        callers.phase, began = "outage", time.time()
        self.disturbed, self.ramps = (began, began + outage.disturbs), outage.ramps
        undisturbed = began + events[0][0] if events else float("inf")
        await asyncio.gather(asyncio.sleep(seconds), self.happen(events))
        took, told = time.time() - began, len(await self.told(seconds))
        # A node that was started meanwhile may have claimed some, for its circuits are closed at first.
        rows = sum(count for state, count in (await self.states()).items() if state in WAITS)
        print(f"  {took:.1f} s without a provider: {rows} mails wait, {told} callers were told so", flush=True)
        for provider in self.all_providers():
            provider.heal()
        callers.phase, healed = "drain", time.time()
        await asyncio.gather(self.until_sent(healed), self.happen(drain_events))
        self.drained = time.time() - healed
        print(f"  all of it was sent {self.drained:.1f} s after they were back", flush=True)
        callers.phase = "after"
        await asyncio.sleep(options.around)
        await callers.stop()
        callers.phase = "repeats"
        faults = await self.resolve() + await self.repeat()
        report(callers, PHASES)
        faults += self.verdict(healed, undisturbed)
        faults += [] if rows >= told else [f"{told} callers were told that their mail waits, and {rows} mails did"]
        for node in self.nodes:
            await node.stop()
        return faults

    async def told(self, seconds):
        """Mails whose callers were told that they wait: most of them, however slow this machine is."""
        for _ in range(600):
            told = self.callers.numbers_of(202)
            if len(told) > seconds * self.options.rate / 2:
                return told
            await asyncio.sleep(0.1)
        sys.exit(f"only {len(told)} mails were queued")

    async def happen(self, events):
        start = time.monotonic()
        for at, name, event in events:
            await asyncio.sleep(max(0, start + at - time.monotonic()))
            await asyncio.to_thread(event)
            print(f"  {time.monotonic() - start:.1f} s: {name}", flush=True)

    async def states(self, before=float("inf")):
        """Of mails that were accepted before that time."""
        table = f"{self.table} where accepted_at < {before * 1000}" if before < float("inf") else self.table
        return await asyncio.to_thread(states, self.ask, table)

    async def until_sent(self, before):
        start, counts = time.monotonic(), "the store has not answered"
        while time.monotonic() - start < PATIENCE:
            # A database that was killed answers nothing.
            with contextlib.suppress(subprocess.CalledProcessError):
                counts = await self.states(before)
                if not set(counts) & WAITS:
                    return
            await asyncio.sleep(0.5)
        sys.exit(f"not all is sent after {PATIENCE} s: {counts}")

    async def resolve(self):
        """What is unknown, as a person does it."""
        person = Person(self.nodes, self.callers, self.arrivals)
        settled, missing, faults = await person.settle()
        await self.until_sent(time.time())
        heard, anew, more = await person.send_anew()
        print(f"  unknown: {settled} in the outbox, {missing} of them not taken", flush=True)
        print(f"  unknown: {heard} calls, {anew} of them not taken, which were sent anew", flush=True)
        return faults + more

    async def repeat(self):
        """A key whose mail was queued is repeated at every node after all: each answers 200 with the id of before."""
        wrong, queued = [], [sent for sent in self.callers.mails if sent.answer.status == 202 and sent.has_key()]
        for sent in queued[:: len(queued) // self.options.sample + 1]:
            for node in self.nodes:
                answer = await self.callers.call(sent.number, node)
                self.callers.repeats.append(answer)
                known = await node.client.call("GET", f"/email/{min(sent.ids)}")
                if answer.status != 200 or not answer.is_held() or {answer.body.get("id")} != sent.ids:
                    wrong.append((sent.number, answer.says(), answer.body.get("id"), sent.ids))
                elif known[0] != 200 or known[1].get("delivery") != "accepted":
                    wrong.append((sent.number, known[0], known[1].get("delivery")))
        return [f"{len(wrong)} keys are not known as sent after the end: {wrong[:3]}"] if wrong else []

    def verdict(self, healed, undisturbed):
        """Until the time `undisturbed`, and but for the beginning, no call may hear anything but 200 or 202."""
        callers, arrivals = self.callers, self.arrivals()
        told = {str(sent.number) for sent in callers.mails if sent.answer.is_clear() or sent.is_resolved}
        faults = [f"{len(callers.faults)} repeats: {callers.faults[:3]}"] if callers.faults else []
        wrong = ledger(told, {str(sent.number): sent.ids for sent in callers.mails}, arrivals)
        found = ", ".join(wrong) or "none is lost, none came twice"
        print(f"  {len(callers.mails)} mails, {len(arrivals)} at the providers: {found}", flush=True)
        faults += wrong
        failed = [sent for sent in callers.mails if not sent.answer.is_clear() and not sent.is_resolved]
        said = [(one.number, one.answer.says()) for one in failed]
        faults += [f"{len(said)} calls failed: {said[:3]}"] if said else []
        strange = [answer for answer in callers.answers if not answer.is_clear()]
        # One call of some under a key may be told that another one is under way.
        strange += [answer for answer in callers.repeats if answer.status not in (200, 202, 409)]
        begin, end = self.disturbed
        calm = lambda at: at < undisturbed and not begin <= at < end
        strange = [answer.says() for answer in strange if calm(answer.begun + answer.took)]
        faults += [f"{len(strange)} answers are neither 200 nor 202: {strange[:5]}"] if strange else []
        longest = max(sent.clear_after for sent in callers.mails)
        print(f"  a caller had a clear answer after {longest:.1f} s at most", flush=True)
        return faults + self.ramp(healed, arrivals)

    def ramp(self, healed, arrivals):
        """The mails of the outbox beside what the settings promise."""
        changes = {}
        for provider, node in ((provider, node) for some, node in zip(self.providers, self.nodes) for provider in some):
            started = [(at, "started") for at in node.starts]
            changes[provider.node, provider.upstream] = started + node.changes(provider.upstream)
        ramp = Ramp(changes, self.options.ramp, PLACES)
        queued = self.callers.numbers_of(202)
        queued = [arrival for arrival in arrivals if arrival.subject in queued]
        seconds = int(min(self.drained, 2 * self.options.ramp)) + 1
        counts = per_second(queued, healed, seconds)
        most = [ramp.in_second(healed + second, DELAY) for second in range(seconds)]
        print(f"  mails of the outbox in each second: {counts}\n  at most, by the ramp: {most}", flush=True)
        return ramp.faults([arrival for arrival in queued if arrival.begun >= healed]) if self.ramps else []
