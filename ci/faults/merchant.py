"""The merchant's program: orders over HTTP, sent until answered, and transfers with tronpy."""

import hashlib
import hmac
import http.client
import json
import queue
import random
import threading
import time

from tronpy import Tron
from tronpy.exceptions import (
    ApiError, NotFound, TransactionError, TvmError, UnknownError, ValidationError)
from tronpy.providers import HTTPProvider

from .plan import Sweep, Trigger

PATH = "/api/v1/frontend/order/collect-manual"
PLACERS, SWEEPERS = 6, 3
REQUEST_TIMEOUT_SECS = 5
AGAIN_LEAST_SECS, AGAIN_MOST_SECS = 0.03, 0.25
# An order that is not answered by then is a failed check.
ANSWER_TIMEOUT_SECS = 60
RECEIPT_TIMEOUT_SECS = 6
SENDS_MOST = 20
# A transfer that no block holds by then is sent again: a fork or a node may have dropped it.
SENT_AGAIN_AFTER_SECS = 12
FEE_LIMIT_SUN = 30_000_000
# Refusals that ask to be tried again, as docs/wire.md words them.
TRY_AGAIN = "Nothing was charged; please try again."
# Ways in which tronpy says that the node did not take a transfer.
NOT_SENT = (
    ApiError, TransactionError, TvmError, UnknownError, ValidationError, ValueError, OSError)


def signature(secret, timestamp, body):
    message = f"{timestamp}&".encode() + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class Request:
    """The bytes of one order; they are the same each time they are sent."""

    def __init__(self, key, secret, idempotency_key, fields):
        self.key, self.secret, self.idempotency_key = key, secret, idempotency_key
        self.body = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        self.headers = self._signed(int(time.time()))

    def _signed(self, timestamp):
        return {
            "API-KEY": self.key,
            "TIMESTAMP": str(timestamp),
            "SIGNATURE": signature(self.secret, timestamp, self.body),
            "Content-Type": "application/json",
            "Idempotency-Key": self.idempotency_key,
        }

    def age_secs(self):
        return time.time() - int(self.headers["TIMESTAMP"])

    def signed_later(self):
        """The same order in another request, as a program that lost the first one would send."""
        return self._at(int(self.headers["TIMESTAMP"]) + 1)

    def signed_again(self):
        """The same order in a request of this moment."""
        return self._at(int(time.time()))

    def _at(self, timestamp):
        again = object.__new__(Request)
        again.__dict__.update(self.__dict__)
        again.headers = self._signed(timestamp)
        return again

    def send(self, server, after_sending=lambda: False):
        """HTTP status and body of a server at a host and a port, or None when there was no answer.

        `after_sending` is called once the bytes are out; if true the answer is not waited for.
        """
        connection = http.client.HTTPConnection(*server, timeout=REQUEST_TIMEOUT_SECS)
        try:
            connection.request("POST", PATH, self.body, self.headers)
            if after_sending():
                return None
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()


class Placed:
    """An order as its merchant knows it."""

    def __init__(self, plan, request):
        self.plan, self.request = plan, request
        self.serial = self.amount = None
        self.sends = 0
        self.refusal = None
        # Serials that repeats of the request were answered with.
        self.repeats = []
        # (txid or None, what was wrong, unix seconds), oldest first.
        self.transfers = []
        self.sweeping = threading.Lock()


class Shop:
    """Places every order of the plan from several threads and sweeps what is ready."""

    def __init__(self, plan, world, key, secret, servers, callback_url, killer):
        self.plan, self.world, self.servers, self.killer = plan, world, servers, killer
        # A request goes to any server, as behind a load balancer that knows of no fault.
        self.dice = random.Random(f"{plan.seed} servers")
        self.key, self.secret, self.callback_url = key, secret, callback_url
        self.orders = []
        self.waits = self.no_answers = 0
        # What chooses the server instead of chance, and requests that a server left without an answer.
        self.balancer = None
        self.unserved = []
        self.sweeper = None
        self.lock = threading.Lock()
        self.placers = []

    def start(self):
        started = time.monotonic()
        self.orders = [self._request(order) for order in self.plan.orders]
        work = queue.SimpleQueue()
        for placed in sorted(self.orders, key=lambda placed: placed.plan.place_after_secs):
            work.put(placed)
        for number in range(PLACERS):
            dice = random.Random(f"{self.plan.seed} placer {number}")
            placer = threading.Thread(target=self._place_all, args=(work, started, dice),
                                      daemon=True)
            placer.start()
            self.placers.append(placer)

    def server(self):
        return self.balancer.server() if self.balancer else self.dice.choice(self.servers)

    def _request(self, order):
        fields = {
            "scene": 0,
            "receive_address": self.world.address(order.receiver),
            "callback_url": self.callback_url,
            "out_trade_no": f"trade-{order.number}",
        }
        if order.is_recipient_empty is not None:
            fields["to_address"] = self.world.address(order.recipient)
        identity = hashlib.sha256(f"{self.plan.seed} {order.number}".encode()).hexdigest()[:32]
        return Placed(order, Request(self.key, self.secret, identity, fields))

    def _place_all(self, work, started, dice):
        while True:
            try:
                placed = work.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0.0, started + placed.plan.place_after_secs - time.monotonic()))
            self._place(placed, dice)

    def _place(self, placed, dice):
        deadline = time.monotonic() + ANSWER_TIMEOUT_SECS
        while placed.serial is None and placed.refusal is None:
            placed.sends += 1
            if placed.plan.hangs_up and placed.sends == 1:
                answer = placed.request.send(self.server(), lambda: True)
            else:
                answer = placed.request.send(self.server(), self._tempt)
            self._judge(placed, answer)
            if time.monotonic() > deadline:
                placed.refusal = placed.refusal or f"no answer in {ANSWER_TIMEOUT_SECS} s"
            if placed.serial is None:
                time.sleep(dice.uniform(AGAIN_LEAST_SECS, AGAIN_MOST_SECS))
        if placed.serial and placed.plan.replays:
            self.repeat(placed, placed.request)
        if placed.serial and placed.plan.sweep is Sweep.EARLY:
            self.sweeper.put(placed)

    def _tempt(self):
        self.killer.tempt(Trigger.REQUEST)
        return False

    def _judge(self, placed, answer):
        """Takes the serial, or the reason not to go on."""
        if answer is None or answer[0] >= 500:
            with self.lock:
                self.no_answers += 1
                if not (placed.plan.hangs_up and placed.sends == 1):
                    self.unserved.append(f"{placed.plan.number}: {answer}")
            return
        try:
            fields = json.loads(answer[1])
        except ValueError:
            placed.refusal = repr(answer)
            return
        if answer[0] == 200 and fields.get("errno") == 0:
            placed.serial, placed.amount = fields["serial"], fields["amount"]
        elif TRY_AGAIN in fields.get("detail", ""):
            with self.lock:
                self.waits += 1
        else:
            placed.refusal = f"{answer[0]} {fields}"

    def repeat(self, placed, request):
        """Sends an accepted order again until answered, and keeps what the answer names."""
        deadline = time.monotonic() + ANSWER_TIMEOUT_SECS
        while time.monotonic() < deadline:
            answer = request.send(self.server())
            if answer is not None and answer[0] < 500 and TRY_AGAIN.encode() not in answer[1]:
                fields = json.loads(answer[1])
                placed.repeats.append(fields.get("serial", f"{answer[0]} {fields}"))
                return
            time.sleep(AGAIN_LEAST_SECS)
        placed.repeats.append("no answer")

    def is_placing(self):
        return any(placer.is_alive() for placer in self.placers)


