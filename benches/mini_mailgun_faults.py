"""What goes wrong with a mail beside Mini-MailGun: one kind for each defect that its code shows.

A mail is one of a kind by its number, and says so in its sender and in its recipients' domains. Each has domains of its own,
so that none is held up because of what its server did to another mail.
"""

import asyncio

from mail_server import HangUp, MailServer
from names import A, MX, address, mx

# How long a silent server keeps a connection.
SILENCE = 2
KINDS = {
    "sound": "nothing goes wrong",
    "nodomain": "a domain that does not exist",
    "allrefused": "all recipients are refused",
    "onerefused": "one of two recipients is refused",
    "onedomain": "one of two domains refuses",
    "lost": "the connection is lost after the mail",
    "mute": f"no answer after the mail: silence for {SILENCE} s",
    "stalls": f"silence for {SILENCE} s before the mail, once",
    "later": "put off once after the mail (451)",
    "closes": "the connection is closed before the mail, once",
}


def kind_of(number):
    return list(KINDS)[number % len(KINDS)]


def sender(number):
    return f"m{number}.{kind_of(number)}@shop.example.com"


def recipients(number):
    """Each, and whether its server takes it in the end."""
    kind = kind_of(number)
    one, two = (f"m{number}.{kind}.{name}.example" for name in ("one", "two"))
    return {
        "nodomain": {f"a@{one}": False},
        "allrefused": {f"no.a@{one}": False, f"no.b@{one}": False},
        "onerefused": {f"a@{one}": True, f"no.b@{one}": False},
        "onedomain": {f"a@{one}": True, f"no.b@{two}": False},
    }.get(kind, {f"a@{one}": True})


def zone(name, kind):
    """Each domain that exists has a server by a name of its own."""
    labels = name.split(".")
    if len(labels) < 4 or labels[-1] != "example" or labels[-3] == "nodomain" or labels[0].startswith("_"):
        return None
    if labels[0] == "mx":
        return [address("127.0.0.1")] if kind == A else []
    return [mx(10, f"mx.{name}")] if kind == MX else []


class Servers(MailServer):
    """The servers of all domains."""

    def __init__(self):
        super().__init__(self.act)
        # How often each mail has come.
        self.came = {}

    async def act(self, _here, verb, line, mail):
        kind = mail["from"].split("@")[0].split(".")[1] if mail else ""
        if verb == "MAIL":
            self.came[mail["from"]] = self.came.get(mail["from"], 0) + 1
            if self.came[mail["from"]] == 1 and kind in ("stalls", "closes"):
                await asyncio.sleep(SILENCE if kind == "stalls" else 0)
                raise HangUp
        if verb == "RCPT" and "<no." in line:
            return "550 5.1.1 no such user"
        if verb == ".":
            if kind == "later" and self.came[mail["from"]] == 1:
                return "451 4.7.1 later"
            self.takes(mail)
            if kind in ("lost", "mute"):
                await asyncio.sleep(SILENCE if kind == "mute" else 0)
                raise HangUp
        return None
