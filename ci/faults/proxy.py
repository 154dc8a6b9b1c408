"""A cable that can be cut: a TCP proxy between a server and its database or its TRON node.

Each is a process of its own: everything that two servers ask their database goes through here, which is
too much for the process that is also merchant, receiver and judge.
"""

import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import time

CHUNK_BYTES = 64 * 1024
END_TIMEOUT_SECS = 10
SILENT_LOOK_SECS = 0.02
# Closing tells the other end at once that the connection is broken.
BROKEN = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes everything on, until told otherwise.

    `target` is a path of a Unix socket, or a host and a port.
    """

    def __init__(self, target):
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(target)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def cut(self, is_silent):
        """Silent: nothing passes and nobody is told. Else: connections end and new ones are refused."""
        self._tell("silent" if is_silent else "cut")

    def heal(self):
        self._tell("heal")

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=END_TIMEOUT_SECS)

    def _tell(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()


class Cable:
    """The process behind a [`Proxy`]."""

    def __init__(self, target):
        self.target = target
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0))
        # Each end that is still read from, with the other one.
        self.far = {}
        self.refuses = self.is_silent = False

    def run(self):
        print(self.listener.getsockname()[1], flush=True)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(sys.stdin, selectors.EVENT_READ, None)
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    words = os.read(sys.stdin.fileno(), CHUNK_BYTES).decode().split()
                    if not words:
                        return
                    for word in words:
                        self._obey(word)
                elif key.fileobj is self.listener or key.fileobj in self.far:
                    if not self.is_silent:
                        key.data(key.fileobj)
            if self.is_silent:
                time.sleep(SILENT_LOOK_SECS)

    def _obey(self, word):
        if word == "cut":
            for end in list(self.far):
                self._break(end)
        # Whoever comes during a silence is let in by the system, and waits.
        self.refuses, self.is_silent = word == "cut", word == "silent"

    def _accept(self, listener):
        near, _ = listener.accept()
        try:
            if self.refuses:
                raise ConnectionRefusedError
            far = self._connect()
        except OSError:
            near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BROKEN)
            near.close()
            return
        for end, other in ((near, far), (far, near)):
            if end.family == socket.AF_INET:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.far[end] = other
            self.selector.register(end, selectors.EVENT_READ, self._pass)

    def _connect(self):
        if isinstance(self.target, str):
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.target)
            return far
        return socket.create_connection(self.target)

    def _pass(self, end):
        """What has come goes on. The other end may stand still: then so does this server's cable."""
        other = self.far[end]
        try:
            chunk = end.recv(CHUNK_BYTES)
            if chunk:
                other.sendall(chunk)
                return
            self._forget(end)
            if other in self.far:
                other.shutdown(socket.SHUT_WR)
            else:
                end.close()
                other.close()
        except OSError:
            self._break(end)

    def _forget(self, end):
        if self.far.pop(end, None) is not None:
            self.selector.unregister(end)

    def _break(self, end):
        """Both ends learn at once that the connection is no more."""
        other = self.far.get(end)
        for one in (end, other):
            if one is None or one.fileno() < 0:
                continue
            self._forget(one)
            if one.family == socket.AF_INET:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BROKEN)
            one.close()


if __name__ == "__main__":
    Cable(json.loads(sys.argv[1])).run()
