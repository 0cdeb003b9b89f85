"""Reads mails with Python's `email` and writes what it found as JSON: a folder of mails, the file to write.

Names are read by the old interface. The new one puts a space between two encoded-words of a name, where RFC 2047 6.2 has
none, and one in place of several that stand inside of an encoded-word: faults of its own, in Python 3.11 at least.
"""

import email
import email.policy
import json
import sys
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path


def text(header):
    return str(make_header(decode_header(header)))


def people(message, name):
    addresses = getaddresses(message.get_all(name, []))
    return [[text(name), address] for name, address in addresses]


def files(message):
    return [part.get_filename() for part in message.walk() if part.get_filename() is not None]


def both(old, new):
    return old if old == new else f"{old!r} by the old interface, {new!r} by the new one"


def read(path):
    # As text, for headers beyond ASCII (RFC 6532) are UTF-8.
    mail = path.read_bytes().decode()
    old = email.message_from_string(mail, policy=email.policy.compat32)
    new = email.message_from_string(mail, policy=email.policy.default)
    unfolded = {key: value.replace("\r\n", "").replace("\n", "") for key, value in old.items()}
    return {
        "subject": both(text(unfolded["Subject"]), str(new["Subject"])),
        "from": people(old, "From")[0],
        "to": people(old, "To"),
        "files": [both(*names) for names in zip(files(old), files(new), strict=True)],
        "references": unfolded.get("References", "").split(),
    }


folder, found = Path(sys.argv[1]), Path(sys.argv[2])
found.write_text(json.dumps({path.name: read(path) for path in folder.iterdir()}))
