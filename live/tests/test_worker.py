"""The worker: what one user's data brings about stops it for nobody, and what it does when it is told to stop."""

from threading import Event
from unittest.mock import Mock

import pytest
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from live import mails
from live import worker as worker_module
from live.models import OutgoingMail
from live.tests.conftest import InThisThread
from live.worker import THREADS, Worker


@pytest.fixture
def run(monkeypatch):
    """Run a worker whose rounds end with these errors. Returns the seconds that it waits after each."""

    def run(*errors: type[Exception]) -> list[float]:
        worker, pauses, left = Worker(), [], list(errors)

        def work() -> None:
            if left:
                raise left.pop(0)
            worker.stop()

        monkeypatch.setattr(worker, "work", work)
        monkeypatch.setattr(worker.bell, "wait", pauses.append)
        worker.run()
        worker.close()
        return pauses

    monkeypatch.setattr(worker_module, "connection", Mock())  # that of the test stays open
    monkeypatch.setattr(worker_module, "close_old_connections", Mock())
    return run


def test_it_goes_on_when_the_database_is_back(db, run):
    assert run(OperationalError, OperationalError, InterfaceError) == [1, 2, 4]


def test_it_goes_on_after_an_error_that_nobody_foresaw(db, run, caplog):
    assert run(ValueError) == [1]

    [record] = [each for each in caplog.records if each.name == "live.worker"]
    assert (record.message, record.exc_info[0]) == ("A round failed.", ValueError)


def test_an_email_goes_out_while_each_thread_waits_for_a_receiver(alice, monkeypatch):
    worker, answered, mailed = Worker(), Event(), Event()

    def send_mails(is_stopping) -> None:
        mailed.set()
        answered.wait(20)

    monkeypatch.setattr(mails, "send_mails", send_mails)
    OutgoingMail.objects.create(owner=alice, kind="reminders", content=[], send_at=timezone.now())
    for _ in range(THREADS):
        worker.begin(lambda: answered.wait(20))

    try:
        worker.work()
        worker.work()  # with one job more than there are threads for webhooks
        assert mailed.wait(10)
    finally:
        answered.set()
        worker.close()


def test_no_further_email_is_begun_when_it_is_told_to_stop(alice, monkeypatch):
    worker = InThisThread()

    def send(mail: OutgoingMail) -> None:
        mail.delete()
        worker.stop()

    monkeypatch.setattr(mails, "send", send)
    for _ in range(3):
        OutgoingMail.objects.create(owner=alice, kind="reminders", content=[], send_at=timezone.now())

    worker.work()
    worker.close()

    assert OutgoingMail.objects.filter(claimed_until=None).count() == 2


def test_once_ends_when_it_is_told_to_stop(api, hook, receiver, monkeypatch):
    hook()
    api.post("/tasks/", {"title": "Buy milk"})
    worker, rounds = InThisThread(), iter(range(5))

    def work() -> bool:
        worker.stop()
        next(rounds)  # an error if it goes round and round
        return Worker.work(worker)

    monkeypatch.setattr(worker, "work", work)
    worker.run_once()
    worker.close()

    assert (list(rounds), receiver.got) == ([1, 2, 3, 4], [])
