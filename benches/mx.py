"""Direct delivery: mails in a second to four mail servers beside Postfix, and what dead and slow destinations cost others."""

import argparse
import datetime
import os
import tempfile
from pathlib import Path

from harness import processor
from mx_fairness import fairness
from mx_postfix import side_by_side

PARTS = {"postfix": side_by_side, "fairness": fairness}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/smsp")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mails", type=int, default=4000, help="of a round")
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=100, help="mails in a second to those sites that are well")
    parser.add_argument("--only", choices=list(PARTS))
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {processor()}, Linux {os.uname().release}, {datetime.date.today()}", flush=True)
    for name, part in PARTS.items():
        # On the disk of the project: a folder for temporary files may be in memory.
        with tempfile.TemporaryDirectory(dir="target") as folder:
            os.chmod(folder, 0o755)
            if options.only in (None, name):
                part(options, Path(folder).resolve())


if __name__ == "__main__":
    main()
