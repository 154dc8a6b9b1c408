"""Drives a running sunsweep with every language's client and with the page's own samples.

    check.py --spawn target/debug/sunsweep     starts `sunsweep dev` itself and ends it
    check.py --connection FILE                 one is running; FILE holds the line that
                                               `sunsweep dev --json` printed (- for standard input)

For each language: the listener takes genuine callbacks and refuses others; an order is placed, its
callback arrives and verifies, queries agree, a wrong secret is refused. Then energy, an operator's
program over /admin/v1 (if FILE names it), and seed/run.py.
Uses the libraries that ci/check.sh installs. The last line is `N passed, N failed`; the exit status
is 1 if any failed.
"""

import argparse
import contextlib
import csv
import hashlib
import hmac
import io
import json
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import toolchain

# The product must be ready, and every order called back, well within these.
START_TIMEOUT_SECS = 60
CALLBACK_TIMEOUT_SECS = 60
PROGRAM_TIMEOUT_SECS = 90
SEED_TIMEOUT_SECS = 400

SEED_SAMPLES = 6
DEV_ARGUMENTS = ["dev", "--json", "--listen", "127.0.0.1:0", "--node-listen", "127.0.0.1:0",
                 "--admin-listen", "127.0.0.1:0", "--block-time-ms", "200", "--addresses", "40"]


class Failed(Exception):
    """A check that did not hold; the message says what was seen instead."""


def expect(holds, seen):
    if not holds:
        raise Failed(seen)


def clients():
    """Language -> the command line of its client; compiles those that need it."""
    java_sources = sorted((toolchain.CLIENTS / "java" / "src").rglob("*.java"))
    toolchain.build_java(java_sources, toolchain.JAVA_CLASSES)
    toolchain.build_go(toolchain.CLIENTS / "go", toolchain.GO_CLIENT)
    return {
        "python": [toolchain.PYTHON, str(toolchain.CLIENTS / "python" / "client.py")],
        "php": ["php", str(toolchain.CLIENTS / "php" / "client.php")],
        "java": toolchain.java(toolchain.JAVA_CLASSES, "sunsweep.Main"),
        "go": [str(toolchain.GO_CLIENT)],
        "shell": ["bash", str(toolchain.CLIENTS / "shell" / "client.sh")],
        "node": ["node", str(toolchain.CLIENTS / "node" / "client.js")],
    }


class Client:
    """One language's client with one key."""

    def __init__(self, command, key, secret):
        self.command = command
        # In the environment, not among the arguments, where `ps` would show them.
        self.environment = toolchain.environment(
            SUNSWEEP_API_KEY=key, SUNSWEEP_API_SECRET=secret, PYTHONDONTWRITEBYTECODE="1")

    def ask(self, *words):
        """Exit status and the JSON object printed."""
        try:
            done = subprocess.run(
                [*self.command, *words], env=self.environment, text=True, capture_output=True,
                stdin=subprocess.DEVNULL, timeout=PROGRAM_TIMEOUT_SECS, check=False)
            return done.returncode, json.loads(done.stdout)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{words[0]}: no end after {PROGRAM_TIMEOUT_SECS} s") from error
        except ValueError as error:
            raise Failed(f"{words[0]} printed no JSON: {done.stdout}{done.stderr}") from error

    @contextlib.contextmanager
    def listening(self, count):
        """Runs the listener around a block, which gets a `Listener`."""
        words = ["listen", "--port", "0", "--count", str(count),
                 "--max-seconds", str(CALLBACK_TIMEOUT_SECS)]
        # Unbuffered, so that reading up to the port leaves the rest for communicate().
        process = subprocess.Popen(
            [*self.command, *words], env=self.environment, bufsize=0,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        watchdog = threading.Timer(PROGRAM_TIMEOUT_SECS, process.terminate)
        watchdog.start()
        try:
            yield Listener(process)
        finally:
            watchdog.cancel()
            if process.poll() is None:
                process.terminate()
            process.communicate()


class Listener:
    """A client that waits for callbacks."""

    def __init__(self, process):
        self.process = process
        said = ""
        while (ready := re.search(r"listening on (127\.0\.0\.1:\d+)", said)) is None:
            line = process.stderr.readline().decode()
            expect(line, f"the listener ended before it listened: {said}")
            said += line
        self.url = f"http://{ready.group(1)}/callback"

    def result(self):
        """Exit status and the callbacks printed, once it has ended."""
        try:
            out, said = self.process.communicate(timeout=PROGRAM_TIMEOUT_SECS)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"the listener did not end in {PROGRAM_TIMEOUT_SECS} s") from error
        try:
            return self.process.returncode, [json.loads(line) for line in out.splitlines()]
        except ValueError as error:
            raise Failed(f"the listener printed no JSON: {out + said}") from error


