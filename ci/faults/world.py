"""The devnet as its own process, and the world on it, made through the control interface."""

import json
import subprocess
import urllib.error
import urllib.request

from tronpy.keys import PrivateKey

from .plan import LENDERS, Kind

TRX = 1_000_000
ENERGY_STAKE_SUN = 10_000_000 * TRX
BANDWIDTH_STAKE_SUN = 2_000_000 * TRX
ACTIVATOR_SUN = 50_000 * TRX
# Enough for either transfer, from somebody who is not in the pool.
STRANGER_STAKE_SUN = 30_000 * TRX
CHANGES_AT_ONCE = 400
BLOCKS_AT_ONCE = 50
NODE_TIMEOUT_SECS = 10

# Bitmaps of docs/operations.md: what each hot key may do, and nothing else.
LENDER_OPERATIONS = "0000000000000006" + "00" * 24
ACTIVATOR_OPERATIONS = "01" + "00" * 31

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Devnet:
    """A TRON node that outlives every server."""

    def __init__(self, binary, block_time_ms, log):
        self.process = subprocess.Popen(
            [binary, "devnet", "--listen", "127.0.0.1:0", "--block-time-ms", str(block_time_ms)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the devnet did not start")

    def ask(self, path, /, **body):
        request = urllib.request.Request(
            f"{self.url}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with _direct.open(request, timeout=NODE_TIMEOUT_SECS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{path}: {refused.read().decode()}") from refused

    def head(self):
        return self.ask("devnet/status")["head"]["number"]

    def blocks(self):
        """Every block up to the head, oldest first."""
        head = self.head()
        for start in range(1, head + 1, BLOCKS_AT_ONCE):
            end = min(start + BLOCKS_AT_ONCE, head + 1)
            answer = self.ask("wallet/getblockbylimitnext", startNum=start, endNum=end,
                              visible=True)
            yield from sorted(answer.get("block", []),
                              key=lambda block: block["block_header"]["raw_data"]["number"])

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class World:
    """Who is on the chain."""

    def __init__(self, plan):
        self.plan = plan
        self._keys, self._addresses = {}, {}
        self.lenders = [f"lender {number}" for number in range(LENDERS)]
        self.activator = "activator"

    def key(self, label):
        if label not in self._keys:
            self._keys[label] = PrivateKey(self.plan.secret(label))
        return self._keys[label]

    def address(self, label):
        if label not in self._addresses:
            key = self.key(label)
            self._addresses[label] = key.public_key.to_base58check_address()
        return self._addresses[label]

    def wallets(self):
        """Label of each pool wallet with its role."""
        return [*((label, "lender") for label in self.lenders), (self.activator, "activator")]

    def pool_addresses(self):
        return {self.address(label): label for label, _ in self.wallets()}

    def make(self, devnet):
        changes = self._changes()
        for start in range(0, len(changes), CHANGES_AT_ONCE):
            devnet.ask("devnet/batch", changes=changes[start:start + CHANGES_AT_ONCE])

    def _changes(self):
        changes = []
        for label, role in self.wallets():
            changes += self._wallet(label, role)
        changes.append(self._mint("recipient", 1_000_000))
        changes.append({"faucet": {"address": self.address("stranger"), "sun": TRX}})
        for order in self.plan.orders:
            changes += self._payment_address(order)
        return changes

    def _wallet(self, label, role):
        address = self.address(label)
        if role == "activator":
            funds = [{"faucet": {"address": address, "sun": ACTIVATOR_SUN}}]
        else:
            funds = [
                {"stake": {"address": address, "resource": "ENERGY", "sun": ENERGY_STAKE_SUN}},
                {"stake": {"address": address, "resource": "BANDWIDTH",
                           "sun": BANDWIDTH_STAKE_SUN}},
            ]
        active = {
            "name": role, "threshold": 1,
            "operations": LENDER_OPERATIONS if role == "lender" else ACTIVATOR_OPERATIONS,
            "keys": [{"address": self.address(f"hot key of {label}"), "weight": 1}],
        }
        owner = {"name": "owner", "threshold": 1, "keys": [{"address": address, "weight": 1}]}
        return [*funds, {"permissions": {"address": address, "owner": owner, "actives": [active]}}]

    def _payment_address(self, order):
        address = self.address(order.receiver)
        changes = [self._mint(order.receiver, order.units)]
        if order.kind is not Kind.NEVER_ACTIVATED:
            changes.append({"activate": {"address": address}})
        if order.kind is Kind.NO_BANDWIDTH:
            changes.append({"use": {"address": address, "resource": "FREE", "units": 600}})
        if order.kind is Kind.HAS_ENERGY:
            changes.append({"delegate": {"from": self.address("stranger"), "to": address,
                                         "resource": "ENERGY", "sun": STRANGER_STAKE_SUN}})
        return changes

    def _mint(self, label, units):
        return {"mint": {"address": self.address(label), "units": units}}
