"""Runs requests at the same time, in a reproducible order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection


def meanwhile(monkeypatch, serializer_class: type, happen: Callable[[], object]) -> None:
    """Run a function right after a body was validated, as another request could."""
    validate = serializer_class.validate

    def validate_and_lose_time(self, attrs):
        attrs = validate(self, attrs)
        happen()
        return attrs

    monkeypatch.setattr(serializer_class, "validate", validate_and_lose_time)


def in_thread(work: Callable, *arguments):
    """Do the work, and close its connection."""
    try:
        return work(*arguments)
    finally:
        connection.close()


def in_parallel(count: int, work: Callable[[int], object]) -> list:
    """The results of `work(0)`, `work(1)` and so on. Each runs in its own thread, and all start together."""
    start = Barrier(count)

    def run(number: int):
        start.wait(timeout=10)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: in_thread(run, number), range(count)))