def post_callback(url, secret, fields, age_secs=0):
    """Plays the server: posts a callback signed with `secret`; returns the HTTP status."""
    body = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    timestamp = str(int(time.time()) - age_secs)
    message = f"{timestamp}&{body}".encode()
    headers = {
        "Content-Type": "application/json",
        "TIMESTAMP": timestamp,
        "SIGNATURE": hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(),
    }
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, body.encode(), headers)
        with opener.open(request, timeout=PROGRAM_TIMEOUT_SECS) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        raise Failed(f"the listener gave no answer: {error}") from error


def callback_fields(reference):
    """A callback like the server's, with every kind of value that one may hold."""
    return {
        "active_hash": "", "amount": 3120000, "bandwidth_hash": "", "energy_amount": 65000,
        "out_trade_no": reference, "pay_amount": 65000, "period": "1H",
        "receive_address": "TExWKszFWYTKZH8LYiovAPKzS3L9MLZ4kw", "serial": secrets.token_hex(16),
        "source": "api", "status": 40, "txid": secrets.token_hex(32), "type": "energy",
    }


def takes_genuine_callbacks(client, secret):
    """A repeated callback is answered with 200 and told once; null and odd text verify."""
    first, second = callback_fields(None), callback_fields("a/b <&> 订单")
    with client.listening(2) as listener:
        for fields in (first, first, second):
            status = post_callback(listener.url, secret, fields)
            expect(status == 200, f"a genuine callback got HTTP {status}")
        status, told = listener.result()
    expect(status == 0 and told == [first, second], f"exit status {status}, told {told}")


def refuses_a_callback(client, signed_with, age_secs):
    with client.listening(1) as listener:
        status = post_callback(listener.url, signed_with, callback_fields("1"), age_secs)
        expect(status == 401, f"it got HTTP {status}")
        status, told = listener.result()
    expect(status == 1 and not told, f"exit status {status}, told {told}")


def order_and_callback(client, world, address):
    """An order with all fields, its callback, and both ways to query it."""
    reference = f"check-{secrets.token_hex(8)}"
    order = ["--url", world["api_url"], "--receive", address, "--to", world["recipient_with_usdt"],
             "--reference", reference, "--scene", "0"]
    with client.listening(1) as listener:
        status, answer = client.ask("collect", *order, "--callback", listener.url)
        expect(status == 0 and answer.get("errno") == 0, f"collect: status {status}, {answer}")
        serial = answer.get("serial", "")
        expect(re.fullmatch("[0-9a-f]{32}", serial), f"collect: {answer}")
        expect(answer["scene"] in (1, 2), f"scene is not the executed one: {answer}")
        expect(all(isinstance(answer[name], int) for name in ("amount", "balance")), f"{answer}")

        status, told = listener.result()
    expect(status == 0 and len(told) == 1, f"listen: status {status}, told {told}")
    wanted = {"serial": serial, "out_trade_no": reference, "receive_address": address, "status": 40}
    expect(wanted.items() <= told[0].items(), f"callback {told[0]}, expected {wanted}")

    for option in (["--serial", serial], ["--reference", reference]):
        status, found = client.ask("query", "--url", world["api_url"], *option)
        wanted = {"errno": 0, "order_no": serial, "receive_address": address, "status": 40}
        expect(status == 0 and wanted.items() <= found.items(), f"query {option}: {found}")


