"""The controls of the outbox's tests: each condition on fence, owner and state is broken once, and the tests have to fail.

A control is one change of a statement of each store. The changes are made in a copy of the sources, so one build of the
library's tests serves both stores: their statements are apart, and so are their tests. What is compiled of dependencies is
shared with the other builds. A control whose text is not found any more fails too: then the statement was rewritten, and the
control has to follow it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "controls"
STORES = {"sqlite": "state::outbox::sqlite::tests", "postgres": "state::outbox::postgres::tests::conformance"}
# It finds most of this too, but seeks the shortest way to each failure for up to a minute.
MODEL = "the_store_does_what_the_model_does"
# For one test binary.
TIMEOUT = 300

LITE, PG = "src/state/outbox/sqlite/", "src/state/outbox/postgres/"

# What is broken: for each store a file, where an item of it begins, a text in that item, and what takes its place there.
CONTROLS = {
    "a claim needs state queued": (
        (LITE + "claim.rs", "update envelope set state = 1", "and state = 0 and due", "and due"),
        (PG + "claim.rs", "fn sql(", "o.state = 0", "true"),
    ),
    "a claim raises the fence": (
        (LITE + "claim.rs", "update envelope set state = 1", "fence = fence + 1", "fence = fence"),
        (PG + "history.rs", "const NEXT_FENCE", ")) + 1", "))"),
    ),
    "a row is given back under its fence": (
        (LITE + "claim.rs", "set state = 0, owner = null", "and fence = ?2", "and ?2 = ?2"),
        (PG + "hand_over.rs", "const GIVE_BACK", "o.fence = h.fence", "true"),
    ),
    "a row is given back by its owner": (
        (LITE + "claim.rs", "set state = 0, owner = null", "and owner = ?3", "and ?3 = ?3"),
        (PG + "hand_over.rs", "const GIVE_BACK", "o.owner = h.owner", "true"),
    ),
    "only a claimed row is given back": (
        (LITE + "claim.rs", "set state = 0, owner = null", "and state = 1", ""),
        (PG + "hand_over.rs", "const GIVE_BACK", "o.state = 1", "true"),
    ),
    "a mark needs the fence": (
        (LITE + "hand_over.rs", "fn mark(", "and fence = ?2", "and ?2 = ?2"),
        (PG + "marks.rs", "const MAY_BE_MARKED", "o.fence = c.fence", "true"),
    ),
    "a mark needs the owner": (
        (LITE + "hand_over.rs", "fn mark(", "and owner = ?3", "and ?3 = ?3"),
        (PG + "marks.rs", "const MAY_BE_MARKED", "o.owner = c.owner", "true"),
    ),
    "a mark needs state claimed or sending": (
        (LITE + "hand_over.rs", "fn mark(", "and state in (1, 2)", ""),
        (PG + "marks.rs", "const MAY_BE_MARKED", "o.state in (1, 2)", "true"),
    ),
    "an expired mail is not marked": (
        (LITE + "hand_over.rs", "fn mark(", "and expires_at > ?5 and", "and"),
        (PG + "marks.rs", "const MAY_BE_MARKED", "o.expires_at > smsp_now()", "true"),
    ),
    "an erased mail is not marked": (
        (LITE + "hand_over.rs", "fn mark(", "and erased = 0 and", "and"),
        (PG + "marks.rs", "const MAY_BE_MARKED", "not o.erased", "true"),
    ),
    "an acceptance needs the fence": (
        (LITE + "hand_over.rs", "fn accepted(", "and fence = ?2", "and ?2 = ?2"),
        (PG + "ends.rs", "const MAY_BE_ENDED", "o.fence = c.fence", "true"),
    ),
    "an end needs the owner": (
        (LITE + "hand_over.rs", "fn accepted(", "(owner = ?3 and state = 2 or state = 3)", "(state = 2 or state = 3)"),
        (PG + "ends.rs", "const MAY_BE_ENDED", "o.owner = c.owner", "true"),
    ),
    "an end needs a state": (
        (LITE + "hand_over.rs", "fn refused(", "and state in (1, 2) or state = 3", "or state = 3"),
        (PG + "ends.rs", "const MAY_BE_ENDED", "o.state = 1 and c.state in (0, 6)", "o.state = 1"),
    ),
    "a replay needs the upstream of before": (
        (LITE + "hand_over.rs", "fn replay(", "and upstream = ?3", "and ?3 = ?3"),
        (PG + "hand_over.rs", "static REPLAY", "and upstream = $1", "and $1 = $1"),
    ),
    "a replay is made within its window": (
        (LITE + "hand_over.rs", "fn replay(", "and replay_until > ?2", ""),
        (PG + "hand_over.rs", "static REPLAY", "and replay_until > smsp_now()", ""),
    ),
    "a refused replay settles nothing": (
        (LITE + "hand_over.rs", "fn refused(", "iif(replayed, 3, 6)", "6"),
        (PG + "ends.rs", "const STATE", "when o.is_replay and c.state <> 5 then 3", ""),
    ),
    "a late refusal settles nothing that is in doubt": (
        (LITE + "late.rs", "fn not_taken(", "a.outcome is null or a.outcome = 'unknown'", "false"),
        (PG + "late.rs", "const NOT_TAKEN", "a.outcome is null or a.outcome = 'unknown'", "false"),
    ),
    "a marked row of a dead node is never queued": (
        (LITE + "nodes.rs", "let mut marked", "set state = 3", "set state = 0"),
        (PG + "care.rs", "const BURY", "when o.state = 2 then 3", "when o.state = 2 then 0"),
    ),
    "a row of a node that lives is not buried": (
        (LITE + "nodes.rs", "let mut claimed", "and owner not in (select id from node)", ""),
        (PG + "care.rs", "const BURY", "and n.seen_at > smsp_now() - $1", "and n.seen_at < $1"),
    ),
    "only what waits is cancelled": (
        (LITE + "change.rs", "fn cancel_row(", "and state in (0, 1, 4)", ""),
        (PG + "erase.rs", "const ERASE", "o.state in (0, 1, 4) as waits", "true as waits"),
    ),
    "only what waits expires": (
        (LITE + "sweep.rs", "fn expire(", "state in (0, 4)", "state < 9"),
        (PG + "sweep.rs", "const EXPIRE", "state in (0, 4)", "state < 9"),
    ),
}


def broken(text, start, before, after):
    """The source with this text replaced between `start` and the next empty line; None if it is not there."""
    head, found, rest = text.partition(start)
    item, end, tail = rest.partition("\n\n")
    if not found or before not in item:
        return None
    return head + found + item.replace(before, after) + end + tail


def copy_sources():
    """What is versioned or would be, without what the last run has left."""
    for folder in ("src", "benches", "functional_tests", "openapi", "docs"):
        shutil.rmtree(COPY / folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, COPY / name)


def build():
    """The test binary of the library, or None where it does not compile."""
    # Between two controls a few statements differ.
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    built = subprocess.run(
        ["cargo", "test", "--quiet", "--locked", "--lib", "--no-run", "--message-format=json"],
        cwd=COPY, env={**os.environ, "CARGO_TARGET_DIR": target, "CARGO_INCREMENTAL": "1"}, capture_output=True, text=True,
    )
    if built.returncode:
        print(built.stderr or built.stdout, file=sys.stderr)
        return None
    messages = (json.loads(line) for line in built.stdout.splitlines() if line.startswith("{"))
    return [message["executable"] for message in messages if message.get("executable")][-1]


def failures(binary, store):
    """The tests of a store that fail; None where they do not end in time, which is a failure too."""
    try:
        run = subprocess.run(
            [binary, STORES[store], "--skip", MODEL, "--test-threads", "2"], cwd=COPY, capture_output=True, text=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return None
    if "running 0 tests" in run.stdout:
        sys.exit(f"no test is named {STORES[store]}")
    return [line.split()[1] for line in run.stdout.splitlines() if line.endswith("... FAILED")]


def control(changes):
    """What is wrong with a control: a text that is not there, or a store whose tests do not fail."""
    wrong, originals = [], {}
    for store, (file, start, before, after) in zip(STORES, changes):
        text = (COPY / file).read_text()
        changed = broken(text, start, before, after)
        if changed is None:
            wrong.append(f"{store}: {file} has no `{before}` after `{start}`")
            continue
        originals[file] = text
        (COPY / file).write_text(changed)
    binary = build() if not wrong else None
    if not wrong and binary is None:
        wrong.append("it does not compile")
    for store in STORES if not wrong else []:
        failed = failures(binary, store)
        print(f"   {store}: {'no end in time' if failed is None else f'{len(failed)} fail, as {failed[:1]}'}", flush=True)
        if failed == []:
            wrong.append(f"{store}: no test fails")
    for file, text in originals.items():
        (COPY / file).write_text(text)
    return wrong


def main():
    """Makes the controls that are asked for, or all."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("words", nargs="*", help="only controls with one of these words in their names")
    words = arguments.parse_args().words
    copy_sources()
    binary = build()
    if binary is None or any(failures(binary, store) != [] for store in STORES):
        sys.exit("the tests fail while nothing is broken")
    wrong = []
    for name, changes in CONTROLS.items():
        if not words or any(word in name for word in words):
            print(f"== {name}", flush=True)
            wrong += [f"{name}: {fault}" for fault in control(changes)]
    print("\n".join(wrong) or "every control fails the tests of both stores")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
