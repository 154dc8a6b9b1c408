"""What goes wrong with two servers, their database and their chain, drawn from one seed."""

import enum
import random
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .server import STOP_TIMEOUT_SECS

GAP_LEAST_SECS, GAP_MOST_SECS = 0.5, 3.0
# How far a clock goes wrong, in either direction.
CLOCK_WRONG_MOST_SECS = 20
RESTART_EVERY_SECS = 0.5
# One that ended by itself so often, each time before it can have served, cannot start at all: no trouble takes
# that long.
STARTS_IN_VAIN_MOST, START_MOST_SECS = 60, 15
COUNT_MOST = 4


class What(enum.Enum):
    """One kind of trouble."""

    KILL = "a server killed"
    RESTART = "a server restarted politely"
    FREEZE = "a server frozen past its leases"
    DATABASE_CUT = "a server cut off from the database"
    DATABASE_SILENT = "a server's database connections silent"
    CHAIN_CUT = "a server cut off from the chain"
    CHAIN_SILENT = "a server's node connections silent"
    DATABASE_STOP = "the database stopped"
    DATABASE_CRASH = "the database crashed"
    FORK = "a fork"
    CLOCK = "the clock of a server wrong"
    LOST_ANSWERS = "answers to broadcasts lost"
    LOST_REQUESTS = "broadcasts lost"


# How often each comes, and for how many seconds it lasts at least and at most.
SHARES = {
    What.KILL: (8, 0.1, 3.0),
    What.RESTART: (3, 0.0, 0.1),
    What.FREEZE: (3, 0.5, 4.0),
    What.DATABASE_CUT: (4, 0.5, 5.0),
    What.DATABASE_SILENT: (3, 1.0, 13.0),
    What.CHAIN_CUT: (4, 0.5, 6.0),
    What.CHAIN_SILENT: (3, 1.0, 7.0),
    What.DATABASE_STOP: (2, 0.5, 3.0),
    What.DATABASE_CRASH: (3, 0.1, 2.0),
    What.FORK: (5, 0.0, 0.1),
    What.CLOCK: (3, 2.0, 5.0),
    What.LOST_ANSWERS: (5, 0.0, 0.1),
    What.LOST_REQUESTS: (4, 0.0, 0.1),
}


@dataclass(frozen=True)
class Trouble:
    """`what` happens to server `index`, `gap_secs` after the one before, for `secs`."""

    what: What
    index: int
    gap_secs: float
    secs: float
    count: int


def draw(seed, for_secs):
    """Trouble for about so long."""
    dice = random.Random(f"{seed} trouble")
    plan, total = [], 0.0
    # Each kind once at the beginning, so that every run knows all of them.
    first = list(What)
    dice.shuffle(first)
    while total < for_secs or first:
        what = first.pop() if first else dice.choices(
            list(SHARES), [share for share, _, _ in SHARES.values()])[0]
        _, least, most = SHARES[what]
        trouble = Trouble(what, dice.randrange(2), dice.uniform(GAP_LEAST_SECS, GAP_MOST_SECS),
                          dice.uniform(least, most), dice.randint(1, COUNT_MOST))
        plan.append(trouble)
        total += trouble.gap_secs + trouble.secs
    return plan