def energy_from_price_to_reclaim(client, world, address):
    """A price, the order that costs it, its callback, and its early end, asked for twice."""
    url = ["--url", world["api_url"]]
    status, price = client.ask("price", *url, "--period", "2D", "--energy", "32000")
    expect(status == 0 and "errno" not in price and price["period"] == "2D", f"price: {price}")
    with client.listening(1) as listener:
        status, answer = client.ask("order", *url, "--receive", address, "--energy", "32000",
                                    "--period", "2D", "--active", "--callback", listener.url)
        expect(status == 0 and answer.get("errno") == 0, f"order: status {status}, {answer}")
        extra = answer["amount"] - price["total_price"]
        expect(extra in (0, 1500000), f"it costs {answer['amount']}, the price was {price}")
        status, told = listener.result()
    wanted = {"serial": answer["serial"], "period": "2D", "energy_amount": 32000, "status": 40}
    expect(status == 0 and wanted.items() <= told[0].items(), f"callback {told}")
    for _ in range(2):
        status, ended = client.ask("reclaim", *url, "--serial", answer["serial"])
        expect(status == 0 and ended == {"errno": 0, "message": "request accept"}, f"{ended}")
    status, ended = client.ask("reclaim", *url, "--serial", "0" * 32)
    expect(status == 1 and ended.get("errno") == 404, f"status {status}, {ended}")
    deadline = time.monotonic() + CALLBACK_TIMEOUT_SECS
    while True:
        status, found = client.ask("query", *url, "--serial", answer["serial"])
        if found["details"] and all(one["status"] == 30 for one in found["details"]):
            break
        expect(time.monotonic() < deadline, f"it is not back: {found}")
        time.sleep(0.2)
    expect((found["status"], found["period"], found["refund_amount"]) == (40, 2, 0), f"{found}")


def operator_opens_an_account(world, address):
    """The operator's program makes a merchant with a key and money; the key orders; the statement,
    read part by part, adds up to what is left."""
    admin, name = world["admin"], f"Shop {secrets.token_hex(4)}"
    program = [toolchain.PYTHON, str(toolchain.CLIENTS / "python" / "office.py")]
    credit = 50_000_000
    account = ["open", "--url", admin["url"], "--name", name, "--credit-sun", str(credit),
               "--reason", f'=invoice, "{name}"', "--request", name]

    def office(*words, token=admin["token"]):
        environment = toolchain.environment(SUNSWEEP_ADMIN_TOKEN=token)
        return subprocess.run(
            [*program, *words], env=environment, text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=PROGRAM_TIMEOUT_SECS, check=False)

    refused = office(*account, token=admin["token"][:-1])
    expect(refused.returncode == 1 and "HTTP 401" in refused.stderr, f"{refused}")
    attempts = [office(*account), office(*account)]
    expect(all(done.returncode == 0 for done in attempts), f"{attempts}")
    opened = [json.loads(done.stdout) for done in attempts]
    expect(opened[0]["merchant"] == opened[1]["merchant"], f"two accounts: {opened}")
    expect(opened[0]["key"] != opened[1]["key"], f"one key: {opened}")

    client = Client([toolchain.PYTHON, str(toolchain.CLIENTS / "python" / "client.py")],
                    opened[0]["key"], opened[0]["secret"])
    status, order = client.ask("collect", "--url", world["api_url"], "--receive", address)
    expect(status == 0 and order["balance"] == credit - order["amount"], f"{status}, {order}")

    told = office("statement", "--url", admin["url"], "--merchant", str(opened[0]["merchant"]))
    lines = list(csv.DictReader(io.StringIO(told.stdout, newline="")))
    spendable = [line for line in lines if line["account"] == "available"]
    sums = [(int(line["amount_sun"]), int(line["balance_sun"])) for line in spendable]
    expect(sums == [(credit, credit), (-order["amount"], order["balance"])], f"{told}")
    expect(spendable[0]["reason"] == f'\'=invoice, "{name}"', f"{told}")
    expect(spendable[1]["order"] == order["serial"], f"{told}")


