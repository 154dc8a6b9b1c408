"""What happened, read from the chain alone."""

from collections import defaultdict
from dataclasses import dataclass

# Selector of transfer(address,uint256).
TRANSFER = "a9059cbb"
POOL_TYPES = {"DelegateResourceContract", "UnDelegateResourceContract", "AccountCreateContract"}


@dataclass(frozen=True)
class Step:
    """A transaction in a block. `amount` is staked sun."""

    txid: str
    type: str
    owner: str
    receiver: str
    resource: str
    amount: int
    block: int
    # Its place in the block, from 0.
    index: int
    at_ms: int
    succeeded: bool

    @property
    def place(self):
        """What comes before another on the chain has a smaller one."""
        return self.block, self.index

    @property
    def loan(self):
        return self.owner, self.receiver, self.resource


class Chain:
    """Every transaction of a devnet, sorted by what it is."""

    def __init__(self, devnet, world):
        pool = world.pool_addresses()
        self.pool_steps, self.out, self.back = [], [], []
        self.loans = defaultdict(list)
        self.returned_by = defaultdict(list)
        self.activations = defaultdict(list)
        self.transfers = defaultdict(list)
        for block in devnet.blocks():
            for step in _steps(block):
                if step.owner in pool:
                    self._add_pool(step)
                elif step.type == "TriggerSmartContract":
                    self.transfers[step.owner].append(step)

    def _add_pool(self, step):
        self.pool_steps.append(step)
        if not step.succeeded:
            return
        if step.type == "DelegateResourceContract":
            self.out.append(step)
            self.loans[step.receiver, step.resource].append(step)
        elif step.type == "UnDelegateResourceContract":
            self.back.append(step)
            self.returned_by[step.receiver].append(step)
        elif step.type == "AccountCreateContract":
            self.activations[step.receiver].append(step)

    def strangers(self):
        """What a pool wallet has no business doing, or tried without success."""
        return [step for step in self.pool_steps
                if step.type not in POOL_TYPES or not step.succeeded]

    def arrived(self, receiver):
        """The transfer that moved an address's tokens."""
        return next((step for step in self.transfers[receiver] if step.succeeded), None)


def _steps(block):
    head = block["block_header"]["raw_data"]
    for index, transaction in enumerate(block.get("transactions", [])):
        contract = transaction["raw_data"]["contract"][0]
        value = contract["parameter"]["value"]
        yield Step(
            txid=transaction["txID"],
            type=contract["type"],
            owner=value["owner_address"],
            receiver=value.get("receiver_address") or value.get("account_address", ""),
            # The node leaves out what is zero, and BANDWIDTH is.
            resource=value.get("resource", "BANDWIDTH"),
            amount=value.get("balance", 0),
            block=head["number"],
            index=index,
            at_ms=head["timestamp"],
            succeeded=transaction["ret"][0].get("contractRet") == "SUCCESS",
        )
