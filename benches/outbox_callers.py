"""Callers of POST /email that do what the documents say, and what they were told.

A call that was not answered by 200 or 202 is made again under its key, after `Retry-After`, at the next node: with a store
that is safe. One whose node was killed may be told `unknown`: then a person has to look it up. A call without a key is made
again where its answer proves that nobody has the mail; where the outbox may have it, its id says so a while later.
"""

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from dataclasses import dataclass, field

from outbox_node import mail

# What docs/how-to says of the time-outs of clients, and of those that have the fallback, in seconds.
TIMEOUT = 25
# After so long without a clear answer a call has failed, in seconds.
PATIENCE = 300
# One mail in so many is sent to every node at the same time; another one is repeated at every node after its answer.
EVERY = 20
# One mail in so many has no key.
KEYLESS, FIRST_KEYLESS = 10, 5


@dataclass
class Answer:
    """What a call was told, and when it was made. Status 0: it was not connected; 1: it had no answer, or not in time."""

    phase: str
    begun: float
    took: float
    status: int
    body: dict = field(default_factory=dict)
    headers: dict = field(default_factory=dict)

    def delivery(self):
        return self.body.get("delivery") if isinstance(self.body, dict) else None

    def is_clear(self):
        return self.status in (200, 202)

    def is_held(self):
        return self.headers.get("idempotency-replayed") == "true"

    def says(self):
        if self.status in (0, 1):
            return ("not connected", "no answer")[self.status]
        problem = self.body.get("type", "").removeprefix("urn:smsp:problem:") if isinstance(self.body, dict) else ""
        return " ".join(filter(None, [str(self.status), self.delivery(), problem]))


@dataclass
class Sent:
    """A mail, and what its caller was told last."""

    number: int
    begun: float
    answer: Answer = None
    ids: set = field(default_factory=set)
    clear_after: float = 0.0
    is_resolved: bool = False

    def has_key(self):
        return self.number % KEYLESS != FIRST_KEYLESS


class Callers:
    """Mails at a rate, most of them under a key of their own, which a caller repeats until it has a clear answer. `settled`
    seconds after a call the store knows whether it has its mail."""

    def __init__(self, nodes, rate, settled):
        self.nodes, self.rate, self.settled, self.phase, self.is_on = nodes, rate, settled, "before", True
        # Answers to calls that send a mail, and to those that repeat one whose answer was clear or is under way.
        self.answers, self.repeats, self.mails, self.faults = [], [], [], []
        self.task = asyncio.create_task(self.run())

    async def run(self):
        start, calls = time.monotonic(), set()
        for number in itertools.count():
            if not self.is_on:
                break
            call = asyncio.create_task(self.send(number))
            calls.add(call)
            call.add_done_callback(calls.discard)
            await asyncio.sleep(max(0, start + (number + 1) / self.rate - time.monotonic()))
        await asyncio.gather(*calls)

    async def stop(self):
        self.is_on = False
        await self.task

    async def send(self, number):
        sent = Sent(number, time.time())
        self.mails.append(sent)
        others = self.nodes[1:] if number % EVERY == 0 else []
        first = self.until_clear if sent.has_key() else self.without_key
        calls = [first(sent, number, self.answers if not others else self.repeats)]
        calls += [self.until_clear(sent, self.nodes.index(node), self.repeats) for node in others]
        answers = await asyncio.gather(*calls)
        sent.answer, sent.clear_after = answers[0], time.time() - sent.begun
        if number % EVERY == EVERY // 2 and sent.answer.is_clear():
            await self.repeat(sent)

    async def repeat(self, sent):
        """At every node: each tells of the same mail, and that it was told before."""
        for index in range(len(self.nodes)):
            answer = await self.until_clear(sent, index, self.repeats)
            if answer.is_clear() and not answer.is_held():
                self.faults.append(f"mail {sent.number} at node {index} is not known, but {answer.says()}")

    async def until_clear(self, sent, node, answers):
        begun, held = time.time(), 0
        for turn in itertools.count(node):
            answer = await self.call(sent.number, self.nodes[turn % len(self.nodes)])
            answers.append(answer)
            if isinstance(answer.body, dict) and "id" in answer.body:
                sent.ids.add(answer.body["id"])
            held += answer.delivery() == "unknown" and answer.is_held()
            # An `unknown` that is held stays what it is, unless a late verdict changes it.
            if answer.is_clear() or held == 3 or time.time() - begun > PATIENCE:
                return answer
            await asyncio.sleep(float(answer.headers.get("retry-after", 0.2)))

    async def without_key(self, sent, node, answers):
        """Until it is told who has the mail, or that nobody knows."""
        begun = time.time()
        for turn in itertools.count(node):
            node = self.nodes[turn % len(self.nodes)]
            answer = await self.call(sent.number, node, key="")
            answers.append(answer)
            sent.ids = {answer.body["id"]} if isinstance(answer.body, dict) and "id" in answer.body else sent.ids
            may_be_queued = answer.says().endswith("outbox-unknown")
            if may_be_queued and await self.is_shown(answer.body["id"], turn):
                sent.is_resolved = True
                return answer
            is_none = answer.status == 0 or answer.delivery() == "none" or may_be_queued
            if answer.is_clear() or not is_none or time.time() - begun > PATIENCE:
                return answer
            await asyncio.sleep(float(answer.headers.get("retry-after", 0.2)))

    async def is_shown(self, mail_id, node):
        """Has the outbox it? As the how-to says, once the store has had its time."""
        await asyncio.sleep(self.settled)
        for turn in itertools.count(node):
            with contextlib.suppress(OSError):
                answer = await self.nodes[turn % len(self.nodes)].client.call_once(TIMEOUT, "GET", f"/email/{mail_id}")
                if answer and answer[0] in (200, 404):
                    return answer[0] == 200
            await asyncio.sleep(0.5)

    async def call(self, number, node, suffix="", key="idempotency-key: key-{}{}\r\n"):
        phase, begun = self.phase, time.time()
        call = ("POST", "/email", mail(number), key.format(number, suffix))
        try:
            answer = await node.client.call_once(TIMEOUT, *call) or (1,)
        except OSError:
            answer = (0,)
        status, *rest = answer
        headers, body = rest or ({}, {})
        return Answer(phase, begun, time.time() - begun, status, body, headers)

    def numbers_of(self, *statuses):
        return {str(sent.number) for sent in self.mails if sent.answer and sent.answer.status in statuses}


def percentiles(answers):
    """Of calls whose mail was taken or queued: the median, the 99th percentile and the longest, in ms."""
    took = sorted(answer.took * 1000 for answer in answers if answer.is_clear())
    return [took[len(took) // 2], took[len(took) * 99 // 100], took[-1]] if took else [0, 0, 0]


def report(callers, phases):
    """The answers and the latencies of each phase, as a table."""
    print("  | callers | calls | p50 ms | p99 ms | longest ms | answers |\n  |---|---|---|---|---|---|")
    for phase in phases:
        for name, answers in (("", callers.answers), (", repeats", callers.repeats)):
            of = [answer for answer in answers if answer.phase == phase]
            if of:
                said = ", ".join(f"{count} x {what}" for what, count in Counter(map(Answer.says, of)).most_common())
                cells = [f"{value:.1f}" for value in percentiles(of)]
                print(f"  | {phase}{name} | {len(of)} | {' | '.join(cells)} | {said} |", flush=True)
