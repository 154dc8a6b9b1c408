"""Judges a run from the chain, the ledger and the merchant's own log.

Nothing here believes what the server says about its orders.
"""

import json
from collections import Counter, defaultdict

from .chain import Chain
from .plan import Answer, Kind, Sweep
from .server import CALLBACK_TIMEOUT_SECS, HOLD_SECS
from .world import ACTIVATOR_SUN, TRX

# Numbers of the ledger, as crates/domain/src/ledger and docs/ledger.md define them.
HELD, SETTLED, RELEASED = 2, 3, 4
AVAILABLE, SET_ASIDE, REVENUE, OUTSIDE = 1, 2, 3, 4
SOLID = 2
# What callbacks say of an order, as docs/wire.md has it.
DELIVERED, REFUNDED = 40, 41
ACTIVATION_FEE_SUN = 1_100_000
# A transfer burned the address's own bandwidth or energy before the order was read back: what is
# missing then is lent in a second leg. More than that would be lending for nothing.
EARLY_LOANS_MOST = 2
# Delegated beyond the need against drift, as configuration.md says at most 0.5 %.
MARGIN = 1.006
# A sweep that begins this close to the end of its rent may come too late.
RENT_SLACK_SECS = 3
# A callback that a killed server was posting waits for a lease to end, and rents are short here.
LATE_SHARE = 0.1


