"""A cable that can be cut: a TCP proxy between a server and its database or its TRON node."""

import asyncio
import threading

CHUNK_BYTES = 64 * 1024


class Proxy(threading.Thread):
    """Listens on a free port of 127.0.0.1 and passes everything on, until told otherwise.

    `target` is a path of a Unix socket, or a host and a port.
    """

    def __init__(self, target):
        super().__init__(daemon=True)
        self.target = target
        self.port = None
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._links = set()
        self._refuses = False
        self._is_up = threading.Event()
        self.start()
        self._is_up.wait()

    def run(self):
        asyncio.set_event_loop(self._loop)
        self._open.set()
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        self._loop.run_forever()

    def cut(self, is_silent):
        """Silent: nothing passes and nobody is told. Else: connections end and new ones are refused."""
        self._loop.call_soon_threadsafe(self._cut, is_silent)

    def heal(self):
        self._loop.call_soon_threadsafe(self._heal)

    def _cut(self, is_silent):
        if is_silent:
            self._open.clear()
            return
        self._refuses = True
        for writer in list(self._links):
            writer.transport.abort()

    def _heal(self):
        self._refuses = False
        self._open.set()

    async def _serve(self, reader, writer):
        if self._refuses:
            writer.transport.abort()
            return
        await self._open.wait()
        try:
            if isinstance(self.target, str):
                far_reader, far_writer = await asyncio.open_unix_connection(self.target)
            else:
                far_reader, far_writer = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self._links |= {writer, far_writer}
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._links -= {writer, far_writer}

    async def _pass(self, reader, writer):
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                await self._open.wait()
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()
        except (OSError, RuntimeError):
            writer.transport.abort()
