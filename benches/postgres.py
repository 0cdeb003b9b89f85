"""A PostgreSQL of a bench: without privileges, on a socket of its own, with the settings of Debian but for memory."""

import atexit
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql/15/bin")
# `nobody` and `nogroup` of Debian: PostgreSQL does not run as root.
NOBODY = 65534


def unprivileged(program, *arguments):
    command = [str(BINARIES / program), *map(str, arguments)]
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]


class Postgres:
    """Runs until the bench ends. `url` has DATABASE for the name of a database."""

    def __init__(self, folder, databases):
        self.folder = Path(folder)
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, NOBODY, NOBODY)
        data = self.folder / "data"
        options = ["-U", "smsp", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(unprivileged("initdb", "-D", data, *options), check=True, capture_output=True)
        self.url = f"postgres:///DATABASE?host={self.folder}&user=smsp"
        atexit.register(self.stop)
        self.start()
        for name in databases:
            self.ask(f"create database {name}")
            self.ask("create extension pg_stat_statements", name)

    def start(self):
        settings = ["listen_addresses=", "shared_buffers=256MB", "max_wal_size=1GB"]
        # Which is a part of the package of the server. COMMIT and the like are no queries.
        settings += ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_utility=off"]
        settings = [word for setting in settings for word in ("-c", setting)]
        with (self.folder / "log").open("a") as log:
            command = unprivileged("postgres", "-D", self.folder / "data", "-k", self.folder, *settings)
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        while self.process.poll() is None and not self.takes("select 1"):
            time.sleep(0.05)

    def kill(self):
        """As if its machine had stopped: all of its processes at once."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(self.process.pid, signal.SIGSTOP)
        for pid in map(int, children):
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for left in ["data/postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock"]:
            (self.folder / left).unlink(missing_ok=True)

    def ask(self, sql, database="postgres"):
        command = unprivileged("psql", "-h", self.folder, "-U", "smsp", "-d", database, "-Atc", sql)
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def queries(self, database):
        """How many there were so far, but for those like this one, and for what belongs to the BEGIN of a transaction."""
        sql = """select sum(calls) from pg_stat_statements join pg_database on oid = dbid
            where datname = current_database() and query !~ 'pg_stat|set_config'"""
        return int(self.ask(sql, database) or 0)

    def takes(self, sql):
        command = unprivileged("psql", "-h", self.folder, "-U", "smsp", "-d", "postgres", "-Atc", sql)
        return subprocess.run(command, capture_output=True).returncode == 0

    def stop(self):
        # Without waiting for its clients.
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