class Checks:
    """Counts what held and shows what did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, what, wrong):
        """`wrong` lists what contradicts `what`."""
        wrong = list(wrong)
        if not wrong:
            self.passed += 1
            print(f"ok    {what}")
            return
        self.failed += 1
        print(f"WRONG {what}: {len(wrong)}")
        for one in wrong[:8]:
            print(f"      {one}")


def orders_and_repeats(checks, shop):
    checks.expect("every order was accepted", [
        f"{one.plan.number} {one.refusal}" for one in shop.orders if one.serial is None])
    serials = Counter(one.serial for one in shop.orders)
    checks.expect("no two orders share a serial",
                  [serial for serial, times in serials.items() if times > 1])
    checks.expect("every repeat of a request named the same order", [
        f"{one.serial}: {one.repeats}" for one in shop.orders
        if any(serial != one.serial for serial in one.repeats)])
    checks.expect("every request was repeated",
                  [one.serial for one in shop.orders if not one.repeats])


class ChainJudge:
    """What was lent, used and taken back."""

    def __init__(self, checks, devnet, world, shop, before, hold_secs=HOLD_SECS,
                 late_share=LATE_SHARE, fast_secs=0):
        self.hold_secs, self.late_share = hold_secs, late_share
        # Rents end by the server's clock, which may have been fast by so much.
        self.fast_secs = fast_secs
        self.checks, self.devnet, self.world, self.shop = checks, devnet, world, shop
        self.before = before
        self.chain = Chain(devnet, world)
        # Sweeps that were not made because the callback came too late.
        self.late = 0

    def judge(self, receiver_log):
        # A refunded order may have been filled in part: all of that is to be taken back.
        self.refunded = {placed.plan.number for placed in self.shop.orders
                         if receiver_log.status(placed.serial) == REFUNDED}
        chain = self.chain
        expect = self.checks.expect
        expect("the pool did nothing but lend, take back and activate", chain.strangers())
        expect("each address was lent energy once, if it lacked any", self._loans("ENERGY"))
        expect("each address was lent bandwidth once, if it lacked any", self._loans("BANDWIDTH"))
        expect("no loan was more than one transfer takes", self._too_much())
        expect("each new address was activated once, no other ever", self._activations())
        expect("each loan was taken back whole, once", self._returns())
        expect("nothing was taken back before its use or the end of its rent", self._hasty())
        expect("no loan is left on chain", self._left())
        expect("every wallet's stake is as before", self._stakes())
        expect("wallets paid for activations and bandwidth only", self._balances())
        expect("every sweep arrived and burned nothing", self._sweeps(receiver_log))
        expect("few callbacks were too late for their rent",
               [self.late] if self.late > len(self.shop.orders) * self.late_share else [])
        invariants = self.devnet.ask("devnet/invariants")
        expect("the chain's sums agree", [] if invariants["holds"] else [invariants])

    def _address(self, order):
        return self.world.address(order.receiver)

    def _loans(self, resource):
        lacking = {"ENERGY": (Kind.PLAIN, Kind.NEVER_ACTIVATED, Kind.NO_BANDWIDTH),
                   "BANDWIDTH": (Kind.NO_BANDWIDTH,)}[resource]
        for order in self.shop.plan.orders:
            count = len(self.chain.loans[self._address(order), resource])
            wanted = int(order.kind in lacking)
            most = EARLY_LOANS_MOST if order.sweep is Sweep.EARLY else wanted
            least = 0 if order.number in self.refunded else wanted
            if not least <= count <= most:
                yield f"order {order.number} ({order.kind.value}, {order.sweep.value}): {count}"

    def _too_much(self):
        totals = self.devnet.ask("wallet/getaccountresource", visible=True,
                                 address=self.world.address(self.world.lenders[0]))
        for order in self.shop.plan.orders:
            for step in self.chain.loans[self._address(order), "ENERGY"]:
                units = step.amount * totals["TotalEnergyLimit"] // (
                    totals["TotalEnergyWeight"] * TRX)
                if units > order.energy * MARGIN:
                    yield f"order {order.number}: {units} for {order.energy} in {step.txid}"

    def _activations(self):
        for order in self.shop.plan.orders:
            count = len(self.chain.activations[self._address(order)])
            wanted = int(order.kind is Kind.NEVER_ACTIVATED)
            least = 0 if order.number in self.refunded else wanted
            if not least <= count <= wanted:
                yield f"order {order.number} ({order.kind.value}): {count}"

    def _returns(self):
        lent, returned = defaultdict(list), defaultdict(list)
        for step in self.chain.out:
            lent[step.loan].append(step.amount)
        for step in self.chain.back:
            returned[step.loan].append(step.amount)
        for loan in lent.keys() | returned.keys():
            if sum(lent[loan]) != sum(returned[loan]) or len(returned[loan]) > len(lent[loan]):
                yield f"{loan}: lent {lent[loan]}, returned {returned[loan]}"

    def _hasty(self):
        for order in self.shop.plan.orders:
            address = self._address(order)
            use = self.chain.arrived(address)
            for step in self.chain.returned_by[address]:
                lent_ms = max(one.at_ms for one in self.chain.loans[address, step.resource])
                # A fork can put both into one block, in the order in which they were before.
                is_used = use is not None and use.place < step.place
                rented_ms = (self.hold_secs - self.fast_secs - 1) * 1_000
                if not is_used and step.at_ms < lent_ms + rented_ms:
                    yield f"order {order.number}: {step.at_ms - lent_ms} ms after {step.txid}"

    def _left(self):
        pairs = {(step.owner, step.receiver) for step in self.chain.out}
        for owner, receiver in sorted(pairs):
            answer = self.devnet.ask("wallet/getdelegatedresourcev2", visible=True,
                                     fromAddress=owner, toAddress=receiver)
            if answer.get("delegatedResource"):
                yield f"{owner} -> {receiver}: {answer}"
        for label in self.world.lenders:
            index = self.devnet.ask("wallet/getdelegatedresourceaccountindexv2", visible=True,
                                    value=self.world.address(label))
            if index.get("toAccounts"):
                yield f"{label}: {index['toAccounts']}"

    def _stakes(self):
        for label, _ in self.world.wallets():
            stake = stake_of(self.devnet, self.world.address(label))
            if stake != self.before[label]:
                yield f"{label}: {self.before[label]} became {stake}"

    def _balances(self):
        fees = Counter()
        for address, label in self.world.pool_addresses().items():
            history = self.devnet.ask("devnet/history", address=address)
            own = {step.txid for step in self.chain.pool_steps if step.owner == address}
            for one in history["transactions"]:
                if one["info"]["id"] in own:
                    fees[label] += one["info"].get("fee", 0)
        activated = sum(map(len, self.chain.activations.values()))
        burned = fees[self.world.activator] - activated * ACTIVATION_FEE_SUN
        if not 0 <= burned <= activated * ACTIVATION_FEE_SUN:
            yield f"the activator burned {burned} sun beyond {activated} activations"
        for label, _ in self.world.wallets():
            balance = self._balance(label)
            start = ACTIVATOR_SUN if label == self.world.activator else 0
            if balance != start - fees[label]:
                yield f"{label}: {start} - {fees[label]} became {balance}"

    def _was_late(self, order, taken):
        """Whether the merchant learned of the energy when the rent was about to end."""
        loans = self.chain.loans[self._address(order), "ENERGY"]
        if not loans or not taken:
            return False
        rented_secs = self.hold_secs - self.fast_secs - RENT_SLACK_SECS
        return taken[0].at * 1_000 > loans[0].at_ms + rented_secs * 1_000

    def _balance(self, label):
        account = self.devnet.ask("wallet/getaccount", visible=True,
                                  address=self.world.address(label))
        return account.get("balance", 0)

    def _sweeps(self, receiver_log):
        for placed in self.shop.orders:
            order = placed.plan
            arrived = self.chain.arrived(self._address(order))
            if order.number in self.refunded and arrived is None:
                continue
            if order.sweep is Sweep.NEVER:
                if arrived is not None:
                    yield f"order {order.number} was not swept, and yet {arrived.txid}"
                continue
            if arrived is None and self._was_late(order, receiver_log.taken(placed.serial)):
                self.late += 1
            elif arrived is None:
                steps = self.chain.transfers[self._address(order)]
                yield (f"order {order.number} ({order.kind.value}, {order.sweep.value}): "
                       f"{placed.transfers}, on chain {steps}")
            balance = self._balance(order.receiver)
            if balance:
                yield f"order {order.number}: its address holds {balance} sun"


def stake_of(devnet, address):
    """What an account has staked and lent; absent and zero are the same."""
    account = devnet.ask("wallet/getaccount", visible=True, address=address)
    energy = account.get("account_resource", {})
    frozen = {one.get("type", "BANDWIDTH"): one.get("amount", 0)
              for one in account.get("frozenV2", [])}
    return {
        "ENERGY": frozen.get("ENERGY", 0),
        "BANDWIDTH": frozen.get("BANDWIDTH", 0),
        "lent energy": energy.get("delegated_frozenV2_balance_for_energy", 0),
        "lent bandwidth": account.get("delegated_frozenV2_balance_for_bandwidth", 0),
    }


class CallbackLog:
    """The receiver's log, one list of attempts a serial."""

    def __init__(self, receiver):
        self.bad = receiver.bad
        self.attempts = defaultdict(list)
        for attempt in receiver.attempts:
            self.attempts[attempt.serial].append(attempt)

    def status(self, serial):
        attempts = self.attempts[serial]
        return json.loads(attempts[0].body)["status"] if attempts else None

    def taken(self, serial):
        return [one for one in self.attempts[serial] if one.answer is Answer.TAKE]

    def repeats(self):
        """Attempts after one that the merchant took."""
        return sum(max(0, len(self.taken(serial)) - 1) for serial in self.attempts)

    def judge(self, checks, shop, world, kills):
        """Without `kills` more than deaths goes wrong: a callback may come again at any time, and an
        order that could not be filled in time may be refunded."""
        self.outcomes = (DELIVERED,) if kills is not None else (DELIVERED, REFUNDED)
        checks.expect("every callback was genuine", self.bad)
        known = {one.serial for one in shop.orders}
        checks.expect("no callback named an unknown order", self.attempts.keys() - known)
        checks.expect("every order was called back and taken",
                      [serial for serial in known if not self.taken(serial)])
        checks.expect("every attempt of a callback had the same bytes", [
            f"{serial}: {[one.body for one in attempts]}"
            for serial, attempts in self.attempts.items()
            if len({one.body for one in attempts}) > 1])
        checks.expect("every callback says what was ordered", self._contents(shop, world))
        if kills is not None:
            checks.expect("a taken callback came again only when a kill swallowed the answer",
                          self._unexplained(kills))

    def _contents(self, shop, world):
        for placed in shop.orders:
            for attempt in self.attempts[placed.serial][:1]:
                fields = json.loads(attempt.body)
                is_paid = fields["status"] == DELIVERED
                wanted = {
                    "serial": placed.serial, "amount": placed.amount if is_paid else 0,
                    "receive_address": world.address(placed.plan.receiver),
                    "out_trade_no": f"trade-{placed.plan.number}", "type": "energy",
                }
                is_known = fields["status"] in self.outcomes
                if not is_known or any(fields[name] != value for name, value in wanted.items()):
                    yield f"order {placed.plan.number} ({placed.plan.sweep.value}): {fields}"

    def _unexplained(self, kills):
        for serial in self.attempts:
            taken = self.taken(serial)
            for first, again in zip(taken, taken[1:]):
                deadline = first.at + CALLBACK_TIMEOUT_SECS + 1
                if not any(first.at - 0.1 <= kill <= min(again.at, deadline) for kill in kills):
                    yield f"{serial}: at {first.at} and again {again.at - first.at:.3f} s later"