def clock_of(file):
    """Variables that make a process read its wall clock through `file`, with Debian's package libfaketime."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise RuntimeError("libfaketime is missing: install Debian's package libfaketime")
    return [f"LD_PRELOAD={found[-1]}", f"FAKETIME_TIMESTAMP_FILE={file}",
            "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_CACHE_DURATION=1"]


class Node:
    """One of the servers: its process, where that runs, and the two cables that it hangs on."""

    def __init__(self, operator, place, database, chain):
        self.operator, self.place = operator, place
        self.database, self.chain = database, chain
        self.log = open(operator.home / f"{operator.name}.log", "ab")
        self.process = None
        self.lives = 0
        self.ids = []
        # What its wall clock shows beside the right time.
        self.clock = operator.home / f"{operator.name}.clock"
        self.set_clock(0)
        # It ends by itself only where it cannot start: without its database.
        self.is_wanted = True
        # Whether this run ended it, since when it runs, and how often it ended by itself at once.
        self.was_asked, self.started, self.starts_in_vain = False, 0.0, 0
        # Why it does not serve, where nothing that this run does is the cause.
        self.defect = None

    def start(self):
        self.lives += 1
        self.was_asked, self.started = False, time.monotonic()
        self.process = subprocess.Popen(
            self.place.words(["env", *clock_of(self.clock), *self.operator.words("serve")]),
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.ids.append(self.process.pid)

    def tidy_up(self):
        """Takes its cables down, and removes what libfaketime leaves behind of a process that is killed."""
        for cable in (self.database, self.chain):
            cable.end()
        for number in self.ids:
            for name in (f"faketime_shm_{number}", f"sem.faketime_sem_{number}"):
                (Path("/dev/shm") / name).unlink(missing_ok=True)

    def set_clock(self, wrong_secs):
        """Makes its wall clock fast or slow; what is measured by the steady clock goes on as it is."""
        fresh = self.clock.with_suffix(".new")
        fresh.write_text(f"{wrong_secs:+d}\n")
        fresh.replace(self.clock)

    def keep_up(self):
        """Starts it again when it ended, as an init system does."""
        if not self.is_wanted or self.process.poll() is None:
            return
        self.find_defect()
        if self.defect is None:
            self.start()

    def find_defect(self):
        """Says whether an end that nobody asked for is one that no trouble explains."""
        status, lived = self.process.returncode, time.monotonic() - self.started
        if self.was_asked:
            return
        self.starts_in_vain = 0 if lived > START_MOST_SECS else self.starts_in_vain + 1
        if status < 0:
            self.defect = f"server {self.operator.name} was ended by {signal.Signals(-status).name}"
        elif self.starts_in_vain > STARTS_IN_VAIN_MOST:
            self.defect = f"server {self.operator.name} ended {self.starts_in_vain} times as it began"

    def end(self, how):
        """Its exit status; 0 for one that had ended by itself, as one does that cannot start."""
        self.is_wanted = False
        if self.process.poll() is not None:
            self.find_defect()
            return 0
        self.was_asked = True
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(how)
        return self.process.wait(timeout=STOP_TIMEOUT_SECS)


class Troubles(threading.Thread):
    """Carries the plan out, then heals everything."""

    def __init__(self, plan, nodes, postgres, devnet, lease_secs):
        super().__init__(daemon=True)
        self.plan, self.nodes, self.postgres, self.devnet = plan, nodes, postgres, devnet
        self.lease_secs = lease_secs
        self.counts = dict.fromkeys(What, 0)
        self.stops = []
        self.failure = None
        self.is_over = False
        threading.Thread(target=self._keep_up, daemon=True).start()

    def run(self):
        try:
            for trouble in self.plan:
                time.sleep(trouble.gap_secs)
                self._make(trouble)
                self.counts[trouble.what] += 1
        except Exception as failure:  # shown as a failed check
            self.failure = failure
        finally:
            self.devnet.ask("devnet/clear_faults")

    def _keep_up(self):
        while not self.is_over:
            time.sleep(RESTART_EVERY_SECS)
            for node in self.nodes:
                node.keep_up()

    def _make(self, trouble):
        what, node = trouble.what, self.nodes[trouble.index]
        if what is What.KILL:
            node.end(signal.SIGKILL)
            time.sleep(trouble.secs)
            node.is_wanted = True
        elif what is What.RESTART:
            self.stops.append(node.end(signal.SIGTERM))
            node.is_wanted = True
        elif what is What.FREEZE:
            node.process.send_signal(signal.SIGSTOP)
            time.sleep(self.lease_secs + trouble.secs)
            node.process.send_signal(signal.SIGCONT)
        elif what in (What.DATABASE_STOP, What.DATABASE_CRASH):
            self.postgres.stop("fast" if what is What.DATABASE_STOP else "immediate")
            time.sleep(trouble.secs)
            self.postgres.start()
        elif what in (What.DATABASE_CUT, What.DATABASE_SILENT, What.CHAIN_CUT, What.CHAIN_SILENT):
            is_database = what in (What.DATABASE_CUT, What.DATABASE_SILENT)
            cable = node.database if is_database else node.chain
            cable.cut(what in (What.DATABASE_SILENT, What.CHAIN_SILENT), trouble.count)
            time.sleep(trouble.secs)
            cable.heal()
        elif what is What.CLOCK:
            # Fast or slow, by so many seconds for each of the count.
            direction = 1 if trouble.count % 2 else -1
            node.set_clock(direction * CLOCK_WRONG_MOST_SECS * trouble.count // COUNT_MOST)
            time.sleep(trouble.secs)
            node.set_clock(0)
        elif what is What.FORK:
            self.devnet.ask("devnet/reorg", depth=trouble.count, drop=False)
        else:
            kind = "lose_answer" if what is What.LOST_ANSWERS else "lose_request"
            self.devnet.ask("devnet/fault", path="wallet/broadcast*",
                            when={"next": trouble.count}, fault={"kind": kind})
