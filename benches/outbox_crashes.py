"""The outbox beside what people use instead, in trouble: what is lost, sent twice or stuck, as a table.

Each contender is killed under load with all of its processes, and then meets a provider that takes mail and does not answer.
The bench fails where smsp loses a mail, sends one twice, or leaves one stuck.
"""

import asyncio
import random
import time

from outbox_node import mail
from outbox_queues import DATABASES, contenders
from postfix import Postfix
from postgres import Postgres
from queues import Outbox
from smtp import SmtpProvider
from wire import Provider

# Seconds after the last start. What has not ended by then, while nothing has ended for so long, is stuck.
PATIENCE, STANDSTILL = 60, 10
# Of a call of a provider that does not answer: that of the peers. smsp waits 60 s for mail of its outbox.
TIMEOUT = 10
# How long the provider does not answer.
SILENCE = 15


class Case:
    """A contender with a provider of its own, callers that make mail, and what they were told."""

    def __init__(self, queue, rate):
        self.queue, self.rate, self.accepted, self.next, self.is_on = queue, rate, {}, 0, True
        self.stuck, self.rescue = 0, None

    async def start(self, delay):
        kind = SmtpProvider if isinstance(self.queue, Postfix) else Provider
        self.provider = await kind(delay).start()
        await self.begin()
        self.load = asyncio.create_task(self.run())

    async def begin(self):
        await asyncio.to_thread(self.queue.start, self.provider.port, TIMEOUT * 1000)
        self.client = self.queue.client()

    async def run(self):
        calls, start = set(), time.monotonic()
        while self.is_on:
            call = asyncio.create_task(self.post(self.next))
            calls.add(call)
            call.add_done_callback(calls.discard)
            self.next += 1
            await asyncio.sleep(max(0, start + self.next / self.rate - time.monotonic()))
        await asyncio.gather(*calls)

    async def post(self, number):
        """Once: a call without an answer may have been accepted, and counts for neither."""
        try:
            async with asyncio.timeout(30):
                if given := await self.client.post(mail(number)):
                    self.accepted[str(number)] = given
        except (OSError, asyncio.TimeoutError):
            pass

    async def stop_load(self):
        self.is_on = False
        await self.load

    async def left(self):
        return await asyncio.to_thread(self.queue.left)

    async def ends(self, seconds):
        """What does not end in time; a backlog that still shrinks has more."""
        before, until = None, time.monotonic() + seconds
        while left := await self.left():
            if left != before:
                before, until = left, max(until, time.monotonic() + STANDSTILL)
            if time.monotonic() > until:
                return left
            await asyncio.sleep(0.5)
        return 0

    async def settle(self, patience=PATIENCE):
        """What is stuck; what is rescued later is then waited for, as it may be sent twice."""
        self.stuck = await self.ends(patience)
        if self.stuck:
            start = time.monotonic()
            self.rescue = await asyncio.to_thread(self.queue.rescue)
            if self.rescue:
                await self.begin()
            still = await self.ends(240)
            took = f"{patience + time.monotonic() - start:.0f} s"
            self.rescue = f"more than {took}" if still else self.rescue or took

    async def row(self):
        """Its row, and what smsp must not do."""
        taken = self.provider.taken
        twice = sum(1 for times in taken.values() if times > 1)
        missing = [given for number, given in self.accepted.items() if number not in taken]
        lost = sum([not await self.queue.tells(self.client, given) for given in missing])
        unknown = await asyncio.to_thread(self.queue.unknown)
        stuck = f"{self.stuck}, for {self.rescue}" if self.stuck else "0"
        faults = {"lost": lost, "sent twice": twice, "stuck": self.stuck}
        found = [f"{self.queue.name}: {count} {fault}" for fault, count in faults.items() if count]
        found += [] if self.accepted else [f"{self.queue.name}: no mail was accepted"]
        row = f"| {self.queue.name} | {len(self.accepted)} | {lost} | {twice} | {stuck} | {unknown} |"
        return row, found if isinstance(self.queue, Outbox) else []


async def kill(case, options):
    """So many times under load, at a moment that nobody knows."""
    await case.start(0.05)
    for _ in range(options.kills):
        await asyncio.sleep(random.uniform(1, 3))
        await asyncio.to_thread(case.queue.kill)
        await case.begin()
    await asyncio.sleep(1)
    await case.stop_load()


async def silence(case):
    """The provider takes what comes for a while and does not answer; then it answers again."""
    await case.start(3600)
    await asyncio.sleep(SILENCE)
    case.provider.delay = 0.05
    await case.stop_load()
    # Each attempt under way ends by its time-out first.
    await case.settle(120)


async def part(options, folder, rate, work, title):
    """One table: new stores, and a case for each contender."""
    database = await asyncio.to_thread(Postgres, folder / "database", DATABASES)
    cases = [Case(queue, rate) for queue in await asyncio.to_thread(contenders, options, folder, database)]
    await work(cases)
    print(f"\n## {title}\n\n| | accepted | lost | sent twice | stuck | reported as unknown |\n|---|---|---|---|---|---|")
    faults = []
    for case in cases:
        row, found = await case.row()
        print(row, flush=True)
        faults += [f"{title}: {fault}" for fault in found]
        await asyncio.to_thread(case.queue.stop)
    await asyncio.to_thread(database.stop)
    return faults


async def killed(options, folder):
    async def work(cases):
        # One after the other while there is load; each has its own time afterwards.
        waits = []
        for case in cases:
            await kill(case, options)
            waits.append(asyncio.create_task(case.settle()))
        await asyncio.gather(*waits)

    title = f"Killed {options.kills} times under {options.rate} mails a second; stuck: {PATIENCE} s after the last start"
    return await part(options, folder, options.rate, work, title)


async def silent(options, folder):
    async def work(cases):
        await asyncio.gather(*(silence(case) for case in cases))

    return await part(options, folder, 20, work, f"A provider that takes mail for {SILENCE} s and does not answer")


def crashes(options, folder):
    """The tables, and what is wrong."""
    seed = options.seed or random.randrange(1 << 32)
    random.seed(seed)
    print(f"\nseed {seed}", flush=True)
    faults = []
    for name, work in {"killed": killed, "silent": silent}.items():
        (folder / name).mkdir()
        faults += asyncio.run(work(options, folder / name))
    return faults
