"""A cable that can be cut: a TCP proxy between a server and its database or its TRON node.

Here connections are only accepted. What passes is moved by a socat for each of them, as everything that two
servers ask their database is too much for Python: one that is stopped is a silent connection, one that is
killed a broken one.
"""

import selectors
import signal
import socket
import struct
import subprocess
import threading

CHUNK_BYTES = 64 * 1024
END_TIMEOUT_SECS = 10
# Closing tells the other end at once that the connection is broken.
BROKEN = struct.pack("ii", 1, 0)


class Proxy(threading.Thread):
    """Listens on a free port of `address` and passes everything on, until told otherwise.

    `target` is a path of a Unix socket, or a host and a port.
    """

    def __init__(self, target, address="127.0.0.1"):
        super().__init__(daemon=True)
        self.target, self.address = target, address
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.wires = []
        self.is_silent = self.is_cut = False
        self.bell, self.ear = socket.socketpair()
        self.start()

    def cut(self, is_silent, _how=None):
        """Silent: nothing passes and nobody is told. Else: connections end and new ones are refused."""
        with self.lock:
            self.is_silent, self.is_cut = is_silent, not is_silent
            self._signal(signal.SIGSTOP if is_silent else signal.SIGKILL)
        self.bell.send(b"!")

    def heal(self):
        with self.lock:
            self.is_silent = self.is_cut = False
            self._signal(signal.SIGCONT)
        self.bell.send(b"!")

    def end(self):
        self.cut(False)
        for wire in self.wires:
            wire.wait(timeout=END_TIMEOUT_SECS)

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.ear, selectors.EVENT_READ)
        is_listening = False
        while True:
            # Whoever comes during a silence is let in by the system, and waits.
            if is_listening is self.is_silent:
                is_listening = not self.is_silent
                change = selector.register if is_listening else selector.unregister
                change(self.listener, *[selectors.EVENT_READ] * is_listening)
            for key, _ in selector.select():
                if key.fileobj is self.ear:
                    self.ear.recv(CHUNK_BYTES)
                else:
                    self._accept()

    def _accept(self):
        near, _ = self.listener.accept()
        with near:
            try:
                far = self._connect()
            except OSError:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BROKEN)
                return
            with far, self.lock:
                if self.is_cut:
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BROKEN)
                    return
                self.wires = [wire for wire in self.wires if wire.poll() is None]
                self.wires.append(self._wire(near, far))

    def _connect(self):
        if isinstance(self.target, str):
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.target)
            return far
        return socket.create_connection(self.target)

    def _wire(self, near, far):
        ends = [end.fileno() for end in (near, far)]
        names = [f"FD:{end}" for end in ends]
        for end in (near, far):
            if end.family == socket.AF_INET:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = subprocess.Popen(
            ["socat", "-b", str(CHUNK_BYTES), *names], stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=ends)
        # It may have come while the cable fell silent.
        if self.is_silent:
            wire.send_signal(signal.SIGSTOP)
        return wire

    def _signal(self, how):
        for wire in self.wires:
            wire.send_signal(how)
