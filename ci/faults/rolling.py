"""A rolling restart behind a load balancer that only knows what `/readyz` says."""

import http.client
import signal
import threading
import time

LOOK_EVERY_SECS = 0.2
LOOK_TIMEOUT_SECS = 2
# A server that is not ready again by then stays away.
START_TIMEOUT_SECS = 30
# Requests go on for so long between two replacements.
PAUSE_SECS = 1.0


def is_ready(server):
    connection = http.client.HTTPConnection(*server, timeout=LOOK_TIMEOUT_SECS)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Balancer(threading.Thread):
    """Sends requests to the servers that said they were ready when it last looked, in turns."""

    def __init__(self, servers):
        super().__init__(daemon=True)
        self.servers = servers
        self.ready = [server for server in servers if is_ready(server)]
        self.is_over = False
        self.turn = 0
        self.start()

    def run(self):
        while not self.is_over:
            time.sleep(LOOK_EVERY_SECS)
            self.ready = [server for server in self.servers if is_ready(server)]

    def server(self):
        ready = self.ready or self.servers
        self.turn += 1
        return ready[self.turn % len(ready)]


def await_ready(servers):
    """Whether all of them got ready in time."""
    deadline = time.monotonic() + START_TIMEOUT_SECS
    while time.monotonic() < deadline:
        if all(is_ready(server) for server in servers):
            return True
        time.sleep(LOOK_EVERY_SECS)
    return False


def replace_all(nodes):
    """Replaces one server after the other, politely; their exit statuses."""
    ends = []
    for node in nodes:
        time.sleep(PAUSE_SECS)
        ends.append(node.end(signal.SIGTERM))
        node.start()
        node.is_wanted = True
        if not await_ready([node.operator.address]):
            ends.append(f"server {node.operator.name} did not get ready again")
    time.sleep(PAUSE_SECS)
    return ends
