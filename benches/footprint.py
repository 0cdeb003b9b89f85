"""What smsp weighs: its binary, its crates, and a node with nothing but a provider configured.

Usage: footprint.py BINARY

BINARY is the release. A node is started five times, and then is idle: the slowest start and the largest memory count. Size,
crates and memory are held beside the bars below; the time until a node listens is printed only, since it depends on the
machine. A bar is raised by a commit that says why. Exit 1: one is missed.
"""

import subprocess
import sys
import time
from pathlib import Path

from harness import processor, smsp

ROOT = Path(__file__).parent.parent
MIB = 1024 * 1024
STARTS = 5
# Seconds from the first connection on: what a node does at its start is done by then.
SETTLED = 2
# Four fifths of the memory are pages of the binary, which the kernel maps 16 at a time and shares between nodes. With the
# parts of a mail in two stores, DNS and DKIM, direct delivery has made the binary 2 MiB larger.
BARS = {"binary": 21.5, "crates": 300, "idle": 18.5}


def crates():
    """What a build for this machine compiles, without what tests alone need."""
    tree = ["cargo", "tree", "--locked", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]
    lines = subprocess.run(tree, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return len({tuple(line.split()[:2]) for line in lines if line})


def start(binary):
    """How long a node takes until it listens, in milliseconds, and the MiB that it has, all and its own alone."""
    node = smsp(binary, ["http://127.0.0.1:9"])
    time.sleep(SETTLED)
    weighed = node.ready * 1000, node.memory() / 1024, node.memory("RssAnon") / 1024
    node.stop()
    return weighed


def main(binary):
    starts = [start(binary) for _ in range(STARTS)]
    ready, idle, own = (max(values) for values in zip(*starts))
    weights = {"binary": Path(binary).stat().st_size / MIB, "crates": crates(), "idle": idle}
    print(f"{processor()}; the worst of {STARTS} starts")
    print(f"binary   {weights['binary']:6.1f} MiB, at most {BARS['binary']}")
    print(f"crates   {weights['crates']:6}    , at most {BARS['crates']}")
    print(f"idle     {idle:6.1f} MiB, at most {BARS['idle']}; {own:.1f} of them its own, the others pages of files")
    print(f"ready    {ready:6.0f} ms, 50 are wanted")
    return any(weights[name] > bar for name, bar in BARS.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
