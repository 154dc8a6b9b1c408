"""What an operator's own program does over /admin/v1: open accounts, pay in, read statements.

    office.py open --url URL --name NAME --credit-sun N --reason TEXT --request ID
    office.py statement --url URL --merchant ID

`open` prints the merchant's id, key and secret as one line of JSON; `statement` prints CSV. The
bearer token is in SUNSWEEP_ADMIN_TOKEN. The manual is docs/admin.md. Needs `requests`.
"""

import argparse
import csv
import io
import json
import os
import sys

import requests


class Refused(Exception):
    """The server answered, and the answer is no."""

    def __init__(self, response):
        try:
            detail = response.json()["detail"]
        except (ValueError, TypeError, KeyError):
            detail = response.text[:200]
        super().__init__(f"HTTP {response.status_code}: {detail}")
        self.status = response.status_code


class Office:
    """One bearer token at one admin interface. `timeout_secs` bounds each wait on the network."""

    def __init__(self, url, token, timeout_secs=30):
        self.base = url.rstrip("/") + "/admin/v1"
        self.timeout_secs = timeout_secs
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method, path, **more):
        """The answer if it is a yes. Answers of 200 and 201 are, and nothing is redirected."""
        response = self.session.request(
            method, self.base + path, timeout=self.timeout_secs, allow_redirects=False, **more)
        if response.status_code not in (200, 201):
            raise Refused(response)
        return response

    def items(self, path):
        """Everything on a list, part after part."""
        after = None
        while True:
            answer = self.ask("GET", path, params={"limit": 500, "after": after}).json()
            yield from answer["items"]
            after = answer["next"]
            if after is None:
                return

    def add_merchant(self, name, callback_url=None):
        wanted = {"name": name, "callback_url": callback_url}
        return self.ask("POST", "/merchants", json=wanted).json()

    def add_key(self, merchant, name, scopes=("read", "order")):
        """The key with its secret, which is told this once."""
        wanted = {"name": name, "scopes": scopes}
        return self.ask("POST", f"/merchants/{merchant}/keys", json=wanted).json()

    def credit(self, merchant, amount_sun, reason, request):
        """Pays in once, however often it is sent with this `request`: a text of yours, such as the
        number of an invoice."""
        return self.ask(
            "POST", f"/merchants/{merchant}/credit", headers={"Idempotency-Key": request},
            json={"amount_sun": amount_sun, "reason": reason}).json()

    def statement(self, merchant, **span):
        """Every line of the ledger as a dict of texts, oldest first. `span` may hold `from`, `to`."""
        after = None
        while True:
            params = {**span, "limit": 500, "after": after}
            answer = self.ask("GET", f"/merchants/{merchant}/statement.csv", params=params)
            yield from csv.DictReader(io.StringIO(answer.text, newline=""))
            after = answer.headers.get("Next-After")
            if after is None:
                return


def arguments():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    opened = verbs.add_parser("open")
    statement = verbs.add_parser("statement")
    for verb in (opened, statement):
        verb.add_argument("--url", required=True)
    opened.add_argument("--name", required=True)
    opened.add_argument("--credit-sun", type=int, required=True)
    opened.add_argument("--reason", required=True)
    opened.add_argument("--request", required=True)
    statement.add_argument("--merchant", type=int, required=True)
    return parser.parse_args()


def main():
    given = arguments()
    office = Office(given.url, os.environ.get("SUNSWEEP_ADMIN_TOKEN", ""))
    try:
        if given.verb == "open":
            # An earlier attempt may have ended after any of these.
            known = (one for one in office.items("/merchants") if one["name"] == given.name)
            merchant = (next(known, None) or office.add_merchant(given.name))["id"]
            key = office.add_key(merchant, "production")
            office.credit(merchant, given.credit_sun, given.reason, given.request)
            print(json.dumps({"merchant": merchant, "key": key["key"], "secret": key["secret"]}))
            return None
        lines = list(office.statement(given.merchant))
        if lines:
            writer = csv.DictWriter(sys.stdout, lines[0].keys())
            writer.writeheader()
            writer.writerows(lines)
        return None
    except Refused as refused:
        return str(refused)
    except requests.RequestException as error:
        return f"no answer: {error}"


if __name__ == "__main__":
    # A text exits with status 1 and goes to standard error; None is success.
    sys.exit(main())