class Sweeper:
    """Moves the tokens of whatever is put into it; keys stay in this process."""

    def __init__(self, world, node_url, usdt):
        self.world, self.node_url, self.usdt = world, node_url, usdt
        self.work, self.sent = queue.SimpleQueue(), queue.SimpleQueue()
        self.open = 0
        self.lock = threading.Lock()
        for _ in range(SWEEPERS):
            threading.Thread(target=self._sweep_all, daemon=True).start()
        threading.Thread(target=self._send_lost_again, daemon=True).start()

    def put(self, placed):
        with self.lock:
            self.open += 1
        self.work.put(placed)

    def _sweep_all(self):
        client = Tron(HTTPProvider(self.node_url))
        token = client.get_contract(self.usdt)
        while True:
            placed = self.work.get()
            with placed.sweeping:
                moment = time.time()
                try:
                    txid, wrong = self._sweep(client, token, placed, moment)
                except NOT_SENT as refused:
                    txid, wrong = None, f"{type(refused).__name__}: {refused}"
                placed.transfers.append((txid, wrong, moment))
            with self.lock:
                self.open -= 1

    def _send_lost_again(self):
        """Looks once after each transfer, as wallet programs do, and sends the very same bytes again."""
        client = Tron(HTTPProvider(self.node_url))
        while True:
            placed, signed, moment = self.sent.get()
            time.sleep(max(0.0, moment + SENT_AGAIN_AFTER_SECS - time.time()))
            try:
                if not self._is_in_a_block(client, signed.txid):
                    outcome = self._send(client, signed, is_new=False)[1]
                    placed.transfers.append((signed.txid, f"again: {outcome}", time.time()))
            except OSError as failed:
                placed.transfers.append((signed.txid, f"not looked for: {failed}", time.time()))
            with self.lock:
                self.open -= 1

    def _is_in_a_block(self, client, txid):
        try:
            return bool(client.get_transaction_info(txid))
        except NotFound:
            return False

    def _sweep(self, client, token, placed, moment):
        plan = placed.plan
        owner = self.world.address(plan.receiver)
        if placed.transfers and self._arrived(client, placed.transfers[-1][0]):
            return None, None
        transfer = token.functions.transfer(self.world.address(plan.recipient), plan.units)
        built = transfer.with_owner(owner).fee_limit(FEE_LIMIT_SUN).build()
        signed = built.sign(self.world.key(plan.receiver))
        sent = self._send(client, signed)
        with self.lock:
            self.open += 1
        self.sent.put((placed, signed, moment))
        return sent

    def _send(self, client, signed, is_new=True):
        """Sends the very same bytes until somebody answers: what went unanswered may be on its way.

        The txid, and what was wrong at a later try.
        """
        for tries in range(SENDS_MOST):
            try:
                client.broadcast(signed)
                return signed.txid, None
            except OSError:
                time.sleep(AGAIN_MOST_SECS)
            except NOT_SENT as refused:
                if tries == 0 and is_new:
                    raise
                return signed.txid, f"{type(refused).__name__}: {refused}"
        return signed.txid, "no answer"

    def _arrived(self, client, txid):
        """Whether an earlier transfer did it; one that is under way is waited for."""
        if txid is None:
            return False
        deadline = time.monotonic() + RECEIPT_TIMEOUT_SECS
        while time.monotonic() < deadline:
            try:
                info = client.get_transaction_info(txid)
                return info.get("receipt", {}).get("result") == "SUCCESS"
            except NotFound:
                time.sleep(0.1)
        return False
