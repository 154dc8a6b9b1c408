"""Command line around sunsweep.py; the same in every language, see ../README.md."""

import argparse
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from requests import RequestException

from sunsweep import BadCallback, Refused, Sunsweep, canonical, verify_callback

MAX_BODY_BYTES = 64 * 1024
READ_TIMEOUT_SECS = 10


def arguments():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    key = os.environ.get("SUNSWEEP_API_KEY")
    secret = os.environ.get("SUNSWEEP_API_SECRET")

    collect = verbs.add_parser("collect")
    query = verbs.add_parser("query")
    order = verbs.add_parser("order")
    price = verbs.add_parser("price")
    reclaim = verbs.add_parser("reclaim")
    for verb in (collect, query, order, price, reclaim):
        verb.add_argument("--url", required=True)
        verb.add_argument("--key", default=key, required=key is None)
    collect.add_argument("--receive", required=True)
    collect.add_argument("--to")
    collect.add_argument("--callback")
    collect.add_argument("--reference")
    collect.add_argument("--scene", type=int, default=0)
    order.add_argument("--receive", required=True)
    order.add_argument("--energy", type=int, required=True)
    order.add_argument("--period", default="1H")
    order.add_argument("--active", action="store_true")
    order.add_argument("--exclusive", action="store_true")
    order.add_argument("--callback")
    order.add_argument("--reference")
    price.add_argument("--period", default="1H")
    priced = price.add_mutually_exclusive_group(required=True)
    priced.add_argument("--energy", type=int)
    priced.add_argument("--to")
    reclaim.add_argument("--serial", required=True)
    which = query.add_mutually_exclusive_group(required=True)
    which.add_argument("--serial")
    which.add_argument("--reference")

    listen = verbs.add_parser("listen")
    listen.add_argument("--port", type=int, required=True)
    listen.add_argument("--count", type=int, required=True)
    listen.add_argument("--max-seconds", type=int, default=300)
    for verb in (collect, order, reclaim, listen):
        verb.add_argument("--secret", default=secret, required=secret is None)
    return parser.parse_args()


class CallbackHandler(BaseHTTPRequestHandler):
    """Answers 200 to a genuine callback, 401 to anything else, and tells the server object."""

    timeout = READ_TIMEOUT_SECS

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.answer(413)
            return
        body = self.rfile.read(int(length))
        try:
            fields = verify_callback(
                self.server.secret,
                self.headers.get("TIMESTAMP", ""),
                self.headers.get("SIGNATURE", ""),
                body,
            )
        except BadCallback as why:
            self.answer(401)
            self.server.refused = str(why)
            return
        self.answer(200)
        # The same serial again means that our 200 got lost: it was dealt with already.
        if fields["serial"] not in self.server.seen:
            self.server.seen.add(fields["serial"])
            print(canonical(fields), flush=True)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Requests are not logged: headers would be, and they hold signatures."""


def listen(port, secret, count, max_seconds):
    server = HTTPServer(("127.0.0.1", port), CallbackHandler)
    server.secret, server.seen, server.refused = secret, set(), None
    print(f"listening on 127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    deadline = time.monotonic() + max_seconds
    while len(server.seen) < count and server.refused is None:
        server.timeout = deadline - time.monotonic()
        if server.timeout <= 0:
            return f"only {len(server.seen)} of {count} callbacks in {max_seconds} s"
        server.handle_request()
    return server.refused


def ask(given):
    """The server's answer to what the command line asks for."""
    server = Sunsweep(given.url, given.key, getattr(given, "secret", ""))
    if given.verb == "collect":
        return server.collect(
            given.receive, given.to, given.callback, given.reference, given.scene)
    if given.verb == "order":
        return server.order(
            given.receive, given.energy, given.period, given.active, given.exclusive,
            given.callback, given.reference)
    if given.verb == "reclaim":
        return server.reclaim(given.serial)
    if given.verb == "price":
        return server.price(given.period, given.energy, given.to)
    return server.query(given.serial, given.reference)


def main():
    given = arguments()
    if given.verb == "listen":
        failure = listen(given.port, given.secret, given.count, given.max_seconds)
        return failure and f"listen: {failure}"
    try:
        print(json.dumps(ask(given)))
        return None
    except Refused as refused:
        print(json.dumps(refused.answer))
        return str(refused)
    except RequestException as error:
        return f"no answer: {error}"


if __name__ == "__main__":
    # A text exits with status 1 and goes to standard error; None is success.
    sys.exit(main())
