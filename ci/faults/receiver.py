"""The merchant's callback address: verifies, remembers every body, and is not always polite."""

import json
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .merchant import signature
from .plan import Answer, Sweep, Trigger
from .server import CALLBACK_TIMEOUT_SECS

MAX_BODY_BYTES = 64 * 1024
WINDOW_SECS = 300


class Attempt:
    """One callback as it came in."""

    def __init__(self, serial, body, answer):
        self.serial, self.body, self.answer = serial, body, answer
        self.at = time.time()
        # The server was killed while it waited for this answer.
        self.is_cut = False


class Receiver(ThreadingHTTPServer):
    """Collects attempts; takes, fails or hangs as each order's plan says."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, key, secret, address="127.0.0.1"):
        super().__init__((address, 0), Handler)
        self.key, self.secret = key, secret
        self.shop = self.sweeper = self.killer = None
        self.attempts = []
        self.by_serial = defaultdict(list)
        self.bad = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://{self.server_address[0]}:{self.server_port}/callback"

    def handle_error(self, request, client_address):
        """A peer that was killed while it was talked to is what this is about."""

    def take(self, headers, body):
        """Decides on one callback; what to answer."""
        wrong = self._wrong(headers, body)
        if wrong:
            with self.lock:
                self.bad.append(wrong)
            return Answer.FAIL
        fields = json.loads(body)
        placed = self._placed(fields["out_trade_no"])
        with self.lock:
            earlier = list(self.by_serial[fields["serial"]])
            refused = sum(one.answer is not Answer.TAKE for one in earlier)
            answers = placed.plan.answers
            answer = answers[refused] if refused < len(answers) else Answer.TAKE
            attempt = Attempt(fields["serial"], body, answer)
            self.attempts.append(attempt)
            self.by_serial[attempt.serial].append(attempt)
        if answer is Answer.TAKE:
            if self.killer.tempt(Trigger.CALLBACK):
                attempt.is_cut = True
            is_first = not any(one.answer is Answer.TAKE for one in earlier)
            if is_first and fields["status"] == 40 and placed.plan.sweep is not Sweep.NEVER:
                self.sweeper.put(placed)
        if attempt.is_cut:
            self.killer.await_death()
        return answer

    def _placed(self, reference):
        """By our own label: the callback may overtake the answer that names the serial."""
        return self.shop.orders[int(reference.removeprefix("trade-"))]

    def _wrong(self, headers, body):
        timestamp = headers.get("TIMESTAMP", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > WINDOW_SECS:
            return f"timestamp {timestamp!r}"
        if headers.get("API-KEY") != self.key:
            return "another key"
        if headers.get("SIGNATURE") != signature(self.secret, timestamp, body):
            return f"signature over {body!r}"
        return None


class Handler(BaseHTTPRequestHandler):
    """One request a connection; that keeps a killed peer from leaving anything behind."""

    timeout = 10

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return
        answer = self.server.take(self.headers, body)
        if answer is Answer.HANG:
            time.sleep(CALLBACK_TIMEOUT_SECS + 0.5)
            return
        self.send_response(answer.value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Headers hold signatures, and attempts are kept anyway."""
