"""Load on a server, and what it costs: h2load sends the mails, the kernel books the processor time (/proc/PID/stat)."""

import re
import statistics
import subprocess
import sys
from pathlib import Path

from harness import KEY

MAIL = Path(__file__).with_name("mail.json")


def h2load(server, *options, log=None, mail=MAIL, path="/email"):
    """Runs a load of this mail, a file; how many were taken, and its seconds."""
    command = ["h2load", "--h1", "-t", "1", "-d", str(mail), "-H", f"x-api-key: {KEY}", *map(str, options)]
    command += ["-H", "content-type: application/json"]
    command += [f"--log-file={log}"] if log else []
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    codes = [int(count) for count in re.search(r"(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", output).groups()]
    if codes[0] == 0 or sum(codes[1:]):
        sys.exit(f"{server.name} did not take every mail:\n{output}")
    seconds, unit = re.search(r"finished in ([\d.]+)(m?s)", output).groups()
    return codes[0], float(seconds) / (1000 if unit == "ms" else 1)


def cost(server, mails, clients, mail=MAIL):
    """Microseconds of user and of system time for each mail, and mails in a second."""
    before = server.cpu()
    count, seconds = h2load(server, "-n", mails, "-c", clients, mail=mail)
    user, system = [(after - then) * 1e6 / count for after, then in zip(server.cpu(), before)]
    return user, system, count / seconds


def latency(server, rate, folder, seconds=5, clients=32):
    """The median and the 99th percentile in microseconds, at this rate, whether or not answers come; processor time."""
    log = folder / "latency.log"
    log.unlink(missing_ok=True)
    before = sum(server.cpu())
    h2load(server, "-D", seconds, "-c", clients, "--rps", rate / clients, log=log)
    times = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    spent = (sum(server.cpu()) - before) * 1e6 / len(times)
    return times[len(times) // 2], times[len(times) * 99 // 100], spent


def spread(values, digits=1):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"
