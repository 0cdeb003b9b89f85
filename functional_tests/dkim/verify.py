"""Verifies each signature of each mail of the JSON list on stdin, a line for each mail; the names and texts of the records
are in the JSON file of argv[1]."""

import json
import sys

import dkim

with open(sys.argv[1]) as file:
    records = {f"{name}.".encode(): text.encode() for name, text in json.load(file)}


def verified(mail, index):
    try:
        return dkim.DKIM(mail).verify(index, dnsfunc=lambda name, timeout=5: records.get(name))
    except dkim.DKIMException as error:
        return error


for text in json.load(sys.stdin):
    mail = text.encode()
    signatures = sum(name.lower() == b"dkim-signature" for name, _ in dkim.rfc822_parse(mail)[0])
    print(*(verified(mail, index) for index in range(signatures)))
