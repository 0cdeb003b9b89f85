"""What a person does after an outage with `unknown` mails, as the documents say it."""

from harness import KEY
from wire import Client


class Person:
    """Looks each of them up at the provider, tells the outbox, and sends anew what the provider does not have."""

    def __init__(self, nodes, callers, arrivals):
        self.nodes, self.callers, self.arrivals = nodes, callers, arrivals

    def has(self, number):
        return any(one.subject == str(number) for one in self.arrivals())

    async def settle(self):
        """Mails of the outbox that a node had in hand when it was killed; how many there were, and were not taken."""
        client = Client(self.nodes[0].server.port, KEY)
        numbers = {id: sent.number for sent in self.callers.mails for id in sent.ids}
        settled = missing = 0
        while mails := (await client.call("GET", "/outbox?status=unknown&limit=100"))[1]["mails"]:
            for mail in mails:
                outcome = "accepted" if self.has(numbers[mail["id"]]) else "none"
                path = f"/outbox/{mail['id']}/settle"
                status, body = await self.nodes[0].admin.call("POST", path, {"as": outcome})
                if status != 200:
                    return settled, missing, [f"a mail could not be settled: {status} {body}"]
                settled, missing = settled + 1, missing + (outcome == "none")
        return settled, missing, []

    async def send_anew(self):
        """Mails whose callers heard `unknown`, or without a key nothing; how many there were, and were not taken."""
        is_unknown = lambda answer: answer.delivery() == "unknown" or answer.status == 1
        unknown = [one for one in self.callers.mails if is_unknown(one.answer)]
        faults, missing = [], [one for one in unknown if not self.has(one.number)]
        for one in missing:
            answer = await self.callers.call(one.number, self.nodes[0], suffix="-anew")
            if not answer.is_clear():
                faults.append(f"mail {one.number} was not taken when it was sent anew: {answer.says()}")
            one.ids = {answer.body.get("id")}
        for one in unknown:
            one.is_resolved = True
            # Who has heard no id has to take that of the provider.
            one.ids = one.ids or {arrival.id for arrival in self.arrivals() if arrival.subject == str(one.number)}
        return len(unknown), len(missing), faults