def says_what_is_refused(client, wrong_client, world, address):
    """A wrong secret and an unknown serial: exit status 1, and the server's own words."""
    url = ["--url", world["api_url"]]
    status, answer = wrong_client.ask("collect", *url, "--receive", address)
    expect(status == 1 and isinstance(answer.get("detail"), str), f"status {status}, {answer}")
    status, answer = client.ask("query", *url, "--serial", "0" * 32)
    expect(status == 1 and answer.get("errno") == 404, f"status {status}, {answer}")


def page_samples(client, world, addresses):
    """seed/run.py's checks, and then that each of its orders was called back."""
    with client.listening(SEED_SAMPLES) as listener:
        command = [sys.executable, str(toolchain.CLIENTS / "seed" / "run.py"),
                   "--url", world["api_url"], "--callback", listener.url, "--receive", *addresses]
        done = subprocess.run(
            command, env=client.environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, timeout=SEED_TIMEOUT_SECS, check=False)
        print(done.stdout, end="", flush=True)
        expect(done.returncode == 0, "see above")
        status, told = listener.result()
    expect(status == 0, f"exit status {status}, told {told}")
    served = {fields["receive_address"] for fields in told}
    expect(served == set(addresses), f"called back for {served}, not for {addresses}")
    expect(all(fields["status"] == 40 for fields in told), f"{told}")


@contextlib.contextmanager
def spawned(binary):
    """Runs `sunsweep dev` in an empty directory; yields what its connection line says."""
    with tempfile.TemporaryDirectory(prefix="sunsweep-dev-") as directory:
        process = subprocess.Popen(
            [str(Path(binary).resolve()), *DEV_ARGUMENTS], cwd=directory, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        watchdog = threading.Timer(START_TIMEOUT_SECS, process.kill)
        watchdog.start()
        try:
            line = process.stdout.readline()
            watchdog.cancel()
            if not line:
                raise SystemExit(f"{binary} ended, or ran {START_TIMEOUT_SECS} s, without a connection line")
            yield json.loads(line)
        finally:
            watchdog.cancel()
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def run_all(world):
    """Prints a line per check; returns how many passed and how many failed."""
    passed = failed = 0
    started = time.monotonic()

    def check(name, action, *details):
        nonlocal passed, failed, started
        try:
            action(*details)
            passed, verdict = passed + 1, f"ok    {name}"
        except Failed as why:
            failed, verdict = failed + 1, f"FAIL  {name}: {why}"
        now = time.monotonic()
        print(f"{verdict} ({now - started:.1f} s)", flush=True)
        started = now

    key, secret = world["api_key"], world["api_secret"]
    addresses = iter([entry["address"] for entry in world["payment_addresses"]])
    commands = clients()
    for language, command in commands.items():
        client = Client(command, key, secret)
        wrong_secret = secret[::-1]
        address = next(addresses)
        check(f"{language}: takes genuine callbacks", takes_genuine_callbacks, client, secret)
        check(f"{language}: refuses a forged callback", refuses_a_callback, client, wrong_secret, 0)
        check(f"{language}: refuses an old callback", refuses_a_callback, client, secret, 600)
        check(f"{language}: order and callback", order_and_callback, client, world, address)
        check(f"{language}: says what is refused", says_what_is_refused, client,
              Client(command, key, wrong_secret), world, address)
    check("python: energy from price to reclaim", energy_from_price_to_reclaim,
          Client(commands["python"], key, secret), world, next(addresses))
    if world.get("admin"):
        check("python: an operator opens an account", operator_opens_an_account, world,
              next(addresses))
    check("the page's samples", page_samples, Client(commands["python"], key, secret), world,
          [next(addresses) for _ in range(SEED_SAMPLES)])
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description="Checks all clients against a running sunsweep.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--spawn", metavar="PATH_TO_SUNSWEEP")
    source.add_argument("--connection", metavar="FILE", type=argparse.FileType())
    given = parser.parse_args()
    # So that what we started ends with us, also when we are told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    try:
        if given.spawn:
            with spawned(given.spawn) as world:
                passed, failed = run_all(world)
        else:
            passed, failed = run_all(json.loads(given.connection.readline()))
    except toolchain.CannotBuild as error:
        raise SystemExit(f"cannot build a client (does ci/check.sh install its tools?)\n{error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
