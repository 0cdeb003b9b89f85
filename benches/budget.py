"""What a mail costs smsp in user space, by module: instructions, allocations, and what stands on the heap for it.

Usage: budget.py BINARY [--update]

BINARY has line tables (`cargo build --profile budget`), so that inlined code is charged to the file it was written in;
the standard library's is charged to who calls it. callgrind counts the instructions of mails 1,001 to 3,000 of one
process with one worker, and DHAT the allocations of 1,000 mails over ten connections. Mails come one at a time, and the
kernel is not counted: both counts differ by less than one in a hundred from run to run. The figures are held beside
benches/budget.txt, which names the lock file that they belong to; --update rewrites them there, and leaves the
arguments alone. What the rules of benches/routes.txt add where there are eight upstreams is counted too, and what traces
add where their callers record none, or one of a hundred. Exit 1: something above a twentieth of all instructions has no
argument in that file, the whole has grown by more than a fiftieth, or rules or traces cost too much.
"""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUDGET = ROOT / "benches/budget.txt"
ROUTES = ROOT / "benches/routes.txt"
LOCK = ROOT / "Cargo.lock"
# The names of the crates by how code writes them.
CRATES = {name.replace("-", "_"): name for name in re.findall(r'^name = "(.+)"', LOCK.read_text(), re.MULTILINE)}
MAIL = (ROOT / "benches/mail.json").read_bytes()
WARM, COUNTED = 1000, 2000
CONNECTIONS, SOME, ALLOCATING = 10, 100, 1000
# Bytes: smaller ones are left out.
LARGE_FUTURE = 256
EIGHT = ("sg", "mg", "pm", "md", "sp", "rs", "bv", "mj")
# What 20 rules may add to a mail that none of them holds for.
ROUTING = 0.03
# What traces may add to a mail: where none is recorded, and where one of so many is.
UNRECORDED, RECORDED, ONE_OF = 0.02, 0.04, 100
# Of all instructions: what is above SHARE needs an argument, what is below NOISE is no difference, and the whole may not
# grow by more than GROWTH.
SHARE, NOISE, GROWTH = 0.05, 0.002, 0.02
# Of all bytes: what is below is no difference.
BYTES_NOISE = 0.01
# An owner of less, and of no allocation, has no row.
TINY, REST = 0.001, "everything else"
HEADER = "What a mail costs in user space, by owner: benches/budget.py explains, compares and (--update) writes these figures."
FUTURES = "bytes of boxed futures"
ARGUMENTS = "arguments for what is above a twentieth"


def receive(stream):
    """The first line of the next message, whose body is read too; nothing at the end of the connection."""
    first, length = stream.readline(), 0
    while (line := stream.readline().strip().lower()) != b"":
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    stream.read(length)
    return first


def provider():
    """SendGrid, as far as a mail needs it; its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def answer(connection):
        stream = connection.makefile("rb")
        while receive(stream):
            connection.sendall(b"HTTP/1.1 202 Accepted\r\nx-message-id: bench\r\ncontent-length: 0\r\n\r\n")

    def accept():
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


class Service:
    """smsp under a tool of valgrind's, and connections to it."""

    def __init__(self, binary, tool, connections, more=None):
        env = {
            "SMSP_HOST": "127.0.0.1",
            "SMSP_PORT": "0",
            "SMSP_ADMIN_HOST": "127.0.0.1",
            "SMSP_ADMIN_PORT": "0",
            "SMSP_API_KEY": "key",
            "SMSP_LOG_OUTPUT_FORMAT": "JSON_ONELINE",
            "SMSP_POLL_MESSAGE_ADDRESS": "test@example.org",
            "SMSP_DRAIN_DELAY": "0s",
            "SMSP_SG_API_KEY": "key",
            "SMSP_SG_BASE_URL": f"http://127.0.0.1:{provider()}",
            "TOKIO_WORKER_THREADS": "1",
            **(more or {}),
        }
        command = ["valgrind", "--quiet", *tool, binary]
        # The check has variables of its own that begin with SMSP_, and the binary refuses names that it does not know.
        others = {name: value for name, value in os.environ.items() if not name.startswith("SMSP_")}
        self.process = subprocess.Popen(command, env={**others, **env}, stdout=subprocess.PIPE)
        lines = (json.loads(line) for line in self.process.stdout)
        address = next(line["address"] for line in lines if line.get("listener") == "api")
        # Read on, so that it never waits for a reader.
        threading.Thread(target=lambda: sum(1 for _ in self.process.stdout), daemon=True).start()
        host, port = address.rsplit(":", 1)
        self.connections = [socket.create_connection((host, int(port))) for _ in range(connections)]
        self.streams = [connection.makefile("rb") for connection in self.connections]

    def send(self, mails, traceparent=lambda mail: b""):
        head = b"POST /email HTTP/1.1\r\nhost: bench\r\nx-api-key: key\r\ncontent-type: application/json\r\n"
        body = b"content-length: %d\r\n\r\n" % len(MAIL) + MAIL
        for mail in range(mails):
            at = mail % len(self.connections)
            self.connections[at].sendall(head + traceparent(mail) + body)
            first = receive(self.streams[at])
            if b" 200 " not in first:
                sys.exit(f"an answer that is no acceptance: {first}")

    def tell(self, option):
        subprocess.run(["callgrind_control", option, str(self.process.pid)], check=True, capture_output=True)

    def end(self):
        self.process.terminate()
        self.process.wait(120)


