"""Where a server stands: on this host, or in a network namespace of its own, whose packets can get lost.

A process that holds bytes back still has its system take them and answer for it; packets that get lost do
not. So a silence in a namespace is one of packets, in one direction or both: one end gets a wrong address of
the other's interface, and what it sends is nobody's. Nobody is told, and the link stays up.

The addresses are of 198.18.0.0/15, which is set aside for tests (RFC 2544).
"""

import os
import re
import subprocess
from pathlib import Path

from .proxy import Proxy

NAMESPACES = Path("/run/netns")
# Namespaces carry the id of the process that made them.
PREFIX = "sunsweep"
# Kinds of silence.
PACKETS, STILL = "packets", "still"
NOBODY = "02:00:00:00:00:01"
LOOPBACK = "127.0.0.1"
# What is lost, by what the plan drew: most silences are whole ones.
TO_SERVER, FROM_SERVER = "to the server", "from the server"
LOST = {1: (TO_SERVER, FROM_SERVER), 2: (TO_SERVER, FROM_SERVER), 3: (TO_SERVER,), 4: (FROM_SERVER,)}


class Host:
    """All servers side by side on the loopback interface: a silent cable is one whose programs stand still."""

    kind = "no namespaces: silent cables stand still"
    address = receiver = LOOPBACK

    @staticmethod
    def cable(target):
        return Proxy(target)

    @staticmethod
    def words(words):
        """How a program is started here."""
        return words

    def end(self):
        """Nothing was made."""


class Namespace:
    """One server's namespace, with a link to this host that carries its street, and its two cables.

    The `street` is for requests and callbacks and is never cut.
    """

    kind = "network namespaces: silent cables lose packets"

    def __init__(self, name, block, receiver):
        self.name = f"{PREFIX}-{os.getpid()}-{name}"
        # Names of interfaces have 15 characters at most.
        self.outside, self.inside = (f"ss{os.getpid()}{name}{end}" for end in "oi")
        self.block, self.receiver, self.subnets = block, receiver, 0
        _ip("netns", "add", self.name)
        try:
            _ip("link", "add", self.outside, "type", "veth", "peer", "name", self.inside, "netns", self.name)
            _ip("link", "set", self.outside, "up")
            for link in ("lo", self.inside):
                self._ip("link", "set", link, "up")
            street, self.address = self._subnet()
            # One address for the callbacks of all servers: the host takes it on any of its links.
            _ip("address", "add", f"{receiver}/32", "dev", self.outside)
            self._ip("route", "add", receiver, "via", street)
        except BaseException:
            self.end()
            raise

    def cable(self, target):
        return Cable(target, self, *self._subnet())

    def words(self, words):
        return ["nsenter", f"--net={NAMESPACES / self.name}", *words]

    def lose(self, direction, cable):
        """Loses what is sent over a cable in one direction, until it is found again."""
        ip, far, link = self._sender(direction, cable)
        ip("neighbour", "replace", far, "lladdr", NOBODY, "nud", "permanent", "dev", link)

    def find(self, direction, cable):
        ip, far, link = self._sender(direction, cable)
        ip("neighbour", "delete", far, "dev", link)

    def end(self):
        """Ends its link and itself; processes in it have ended."""
        for words in (("link", "delete", self.outside), ("netns", "delete", self.name)):
            subprocess.run(["ip", *words], stderr=subprocess.DEVNULL, check=False)

    def _sender(self, direction, cable):
        if direction is TO_SERVER:
            return _ip, cable.inside, self.outside
        return self._ip, cable.address, self.inside

    def _subnet(self):
        """A new one, of four addresses: the host's and the server's."""
        first = 4 * self.subnets
        self.subnets += 1
        host, server = (f"{self.block}.{first + place}" for place in (1, 2))
        _ip("address", "add", f"{host}/30", "dev", self.outside)
        self._ip("address", "add", f"{server}/30", "dev", self.inside)
        return host, server

    def _ip(self, *words):
        _run(self.words(["ip", *words]))


class Cable(Proxy):
    """A cable into a namespace: cut loudly like any other, and silent when its packets get lost."""

    def __init__(self, target, namespace, address, inside):
        self.namespace, self.inside, self.lost = namespace, inside, ()
        super().__init__(target, address)

    def cut(self, is_silent, how=1):
        if not is_silent:
            super().cut(is_silent)
            return
        self.lost = LOST[how]
        for direction in self.lost:
            self.namespace.lose(direction, self)

    def heal(self):
        lost, self.lost = self.lost, ()
        for direction in lost:
            self.namespace.find(direction, self)
        super().heal()


def places(names, wanted):
    """A place for each server, of the `wanted` kind of silence; without one, packets where it is allowed."""
    if wanted == STILL:
        return [Host() for _ in names]
    _remove_leftovers()
    made = []
    try:
        # Servers have a block each; the receiver is at the end of the first.
        blocks = _free_blocks(len(names))
        for name, block in zip(names, blocks):
            made.append(Namespace(name, block, f"{blocks[0]}.254"))
    except (OSError, RuntimeError) as refused:
        for place in made:
            place.end()
        if wanted == PACKETS:
            raise
        print(refused, flush=True)
        return [Host() for _ in names]
    return made


def _free_blocks(count):
    used = set(re.findall(r"\b(198\.1[89]\.\d+)\.", _run(["ip", "-o", "address"])))
    blocks = (f"198.{18 + number // 256}.{number % 256}" for number in range(512))
    free = [block for block in blocks if block not in used]
    # Runs that start at once do not begin at the same one.
    start = os.getpid() * count % len(free)
    return (free[start:] + free[:start])[:count]


def _remove_leftovers():
    """Removes namespaces of runs whose processes are gone; the links in them go with them."""
    for left in NAMESPACES.glob(f"{PREFIX}-*"):
        owner = left.name.split("-")[1]
        if not (Path("/proc") / owner).exists():
            subprocess.run(["ip", "netns", "delete", left.name], stderr=subprocess.DEVNULL, check=False)


def _ip(*words):
    _run(["ip", *words])


def _run(words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
