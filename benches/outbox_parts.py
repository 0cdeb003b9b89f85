"""Parts of a bench of the outbox: each has a folder of its own, and says what it needs of the machine."""

import asyncio
import os
import tempfile
from pathlib import Path

from postgres import BINARIES

# What a part needs: a file.
POSTGRES, HAPROXY = BINARIES / "postgres", Path("/usr/sbin/haproxy")


def run(name, part, options):
    """The faults of a part, which has a function and what it needs. What a machine cannot run is skipped and counted."""
    work, needs = part
    print(f"{name}: {work.__doc__}", flush=True)
    for need in needs:
        if not need.exists():
            with open(os.environ.get("SKIP_LOG", os.devnull), "a") as log:
                print(f"SKIP: {need} is not here: {name}", file=log)
            print(f"  SKIP: {need} is not here", flush=True)
            return []
    with tempfile.TemporaryDirectory(dir="target") as folder:
        folder = Path(folder).resolve()
        os.chmod(folder, 0o755)
        return [f"{name}: {fault}" for fault in asyncio.run(work(options, folder))]