OURS = "access|app|delivery|ingress|model|runtime|service|state"
STANDARD = "the standard library"


def owner(path):
    """Whose file it is: a module of ours, a crate, the C library; nothing for the standard library's."""
    if found := re.search(r"/registry/src/[^/]+/(.+?)-\d+\.[^/]*/", path):
        return found[1]
    if found := re.search(rf"(?:^|/)src/((?:{OURS})(?:/\w+)?)", path):
        return "smsp::" + found[1].replace("/", "::")
    if "/rustc/" in path or "library/" in path or "/deps/" in path or path in ("", "???"):
        return None
    return "malloc and free" if "malloc" in path else "the rest of the C library"


def caller(function):
    """Whose function it is, by its name, for what the standard library does in it."""
    if found := re.search(rf"\bsmsp::((?:{OURS})(?:::[a-z_0-9]+)?)", function):
        return "smsp::" + found[1]
    first = re.search(r"(?<![\w:])(?!core|alloc|std)([a-z][a-z_0-9]+)::", function)
    return CRATES.get(first[1], STANDARD) if first else STANDARD


def instructions(binary, folder, name, more=None, traceparent=lambda mail: b""):
    """Of a mail, by owner; `name` is that of the file of counts."""
    out = folder / f"callgrind-{name}"
    service = Service(binary, ["--tool=callgrind", f"--callgrind-out-file={out}", "--compress-strings=no"], 1, more)
    service.send(WARM, traceparent)
    service.tell("--zero")
    service.send(COUNTED, traceparent)
    service.tell("--dump")
    service.end()
    counts, file, function, is_call = Counter(), "", "", False
    for line in Path(f"{out}.1").read_text().splitlines():
        if found := re.match(r"(fl|fi|fe|fn)=(.*)", line):
            file, function = (file, found[2]) if found[1] == "fn" else (found[2], function)
        elif line.startswith("calls="):
            is_call = True
        elif found := re.match(r"[+*-]?\d* (\d+)$", line):
            # What a call costs stands with what is called.
            counts[owner(file) or caller(function)] += 0 if is_call else int(found[1])
            is_call = False
    return Counter({name: round(count / COUNTED) for name, count in counts.items() if count >= COUNTED})


def routing(binary, folder):
    """All instructions of a mail where there are eight upstreams, without rules and with those of a file."""
    eight = {"SMSP_PROVIDERS": ",".join(EIGHT), "SMSP_MG_DOMAIN": "shop.example.com", "SMSP_MJ_API_SECRET": "key"}
    for name in (name.upper() for name in EIGHT[1:]):
        # No mail comes to them.
        eight |= {f"SMSP_{name}_API_KEY": "key", f"SMSP_{name}_BASE_URL": "http://127.0.0.1:9"}
    ruled = {**eight, "SMSP_ROUTES_FILE": str(ROUTES)}
    runs = (("eight", eight), ("ruled", ruled))
    return [sum(instructions(binary, folder, name, more).values()) for name, more in runs]


