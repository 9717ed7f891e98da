"""Test this project with the faults of a database in the cloud: `make drills`.

    python -m drills                  # everything, in half an hour
    python -m drills faults --scale=0.2
    python -m drills suite --pytest -k sync

Prints tables. Fails if a promise was broken, or if the drills couldn't run.
"""

import argparse
import signal
import sys
from collections.abc import Callable

from drills.exercises import CrashLedger, Drills
from drills.gateway import Gateway
from drills.live import LiveLedger
from drills.neon import MissingProgram, Neon, find_pooler, neon
from drills.report import print_results
from drills.suite import run_suite
from testing.postgres import PostgresError, find_programs

WORKERS, CRASHES = 32, 22  # to kill
LIVE = 36  # kills of workers and server processes that deliver
ENOUGH = 20_000  # requests under faults


def suite(neon: Neon, options: argparse.Namespace) -> list[str]:
    return [] if run_suite(neon, options.pytest) else ["the test suite failed on the pooled URL"]


def faults(neon: Neon, options: argparse.Namespace) -> list[str]:
    with Gateway(neon) as gateway:
        drills = Drills(neon, gateway, options.scale)
        try:
            drills.run(int(ENOUGH * options.scale))
        finally:
            broken = print_results(drills.results)
    return broken


def crashes(neon: Neon, options: argparse.Namespace) -> list[str]:
    kills = (max(2, round(count * options.scale)) for count in (WORKERS, CRASHES))
    return print_results([CrashLedger(neon, *kills).run()])


def live(neon: Neon, options: argparse.Namespace) -> list[str]:
    return LiveLedger(neon, max(2, round(LIVE * options.scale))).run()


PARTS: dict[str, Callable[[Neon, argparse.Namespace], list[str]]] = {
    "suite": suite,
    "faults": faults,
    "crashes": crashes,
    "live": live,
}


def run(options: argparse.Namespace) -> list[str]:
    broken = []
    for part in options.parts or PARTS:
        with neon() as server:
            broken += PARTS[part](server, options)
    return broken


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all without one")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="less than 1 for fewer faults, as a quick test",
    )
    parser.add_argument(
        "--check", action="store_true", help="only check whether this machine has the required programs"
    )
    parser.add_argument("--pytest", nargs=argparse.REMAINDER, default=[], help="pass all further arguments to pytest")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return options


def main() -> int:
    options = read_options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up, and print the tables so far
    try:
        find_pooler()
        find_programs()
        broken = [] if options.check else run(options)
    except (MissingProgram, PostgresError) as error:
        print(f"THE DRILLS WERE NOT RUN: {error}")
        return 2
    if broken:
        print("\nA promise was BROKEN:", *broken, sep="\n  ")
    elif not options.check:
        print("\nAll promises were kept.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
