"""The controls of the outbox's tests: each condition on fence, owner and state is broken once, and the tests have to fail.

A control is one change of a statement of each store. The tests of the library are built once; a control changes the text of
the statement in a copy of that binary, where it stands as the source has it, and pads it with spaces. So a control cannot
make a text longer, and changes SQL alone. One whose text is not found in the source any more, or more often than it says,
fails too: then the statement was rewritten, and the control has to follow it. `--texts` looks for that alone.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "target" / "controls"
# A string in the source of an item, and where a value of another constant stands in it.
LITERAL, PLACE = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL), re.compile(r"\{\w*\}")
STORES = {"sqlite": "state::outbox::sqlite::tests", "postgres": "state::outbox::postgres::tests::conformance"}
# It finds most of this too, but seeks the shortest way to each failure for up to a minute.
MODEL = "the_store_does_what_the_model_does"
# For one test binary.
TIMEOUT = 300

LITE, PG = "src/state/outbox/sqlite/", "src/state/outbox/postgres/"

# What is broken: for each store a file, where an item of it begins, a text in that item, what takes its place there, and how
# often it stands there, if more than once; several of these, where each of two conditions covers for the other; or nothing,
# where the condition stands in Rust.
CONTROLS = {
    # Both ask twice: when they look at a queue, and when they take a row.
    "a claim needs state queued": (
        [
            (LITE + "claim.rs", "update envelope set state = 1", "and state = 0 and due", "and due"),
            (LITE + "claim.rs", "fn of_queue(", "state = 0 and", ""),
        ],
        [
            (PG + "claim.rs", "fn sql(", "o.state = 0", "true"),
            (PG + "claim.rs", "fn sql(", "o.state + 0 = 0", "true"),
        ],
    ),
    "a claim raises the fence": (
        (LITE + "claim.rs", "update envelope set state = 1", "fence = fence + 1", "fence = fence"),
        (PG + "history.rs", "const NEXT_FENCE", ")) + 1", "))"),
    ),
    "a row is given back under its fence": (
        (LITE + "claim.rs", "set state = 0, owner = null", "and fence = ?2", "and ?2 = ?2"),
        (PG + "hand_over.rs", "const GIVE_BACK", "o.fence = h.fence", "true", 2),
    ),
    "a row is given back by its owner": (
        (LITE + "claim.rs", "set state = 0, owner = null", "and owner = ?3", "and ?3 = ?3"),
        (PG + "hand_over.rs", "const GIVE_BACK", "o.owner = h.owner", "true", 2),
    ),
    "only a claimed row is given back": (
        (LITE + "claim.rs", "set state = 0, owner = null", "and state = 1", ""),
        (PG + "hand_over.rs", "const GIVE_BACK", "o.state + 0 = 1", "true", 2),
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
        (PG + "marks.rs", "const MAY_BE_MARKED", "o.state + 0 in (1, 2)", "true"),
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
        (LITE + "hand_over.rs", "fn to_replay(", "and upstream = ?1", "and ?1 = ?1"),
        (PG + "hand_over.rs", "static REPLAY", "and upstream = $1", "and $1 = $1"),
    ),
    "a replay is made within its window": (
        (LITE + "hand_over.rs", "fn to_replay(", "and replay_until > ?2", ""),
        (PG + "hand_over.rs", "static REPLAY", "and replay_until > smsp_now()", ""),
    ),
    "a refused replay settles nothing while the first hand-over is in doubt": (
        (LITE + "hand_over.rs", "fn refused(", "iif(?6, 3, 6)", "6"),
        (PG + "ends.rs", "const KEEPS_DOUBT", "o.is_replay", "false"),
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
        (LITE + "nodes.rs", "let mut claimed", "and owner not in (select id from node)", "", 2),
        (PG + "care.rs", "const BURY", "and n.seen_at > smsp_now() - $1", "and n.seen_at < $1"),
    ),
    "only what waits is cancelled": (
        (LITE + "change.rs", "fn cancel_row(", "and state in (0, 1, 4)", ""),
        (PG + "erase.rs", "const ERASE", "o.state in (0, 1, 4) as waits", "true as waits"),
    ),
    "only what waits expires": (
        [
            (LITE + "sweep.rs", "const OVER", " indexed by envelope_expires", ""),
            (LITE + "sweep.rs", "const OVER", "state in (0, 4)", "state < 9"),
            (LITE + "sweep.rs", "fn expire(", "state in (0, 4)", "state < 9"),
        ],
        (PG + "sweep.rs", "static EXPIRE", "state in (0, 4)", "state < 9", 2),
    ),
    "only what waits for people is retried": ((LITE + "operators.rs", "fn retry(", "and state in (3, 4)", ""), None),
    "only what is unknown is settled as none": ((LITE + "operators.rs", "fn not_taken(", "and state = 3", ""), None),
    "only what is queued is sent at another time": (
        (LITE + "change.rs", "fn reschedule(", "and state = 0", ""),
        (PG + "status.rs", "const RESCHEDULE", "and state = 0", ""),
    ),
    "what is on the wire is not erased": (None, (PG + "status.rs", "const ERASE", "and state not in (1, 2)", "")),
    "only what is unknown is replayed": (
        [
            (LITE + "hand_over.rs", "fn to_replay(", "where state = 3 and", "where"),
            (LITE + "hand_over.rs", "fn replay(", "and state = 3", ""),
        ],
        (PG + "hand_over.rs", "static REPLAY", "where state = 3 and", "where"),
    ),
    "only what is parked is released": (
        [
            (LITE + "restore.rs", "const MEANT", "where state = 4 and", "where"),
            (LITE + "restore.rs", "pub(super) fn release(", "and state = 4", ""),
        ],
        (PG + "restore.rs", "const MEANT", "o.state = 4 and", ""),
    ),
    "a split needs the fence": (
        (LITE + "parts/split.rs", "let update =", "and fence = ?2", "and ?2 = ?2"),
        (PG + "parts/split.rs", "const SPLIT:", "o.fence = c.fence", "true"),
    ),
    "a split needs the owner": (
        (LITE + "parts/split.rs", "let update =", "and owner = ?3", "and ?3 = ?3"),
        (PG + "parts/split.rs", "const SPLIT:", "o.owner = c.owner", "true"),
    ),
    "a mark of a part needs the fence": (
        (LITE + "parts/hand_over.rs", "fn mark(", "and fence = ?2", "and ?2 = ?2"),
        (PG + "parts/hand_over.rs", "const MARK", "p.fence = c.fence", "true"),
    ),
    "a mark of a part needs the owner": (
        (LITE + "parts/hand_over.rs", "fn mark(", "and owner = ?3", "and ?3 = ?3"),
        (PG + "parts/hand_over.rs", "const MARK", "p.owner = c.owner", "true"),
    ),
    "a mark of a part needs state claimed or sending": (
        (LITE + "parts/hand_over.rs", "fn mark(", "and state in (1, 2)", ""),
        (PG + "parts/hand_over.rs", "const MARK", "p.state + 0 in (1, 2)", "true"),
    ),
    "a part of an erased mail is not marked": (
        (LITE + "parts/hand_over.rs", "fn mark(", "e.id = part.envelope) = 0", "e.id = part.envelope)<9"),
        (PG + "parts/hand_over.rs", "const MARK", "and not o.erased", ""),
    ),
    "of two parts that end a mail one has ended it": (
        (LITE + "parts/whole.rs", "fn told_again(", "ended_by is not ?2", "?2 = 0"),
        (PG + "parts/whole.rs", "const TOLD", "ended_by is distinct from $2", "$2 = 0"),
    ),
    "a late verdict is of a claim that has lost its row": (
        (LITE + "late.rs", "fn state_of_lost(", "fence > ?2 or", ""),
        (PG + "late.rs", "const LOST", "fence > $2 or", ""),
    ),
}


def texts(source, start, before):
    """The texts with `before` of the item that begins with `start` and ends with an empty line, as the compiler has them."""
    begin = source.find(start)
    end = source.find("\n\n", begin)
    # It may begin within a string.
    strings = [found[1] for found in LITERAL.finditer(source[:end]) if found.end() > begin]
    strings = [re.sub(r"\\\n\s*", "", text).replace('\\"', '"') for text in strings]
    return [piece for text in strings for piece in PLACE.split(text) if before in piece]


def misfit(file, start, before, after, times=1):
    """Why a change cannot be made in the source as it stands, if so."""
    source = (ROOT / file).read_text()
    if (begins := source.count(start)) != 1:
        return f"{file} has {begins} times `{start}`"
    if (stands := sum(text.count(before) for text in texts(source, start, before))) != times:
        return f"{file} has {stands} times `{before}` after `{start}`, not {times}"
    return f"`{after}` is longer than `{before}`" if len(after) > len(before) else None


def misfits():
    """What is wrong with the texts of all controls."""
    each = [(name, change) for name, changes in CONTROLS.items() for change in changes if change]
    each = [(name, one) for name, changes in each for one in (changes if isinstance(changes, list) else [changes])]
    return [f"{name}: {wrong}" for name, change in each if (wrong := misfit(*change))]


def broken(binary, changes):
    """The binary with statements changed; or, as a text, why it cannot be."""
    for change in changes if isinstance(changes, list) else [changes]:
        binary = binary if isinstance(binary, str) else changed(binary, *change[:4])
    return binary


def changed(binary, file, start, before, after):
    """The binary with a statement changed; or, as a text, why it cannot be."""
    for text in set(texts((ROOT / file).read_text(), start, before)):
        if text.encode() not in binary:
            return f"the binary has no `{text}`"
        binary = binary.replace(text.encode(), text.replace(before, after.ljust(len(before))).encode())
    return binary


def build():
    """The test binary of the library."""
    command = ["cargo", "test", "--quiet", "--locked", "--lib", "--no-run", "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if built.returncode:
        sys.exit("the tests do not compile")
    messages = (json.loads(line) for line in built.stdout.splitlines() if line.startswith("{"))
    return Path([message["executable"] for message in messages if message.get("executable")][-1])


def fails(binary, store):
    """The first test of a store that fails, or that they do not end in time, which is a failure too; None if all pass."""
    command = ["timeout", str(TIMEOUT), binary, STORES[store], "--skip", MODEL, "--test-threads", "2"]
    tests = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    first = None
    for line in tests.stdout:
        if line.startswith("running 0 tests"):
            sys.exit(f"no test is named {STORES[store]}")
        if line.endswith("... FAILED\n"):
            first = line.split()[1]
            break
    tests.terminate()
    tests.stdout.close()
    return first or (None if tests.wait() == 0 else "no end in time")


def control(binary, changes):
    """What is wrong with a control: a text that is not there, or a store whose tests do not fail."""
    wrong = []
    for store, change in zip(STORES, changes):
        if change is None:
            continue
        copy = broken(binary, change)
        if isinstance(copy, str):
            wrong.append(f"{store}: {copy}")
            continue
        COPY.write_bytes(copy)
        COPY.chmod(0o755)
        failed = fails(COPY, store)
        print(f"   {store}: {failed or 'no test'} fails", flush=True)
        if failed is None:
            wrong.append(f"{store}: no test fails")
    return wrong


def main():
    """Makes the controls that are asked for, or all."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("words", nargs="*", help="only controls with one of these words in their names")
    arguments.add_argument("--texts", action="store_true", help="only whether what they change is there, in the source")
    arguments.add_argument("--binary", type=Path, help="the tests of the library, where they are built already")
    options = arguments.parse_args()
    if wrong := misfits():
        sys.exit("\n".join(wrong))
    if options.texts:
        return
    path = options.binary or build()
    if any(fails(path, store) for store in STORES):
        sys.exit("the tests fail while nothing is broken")
    binary, wrong = path.read_bytes(), []
    for name, changes in CONTROLS.items():
        if not options.words or any(word in name for word in options.words):
            print(f"== {name}", flush=True)
            wrong += [f"{name}: {fault}" for fault in control(binary, changes)]
    COPY.unlink(missing_ok=True)
    print("\n".join(wrong) or "every control fails the tests of both stores")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
