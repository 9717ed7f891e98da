"""The large proofs: how much of them a run does.

`make test` and `make test-server` do a sample, always the same one; `make proofs` (PROOFS=full) does the whole. Each
says at the end of the run how much it was.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, cast

import pytest

FULL = os.environ.get("PROOFS") == "full"
SHARE = 32  # one of so many is in the sample


def size(whole: int, sample: int) -> int:
    """How many of something this run does."""
    return whole if FULL else sample


def sample(things: Iterable[Any], kind: Callable[[Any], Any], seed: str, share: int = SHARE) -> list[Any]:
    """One of `share` of these things, in their order, but at least one of each kind; with PROOFS=full all of them.

    The same seed takes the same ones in each run, on each machine.
    """
    things = list(things)
    if FULL:
        return things
    kinds = defaultdict(list)
    for number, thing in enumerate(things):
        kinds[kind(thing)].append(number)
    random = Random(seed)
    taken = {number for group in kinds.values() for number in random.sample(group, -(-len(group) // share))}
    return [things[number] for number in sorted(taken)]


def summary(reports: Iterable[pytest.TestReport]) -> list[str]:
    """A line for each proof: the sums of all its tests."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for report in reports:
        for key, value in report.user_properties:
            if key == "proof":
                name, done, of = cast(tuple[str, int, int], value)
                sums[name] = [sums[name][0] + done, sums[name][1] + of]
    return [f"{name}: {done:,} of {of:,}" for name, (done, of) in sorted(sums.items())]