def tracing(binary, folder):
    """The instructions of a mail whose caller names its trace, by owner: where none is recorded, and where some are."""
    header = lambda mail, is_recorded: b"traceparent: 00-%032x-%016x-0%d\r\n" % (mail + 1 << 64, mail + 1, is_recorded)
    # As a collector it takes everything too.
    collector = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{provider()}"}
    runs = (("unrecorded", lambda mail: header(mail, False)), ("recorded", lambda mail: header(mail, mail % ONE_OF == 0)))
    return [instructions(binary, folder, name, collector, head) for name, head in runs]


def frames(function):
    """The owners on the way to an allocation, the nearest first. A frame ends with its file, crates' without a folder."""
    for frame in function:
        if found := re.search(rf"\bsmsp::((?:{OURS})(?:::[a-z_0-9]+)?)", frame):
            yield "smsp::" + found[1]
        elif first := re.search(r"(?<![\w:])([a-z][a-z_0-9]+)::", frame):
            if first[1] in CRATES:
                yield CRATES[first[1]]


def plain(name):
    """A future's type, without what it is generic over and how the compiler calls it."""
    name = name.replace("->", "")
    while (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    return re.sub(r"::\{(impl#\d+|async_(fn|block|closure)_env#\d+)\}", "", name)


def heap(binary, folder, mails):
    """Blocks and bytes that were asked for, by owner; how often each future was boxed, by name and bytes."""
    out = folder / f"dhat-{mails}"
    service = Service(binary, ["--tool=dhat", f"--dhat-out-file={out}"], CONNECTIONS)
    service.send(mails)
    service.end()
    found = json.loads(out.read_text())
    blocks, sizes, futures = Counter(), Counter(), Counter()
    for point in found["pps"]:
        stack = [found["ftbl"][index].split(": ", 1)[-1] for index in point["fs"]]
        name = next(frames(stack), STANDARD)
        blocks[name] += point["tbk"]
        sizes[name] += point["tb"]
        types = [match[1] for frame in stack if (match := re.match(r"(?:pin|new)<(.*)> \(", frame))]
        if types and re.search(r"async_(fn|block)_env|task::core::Cell|Future|Pending", types[0]):
            futures[plain(types[0]), round(point["tb"] / point["tbk"])] += point["tbk"]
    return blocks, sizes, futures


def allocations(binary, folder):
    """Of a mail: blocks and bytes by owner; the futures that are boxed for a mail and for a connection, in bytes."""
    few, many = (heap(binary, folder, mails) for mails in (SOME, SOME + ALLOCATING))
    of_one = lambda at, name: round((many[at][name] - few[at][name]) / ALLOCATING)
    futures = {}
    for (name, size), times in many[2].items():
        if size >= LARGE_FUTURE and times >= CONNECTIONS:
            whose = "mail" if times - few[2][name, size] > ALLOCATING / 2 else "connection"
            futures[f"{name}, a {whose}"] = size
    return {name: (of_one(0, name), of_one(1, name)) for name in many[0]}, futures


def measure(binary):
    """The rows (instructions, allocations, bytes) of a mail by owner, the futures, what routing and what traces add."""
    with tempfile.TemporaryDirectory() as name:
        counts, routed = instructions(binary, Path(name), "one"), routing(binary, Path(name))
        traced = tracing(binary, Path(name))
        for added in traced:
            added.subtract(counts)
        asked, futures = allocations(binary, Path(name))
    rows, rest = {}, sum(counts.values()) * TINY
    for name in {*counts, *asked}:
        row = (counts.get(name, 0), *asked.get(name, (0, 0)))
        name = name if row[0] > rest or row[1] else REST
        rows[name] = tuple(map(sum, zip(rows.get(name, (0, 0, 0)), row)))
    return rows, futures, routed, traced


def total(rows):
    return tuple(map(sum, zip(*rows.values())))


def recorded():
    """The rows, futures, arguments and lock file that are checked in."""
    text = BUDGET.read_text() if BUDGET.exists() else ""
    found = re.findall(r"^ *(\d+) +[\d.]+% +(\d+) +(\d+)  (.+)$", text, re.MULTILINE)
    rows = {name: tuple(map(int, row)) for *row, name in found if name != "all"}
    futures = {name: int(size) for size, name in re.findall(r"^ *(\d+) B  (.+)$", text, re.MULTILINE)}
    lock = re.search(r"^Cargo.lock: (.+)$", text, re.MULTILINE)
    return rows, futures, dict(re.findall(r"^(.+?): (.+)$", text.partition(ARGUMENTS)[2], re.MULTILINE)), lock and lock[1]


def write(rows, futures, arguments, lock):
    count = total(rows)[0]
    line = lambda name, row: f"{row[0]:7} {row[0] / count:6.1%} {row[1]:4} {row[2]:6}  {name}"
    lines = [HEADER, f"Cargo.lock: {lock}", "", "instructions, their share, allocations, bytes", line("all", total(rows))]
    lines += [line(*item) for item in sorted(rows.items(), key=lambda item: (-item[1][0], item[0]))]
    lines += ["", FUTURES, *(f"{size:7} B  {name}" for name, size in sorted(futures.items(), key=lambda item: (-item[1], item[0])))]
    lines += ["", ARGUMENTS, *(f"{name}: {text}" for name, text in arguments.items())]
    BUDGET.write_text("\n".join(lines) + "\n")


def compare(before, after):
    for name in sorted({*before, *after}):
        then, now = before.get(name, (0, 0, 0)), after.get(name, (0, 0, 0))
        limits = NOISE * total(after)[0], 0, BYTES_NOISE * total(after)[2]
        if any(abs(here - there) > limit for here, there, limit in zip(now, then, limits)):
            print(f"{name}: {then[0]} -> {now[0]} instructions, {then[1]} -> {now[1]} allocations, {then[2]} -> {now[2]} bytes")


def main():
    binary, lock = sys.argv[1], hashlib.sha256(LOCK.read_bytes()).hexdigest()
    (rows, futures, (eight, ruled), traced), (before, futures_before, arguments, lock_before) = measure(binary), recorded()
    compare(before, rows)
    for name in sorted({*futures, *futures_before}):
        if (then := futures_before.get(name, 0)) != (now := futures.get(name, 0)):
            print(f"{name}: {then} -> {now} bytes")
    if "--update" in sys.argv:
        write(rows, futures, arguments, lock)
    now, then = total(rows), total(before) if before else total(rows)
    print("a mail: {} instructions, {} allocations, {} bytes".format(*now), "(recorded: {}, {}, {})".format(*then))
    rules = ruled / eight - 1
    print(f"with eight upstreams: {eight} instructions ({eight / now[0] - 1:+.1%}), and with 20 rules {ruled} ({rules:+.1%})")
    none, some = (sum(added.values()) / now[0] for added in traced)
    print(f"with a traceparent and a collector: {none:+.1%}, and with one trace of {ONE_OF} recorded {some:+.1%}")
    for added, of in zip(traced, ("a traceparent", "traces of which some are recorded")):
        print(f"what {of} adds:", ", ".join(f"{name} {count}" for name, count in added.most_common(10)))
    if lock != lock_before:
        print("Cargo.lock is not the one that benches/budget.txt was recorded with: run it with --update")
    silent = [name for name, row in rows.items() if row[0] > SHARE * now[0] and name not in arguments]
    if silent:
        sys.exit(f"more than {SHARE:.0%} of all instructions without an argument in benches/budget.txt: {silent}")
    if rules > ROUTING:
        sys.exit(f"20 rules cost more than {ROUTING:.0%} of a mail with as many upstreams")
    if none > UNRECORDED or some > RECORDED:
        sys.exit(f"traces cost more than {UNRECORDED:.0%} of a mail where none is recorded, or {RECORDED:.0%} where some are")
    if now[0] > then[0] * (1 + GROWTH):
        sys.exit(f"more than {GROWTH:.0%} above the budget: cut it, or raise it (--update) in a commit that says why")


if __name__ == "__main__":
    main()
