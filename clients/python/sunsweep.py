"""A merchant's view of sunsweep: order collections and energy, query them, verify callbacks.

Needs `requests`. Not thread-safe: one `Sunsweep` per thread.
"""

import hashlib
import hmac
import json
import time

import requests

WINDOW_SECS = 300
"""How far a callback's TIMESTAMP may lie from our clock, in either direction."""


class Refused(Exception):
    """The server answered, and the answer is no. `answer` is its JSON object."""

    def __init__(self, status, answer):
        super().__init__(f"refused with HTTP {status}: {json.dumps(answer)}")
        self.status = status
        self.answer = answer


class BadCallback(Exception):
    """The callback must not be believed; the message says why."""


def canonical(fields):
    """Sorted, compact, ASCII JSON: the one form that is signed."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def sign(secret, timestamp, body):
    """Lower-case hex HMAC-SHA256; the secret is used as text, not decoded."""
    message = f"{timestamp}&{body}"
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


class Sunsweep:
    """One merchant key at one server. `timeout_secs` bounds each wait on the network."""

    def __init__(self, url, key, secret="", timeout_secs=30):
        self.base = url.rstrip("/") + "/api/v1/frontend"
        self.key = key
        self.secret = secret
        self.timeout_secs = timeout_secs
        self.session = requests.Session()

    def collect(self, receive_address, to_address=None, callback_url=None,
                out_trade_no=None, scene=0):
        """Order what `receive_address` lacks for one USDT transfer. Returns the answer."""
        fields = {
            "scene": scene,
            "receive_address": receive_address,
            "to_address": to_address,
            "callback_url": callback_url,
            "out_trade_no": out_trade_no,
        }
        return self.post("/order/collect-manual", fields)

    def order(self, receive_address, energy_amount, period, active=False, exclusive=False,
              callback_url=None, out_trade_no=None):
        """Order energy for `receive_address`; `period` is "1H" or "1D" to "30D"."""
        fields = {
            "energy_amount": energy_amount,
            "period": period,
            "receive_address": receive_address,
            "active": int(active),
            "exclusive": int(exclusive),
            "callback_url": callback_url,
            "out_trade_no": out_trade_no,
        }
        return self.post("/order", fields)

    def reclaim(self, serial):
        """End an order early. It happens by itself after the answer; asking again does no harm."""
        return self.post("/order/reclaim", {"serial": serial})

    def price(self, period, energy_amount=None, to_address=None):
        """What energy for a period costs, or the energy of one transfer to an address."""
        params = {"period": period, "energy_amount": energy_amount, "to_address": to_address}
        return self.get("/order/price", params)

    def query(self, serial=None, out_trade_no=None):
        """One order by its serial, or the newest one with this reference."""
        params = {"serial": serial} if serial else {"out_trade_no": out_trade_no}
        return self.get("/order/query", params)

    def post(self, path, fields):
        """Signs and posts these fields, but for those that are None."""
        body = canonical({name: value for name, value in fields.items() if value is not None})
        timestamp = str(int(time.time()))
        response = self.session.post(
            self.base + path,
            data=body.encode(),
            headers={
                "API-KEY": self.key,
                "TIMESTAMP": timestamp,
                "SIGNATURE": sign(self.secret, timestamp, body),
                "Content-Type": "application/json",
            },
            timeout=self.timeout_secs,
            allow_redirects=False,
        )
        return accepted(response)

    def get(self, path, params):
        """Asks with these parameters, but for those that are None."""
        response = self.session.get(
            self.base + path,
            params=params,
            headers={"API-KEY": self.key},
            timeout=self.timeout_secs,
            allow_redirects=False,
        )
        return accepted(response)


def accepted(response):
    """The answer if it is a yes: HTTP 200 and no `errno` but 0. A price has none."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        answer = {"detail": "the answer is not a JSON object"}
    if response.status_code != 200 or answer.get("errno", 0) != 0:
        raise Refused(response.status_code, answer)
    return answer


def verify_callback(secret, timestamp, signature, body, now=None):
    """The fields of a genuine, fresh callback; raises `BadCallback` for any other.

    `body` is the request's bytes. Remember the `serial` of what this returns: the same
    callback comes again if our HTTP 200 got lost.
    """
    now = time.time() if now is None else now
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 10):
        raise BadCallback("TIMESTAMP is not a number of seconds")
    if abs(now - int(timestamp)) > WINDOW_SECS:
        raise BadCallback("TIMESTAMP is too far from our clock")
    try:
        fields = json.loads(body)
    except ValueError as error:
        raise BadCallback("the body is not JSON") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("serial"), str):
        raise BadCallback("the body is not a callback")
    wanted = sign(secret, timestamp, canonical(fields))
    if not hmac.compare_digest(wanted.encode(), signature.lower().encode()):
        raise BadCallback("SIGNATURE does not match")
    return fields
