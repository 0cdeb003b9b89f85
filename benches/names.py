"""A name server of a bench, and programs that ask it: by a resolv.conf that only they see, which takes root."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

A, MX = 1, 15
NO_SUCH_NAME = 3
# Of the bench alone.
ADDRESS = f"127.{os.getpid() >> 8 & 255 or 1}.{os.getpid() & 255}.53"
BIND = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


def can_be_asked():
    """May this process give others a file of their own, and listen on port 53?"""
    return os.getuid() == 0 and shutil.which("unshare") and subprocess.run(["unshare", "--mount", "true"]).returncode == 0


def encoded(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def mx(preference, host):
    return preference.to_bytes(2, "big") + encoded(host)


def address(text):
    return bytes(map(int, text.split(".")))


class Names(asyncio.DatagramProtocol):
    """`zone` tells the records of a name and a type, as they stand in an answer; none: there is no such name."""

    def __init__(self, zone):
        self.zone = zone

    async def start(self, folder):
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(ADDRESS, 53))
        file = Path(folder) / "resolv.conf"
        file.write_text(f"nameserver {ADDRESS}\n")
        # What a program is started behind that asks this server.
        self.behind = ["unshare", "--mount", "sh", "-c", BIND, "sh", str(file)]
        return self

    def stop(self):
        self.transport.close()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        end = data.index(0, 12) + 5
        labels, at = [], 12
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode("latin-1").lower())
            at += length + 1
        kind = int.from_bytes(data[end - 4 : end - 2], "big")
        records = self.zone(".".join(labels), kind)
        code = NO_SUCH_NAME if records is None else 0
        records = records or []
        head = data[:2] + (0x8580 | code).to_bytes(2, "big") + (1).to_bytes(2, "big")
        head += len(records).to_bytes(2, "big") + bytes(4)
        # The name of the question, for an hour.
        record = lambda text: b"\xc0\x0c" + kind.to_bytes(2, "big") + b"\0\1" + (3600).to_bytes(4, "big") + len(text).to_bytes(2, "big") + text
        self.transport.sendto(head + data[12:end] + b"".join(map(record, records)), peer)
