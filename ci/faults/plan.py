"""Everything that chance decides, drawn from one seed before anything starts.

Only the moments at which things meet differ between two runs with the same seed.
"""

import enum
import hashlib
import random
from dataclasses import dataclass, field

LENDERS = 3
KILLS_LEAST, KILLS_MOST = 10, 15
# Between a start of the server and the next kill.
GAP_LEAST_SECS, GAP_MOST_SECS = 0.1, 3.0
# Orders are placed over about this long, so that kills meet orders of every age.
PLACING_SECS = 14.0


class Kind(enum.Enum):
    """What a payment address starts with."""

    PLAIN = "plain"
    NEVER_ACTIVATED = "never activated"
    NO_BANDWIDTH = "no bandwidth"
    HAS_ENERGY = "has energy"


class Sweep(enum.Enum):
    """When the merchant moves the tokens."""

    AT_CALLBACK = "at the callback"
    EARLY = "before the callback too"
    NEVER = "never"


class Trigger(enum.Enum):
    """What a kill waits for after its gap: some windows are too short to be hit by chance."""

    TIME = "time"
    REQUEST = "an order that was just sent"
    CALLBACK = "a callback that is being answered"
    BLOCK = "a new block"


class Answer(enum.Enum):
    """What the merchant does with an attempt at a callback."""

    TAKE = 200
    FAIL = 500
    HANG = 0


@dataclass(frozen=True)
class Kill:
    """The server dies `gap_secs` after its start, at the next `trigger`, `late_secs` later."""

    gap_secs: float
    trigger: Trigger
    late_secs: float


@dataclass(frozen=True)
class OrderPlan:
    """One order and how its merchant treats it."""

    number: int
    kind: Kind
    units: int
    sweep: Sweep
    # The recipient held no tokens; None: no recipient is named in the order.
    is_recipient_empty: bool | None
    place_after_secs: float
    hangs_up: bool
    replays: bool
    answers: tuple = field(default_factory=tuple)

    @property
    def receiver(self):
        return f"payment {self.number}"

    @property
    def recipient(self):
        return f"recipient {self.number}" if self.is_recipient_empty else "recipient"

    @property
    def energy(self):
        """What the transfer takes on this chain; the product is not asked."""
        return 130_285 if self.is_recipient_empty else 64_285


@dataclass(frozen=True)
class Plan:
    """All that a run is going to do."""

    seed: int
    orders: list
    kills: list

    @classmethod
    def draw(cls, seed, orders, placing_secs=PLACING_SECS):
        dice = random.Random(seed)
        kills = [
            Kill(dice.uniform(GAP_LEAST_SECS, GAP_MOST_SECS), trigger, dice.uniform(0, 0.03))
            for trigger in _triggers(dice)
        ]
        return cls(seed, [_order(dice, number, placing_secs) for number in range(orders)], kills)

    def secret(self, label):
        """32 bytes for a private key."""
        return hashlib.sha256(f"kill9 {self.seed} {label}".encode()).digest()


def _triggers(dice):
    count = dice.randint(KILLS_LEAST, KILLS_MOST)
    triggers = [list(Trigger)[index % len(Trigger)] for index in range(count)]
    dice.shuffle(triggers)
    return triggers


def _order(dice, number, placing_secs):
    kinds = (Kind.PLAIN, Kind.NEVER_ACTIVATED, Kind.PLAIN, Kind.NO_BANDWIDTH, Kind.HAS_ENERGY)
    refusals = dice.choices((0, 1, 2), (80, 14, 6))[0]
    answers = tuple(dice.choice((Answer.FAIL, Answer.HANG)) for _ in range(refusals))
    return OrderPlan(
        number=number,
        kind=kinds[number % len(kinds)],
        units=25_000_000 + number % 97 * 7_310_000,
        sweep=dice.choices(list(Sweep), (74, 12, 14))[0],
        is_recipient_empty=dice.choices((False, True, None), (60, 25, 15))[0],
        place_after_secs=dice.uniform(0, placing_secs),
        hangs_up=dice.random() < 0.1,
        replays=dice.random() < 0.2,
        answers=answers,
    )
