"""`sunsweep serve`, set up as an operator does, killed and started again."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

from .plan import Trigger

COMMAND_TIMEOUT_SECS = 60
STOP_TIMEOUT_SECS = 40
# A kill that waits for something that does not happen comes anyway.
TRIGGER_TIMEOUT_SECS = 3.0
# A merchant that is told to wait for its server's death waits no longer.
DEATH_TIMEOUT_SECS = 2.0
# Small, so that energy that nobody uses is taken back within the run.
HOLD_SECS = 30
# How long a server's claims last after its death.
LEASE_SECS = 15
TX_EXPIRATION_MS = 60_000
# Between two looks for something due, and for a block.
LOOK_MS = 50
# Long enough that a busy machine answers in time: a repeat without a kill is a failed check.
CALLBACK_TIMEOUT_SECS = 3

SETTINGS = """\
[server]
listen = "{host}:{port}"
notice_secs = 1

[database]
url = "{database_url}"

[node]
urls = ["{node_url}"]
is_provider = false
requests_per_second = 0
poll_ms = {look_ms}
block_time_ms = {block_time_ms}

[pool]
wallets_dir = "{home}/wallets"
passphrase_file = "{home}/passphrase"

[order]
hold_secs = {hold_secs}
tx_expiration_ms = {tx_expiration_ms}

[callback]
timeout_secs = {callback_timeout_secs}
schedule_secs = [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3]
per_host = 32
allow_private = true

[worker]
idle_ms = {look_ms}
lease_secs = {lease_secs}

[secrets]
master_key_file = "{home}/master.key"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Operator:
    """Files and commands of docs/operations.md, in one directory.

    A second one in the same directory, with another `name` and `database_url`, is another server of the
    same shop.
    """

    def __init__(self, binary, home, node_url, block_time_ms, name="sunsweep", database_url=None,
                 hold_secs=HOLD_SECS, lease_secs=LEASE_SECS, tx_expiration_ms=TX_EXPIRATION_MS,
                 look_ms=LOOK_MS, host="127.0.0.1"):
        self.binary, self.home, self.name = str(binary), home, name
        self.port = free_port()
        self.address = (host, self.port)
        self.config = home / f"{name}.toml"
        self.database = home / "sunsweep.sqlite"
        self.config.write_text(SETTINGS.format(
            host=host, port=self.port, home=home, node_url=node_url, block_time_ms=block_time_ms,
            database_url=database_url or f"sqlite:{self.database}",
            hold_secs=hold_secs, lease_secs=lease_secs, tx_expiration_ms=tx_expiration_ms,
            callback_timeout_secs=CALLBACK_TIMEOUT_SECS, look_ms=look_ms))
        for file, size in (("master.key", 32), ("passphrase", 24)):
            if not (home / file).exists():
                self.write_private(file, os.urandom(size).hex())

    def write_private(self, name, text):
        path = self.home / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    def command(self, *words):
        """Exit status and standard output."""
        done = subprocess.run(
            self.words(*words), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=COMMAND_TIMEOUT_SECS, check=False)
        with open(self.home / "commands.log", "a", encoding="utf-8") as log:
            log.write(f"{words[:2]} -> {done.returncode}\n{done.stderr}")
        return done.returncode, done.stdout

    def words(self, *words):
        return [self.binary, "--config", str(self.config), *words]

    def must(self, *words):
        status, printed = self.command(*words)
        if status != 0:
            raise RuntimeError(f"sunsweep {' '.join(words[:2])} ended with {status}, see "
                               f"{self.home}/commands.log")
        return printed

    def set_up(self, world, credit_trx):
        """The API key and its secret."""
        for label, role in world.wallets():
            key = world.plan.secret(f"hot key of {label}").hex()
            file = self.write_private("hot.key", key)
            self.must("wallet", "add", "--address", world.address(label), "--role", role,
                      "--key-file", str(file))
            file.unlink()
        merchant = self.must("merchant", "add", "Shop").strip()
        self.must("merchant", "credit", merchant, str(credit_trx), "--reason", "test", "--yes")
        key = json.loads(self.must("key", "add", merchant))
        return key["api_key"], key["api_secret"]


class Server:
    """One process at a time; every life appends to one log."""

    def __init__(self, operator):
        self.operator = operator
        self.log = open(operator.home / f"{operator.name}.log", "ab")
        self.process = None
        # How a process is started beyond what every server has.
        self.more = {}
        self.lives = 0
        self.kills = []
        self.own_ends = []

    def start(self):
        self.lives += 1
        self.process = subprocess.Popen(
            self.operator.words("serve"), stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log, **self.more)

    def kill(self):
        """SIGKILL; a process that had ended by itself is remembered as such."""
        ended = self.process.poll()
        if ended is not None:
            self.own_ends.append(ended)
            return
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills.append(time.time())

    def stop(self):
        """A polite end; the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        else:
            self.own_ends.append(self.process.returncode)
        return self.process.wait(timeout=STOP_TIMEOUT_SECS)


class Killer(threading.Thread):
    """Kills and restarts as planned, then leaves the last life alone."""

    def __init__(self, server, devnet, kills):
        super().__init__(daemon=True)
        self.server, self.devnet, self.planned = server, devnet, kills
        self.armed = None
        self.fired = threading.Event()
        self.dead = threading.Event()
        self.by_trigger = {}
        self.failure = None

    def run(self):
        try:
            for kill in self.planned:
                self._kill_once(kill)
        except Exception as failure:  # shown as a failed check
            self.failure = failure

    def _kill_once(self, kill):
        time.sleep(kill.gap_secs)
        name = kill.trigger.value
        if kill.trigger is Trigger.BLOCK:
            self._await_block()
        elif kill.trigger is not Trigger.TIME:
            self.fired.clear()
            self.dead.clear()
            self.armed = kill.trigger
            if not self.fired.wait(TRIGGER_TIMEOUT_SECS):
                name = Trigger.TIME.value
            self.armed = None
        # A callback holds still until the server is dead.
        if kill.trigger is not Trigger.CALLBACK:
            time.sleep(kill.late_secs)
        self.server.kill()
        self.dead.set()
        self.by_trigger[name] = self.by_trigger.get(name, 0) + 1
        self.server.start()

    def _await_block(self):
        head, deadline = self.devnet.head(), time.monotonic() + TRIGGER_TIMEOUT_SECS
        while self.devnet.head() == head and time.monotonic() < deadline:
            time.sleep(0.005)

    def tempt(self, trigger):
        """Tells that `trigger` happens now; whether a kill follows."""
        if self.armed is not trigger:
            return False
        self.fired.set()
        return True

    def await_death(self):
        self.dead.wait(DEATH_TIMEOUT_SECS)
