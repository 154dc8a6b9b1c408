"""A PostgreSQL of our own: made in a temporary directory, reached by a socket in it, stopped at will."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

START_TIMEOUT_SECS = 60
SETTINGS = "-c listen_addresses= -c fsync=on -c max_connections=100 -c shared_buffers=64MB"


def programs():
    """Where the newest installed server's programs are."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise RuntimeError("PostgreSQL is missing: install Debian's package postgresql")
    return found[-1].parent


class Postgres:
    """One server with one database; never an existing one."""

    name = "sunsweep"

    def __init__(self):
        self.programs = programs()
        self.home = Path(tempfile.mkdtemp(prefix="chaos-pg-"))
        self.home.chmod(0o755)
        # The server refuses to run as root: then the package's own user runs it.
        self.user = {}
        if os.getuid() == 0:
            entry = pwd.getpwnam("postgres")
            os.chown(self.home, entry.pw_uid, entry.pw_gid)
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self._run("initdb", "--auth=trust", f"--username={self.name}", "--encoding=UTF8",
                  "--no-locale", "--no-sync", "--pgdata", str(self.data))
        self.start()
        self.rows("postgres").execute(f"CREATE DATABASE {self.name}")

    @property
    def data(self):
        return self.home / "data"

    @property
    def socket(self):
        """Where a proxy finds it."""
        return str(self.home / ".s.PGSQL.5432")

    def start(self):
        self._ctl("start", "-l", str(self.home / "log"), "-o", f"-k {self.home} {SETTINGS}")

    def stop(self, mode):
        """`fast` ends its connections in good order; `immediate` is a crash."""
        self._ctl("stop", "-m", mode)

    def end(self):
        try:
            self.stop("immediate")
        except RuntimeError:
            pass
        shutil.rmtree(self.home, ignore_errors=True)

    def rows(self, database=name):
        return Rows(self, database)

    def _ctl(self, word, *more):
        self._run("pg_ctl", word, "-D", str(self.data), "-w", "-s", *more)

    def _run(self, program, *words):
        # Not a pipe: the server would keep it open.
        with open(self.home / "commands.log", "ab") as log:
            done = subprocess.run(
                [str(self.programs / program), *words], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, cwd="/", timeout=START_TIMEOUT_SECS, check=False, **self.user)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {words[0]} failed, see {self.home}/commands.log")


class Rows:
    """Answers SQL as a connection of sqlite3 does: whole numbers and bytes."""

    def __init__(self, server, database):
        self.server, self.database = server, database

    def execute(self, sql):
        done = subprocess.run(
            [str(self.server.programs / "psql"), "-h", str(self.server.home), "-U", Postgres.name,
             "-d", self.database, "-v", "ON_ERROR_STOP=1", "-qAtX", "-F", "\t", "-c", sql],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=START_TIMEOUT_SECS, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [tuple(_value(field) for field in line.split("\t"))
                for line in done.stdout.splitlines()]

    def close(self):
        """Nothing is kept open."""


def _value(field):
    return bytes.fromhex(field[2:]) if field.startswith("\\x") else int(field)