class LedgerJudge:
    """The money, from the entries; read-only."""

    def __init__(self, checks, rows):
        """`rows` answers SQL with `execute`, as a connection of sqlite3 does."""
        self.checks, self.rows = checks, rows

    def judge(self, shop, callbacks, chain, credit_sun):
        expect = self.checks.expect
        self.entries = defaultdict(dict)
        for business, fact, kind, amount in self.rows.execute(
                "SELECT business, fact, account_kind, amount FROM ledger_entry"):
            self.entries[business.hex(), fact][kind] = amount
        expect("each order was charged once: held, then settled or released", [
            wrong for placed in shop.orders for wrong in self._charge(placed, callbacks)])
        known = {placed.serial for placed in shop.orders}
        expect("no other order is in the ledger or in the rows", self._others(known))
        expect("every ledger transaction sums to zero", [
            identity for identity, entries in self.entries.items() if sum(entries.values())])
        expect("the balances are what the orders cost", self._balances(shop, callbacks, credit_sun))
        known = {txid.hex() for (txid,) in
                 self.rows.execute(f"SELECT txid FROM chain_tx WHERE state = {SOLID}")}
        on_chain = {step.txid for step in chain.pool_steps}
        expect("the rows know every transaction of the pool, and no other", known ^ on_chain)

    def _charge(self, placed, callbacks):
        price = placed.amount
        held = self.entries.get((placed.serial, HELD))
        settled = self.entries.get((placed.serial, SETTLED))
        released = self.entries.get((placed.serial, RELEASED))
        is_delivered = callbacks.status(placed.serial) == DELIVERED
        wanted = {AVAILABLE: -price, SET_ASIDE: price}
        if price == 0:
            if held or settled or released:
                yield f"order {placed.plan.number} cost nothing: {held} {settled} {released}"
            return
        if held != wanted:
            yield f"order {placed.plan.number}: held {held}, answered {price}"
        wanted_settled = {SET_ASIDE: -price, REVENUE: price} if is_delivered else None
        wanted_released = None if is_delivered else {SET_ASIDE: -price, AVAILABLE: price}
        if settled != wanted_settled or released != wanted_released:
            yield f"order {placed.plan.number}: settled {settled}, released {released}"

    def _others(self, known):
        charged = {business for business, fact in self.entries if fact in (HELD, SETTLED, RELEASED)}
        yield from charged - known
        yield from {order.hex() for (order,) in self.rows.execute("SELECT id FROM orders")} ^ known

    def _balances(self, shop, callbacks, credit_sun):
        earned = sum(placed.amount for placed in shop.orders
                     if callbacks.status(placed.serial) == DELIVERED)
        wanted = {AVAILABLE: credit_sun - earned, SET_ASIDE: 0, REVENUE: earned,
                  OUTSIDE: -credit_sun}
        shown = dict(self.rows.execute("SELECT kind, SUM(balance) FROM ledger_account GROUP BY 1"))
        summed = Counter()
        for entries in self.entries.values():
            summed.update(entries)
        for kind, amount in wanted.items():
            if not amount == shown.get(kind, 0) == summed[kind]:
                yield f"account {kind}: {amount}, kept {shown.get(kind)}, summed {summed[kind]}"
