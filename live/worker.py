"""The worker: delivers events, reminds, and sends emails. Any number of them may run."""

import logging
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from live import delivering, mails, reminding
from live.models import Delivery, Hook, OutgoingMail, StreamTicket
from live.waking import Bell

logger = logging.getLogger("live.worker")

THREADS = 20  # one for each hook that is being delivered to
TIDY_EVERY = timedelta(hours=1)
MIN_PAUSE = 0.2  # seconds
MAX_PAUSE = 30  # seconds between two attempts to reach a database that is away


class Worker:
    def __init__(self) -> None:
        self.is_stopping = False
        self.bell = Bell()
        self.pool = ThreadPoolExecutor(THREADS + 1, thread_name_prefix="worker")  # one more, for the emails
        self.running: set[Future] = set()
        self.mailing: Future | None = None
        self.turns = (reminding.Reminding(), delivering.FanOut())
        self.is_behind = False  # in one of these
        self.tidy_at = timezone.now()

    def run(self) -> None:
        """Work until `stop`."""
        pause = 1
        while not self.is_stopping:
            try:
                close_old_connections()
                self.work()
                seconds, pause = self.seconds_to_next(), 1
            except Exception as error:  # it works for all users: nothing that one of them brings about may end it
                if isinstance(error, (DatabaseError, InterfaceError)):
                    logger.error("The database can't be reached.", extra={"fields": {"error": type(error).__name__}})
                else:
                    logger.exception("A round failed.")
                connection.close()
                seconds, pause = pause, min(pause * 2, MAX_PAUSE)
            if not self.is_stopping:
                self.bell.wait(seconds)

    def run_once(self) -> None:
        """Do all that is due now."""
        while not self.is_stopping and (self.work() or self.running):
            for future in list(self.running):
                future.result()

    def stop(self, *signal) -> None:
        """Begin nothing new. What is being sent is finished."""
        self.is_stopping = True
        self.bell.ring()

    def close(self) -> None:
        self.pool.shutdown()
        self.bell.close()

    def listen(self) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, self.stop)

    def work(self) -> bool:
        """Begin what is due. Whether there was something to deliver or to send."""
        if timezone.now() >= self.tidy_at:
            self.tidy_at = timezone.now() + TIDY_EVERY
            tidy()
        self.is_behind = bool([each for each in self.turns if each.round(lambda: self.is_stopping)])
        if self.is_stopping:
            return False
        self.running = {future for future in self.running if not future.done()}
        hooks = delivering.claim_hooks(THREADS - len(self.running - {self.mailing}))
        for hook in hooks:
            self.begin(delivering.Sender(hook, lambda: self.is_stopping).run)
        has_mail = OutgoingMail.objects.due(timezone.now()).free(timezone.now()).exists()
        if has_mail and (self.mailing is None or self.mailing.done()):
            self.mailing = self.begin(lambda: mails.send_mails(lambda: self.is_stopping))
        return bool(hooks) or has_mail or self.is_behind

    def begin(self, job: Callable[[], None]) -> Future:
        future = self.pool.submit(self.do, job)
        self.running.add(future)
        return future

    def do(self, job: Callable[[], None]) -> None:
        try:
            close_old_connections()
            job()
        except (DatabaseError, InterfaceError) as error:  # its lease ends, and it is tried again
            logger.error("A job was broken off.", extra={"fields": {"error": type(error).__name__}})
            connection.close()
        except Exception:
            logger.exception("A job failed.")
        finally:
            self.bell.ring()

    def seconds_to_next(self) -> float:
        """How long there is nothing to do, as far as is known; WORK_POLL_SECONDS at most."""
        if self.is_behind:
            return 0
        moment = min(self.next_moments(), default=None)
        seconds = (moment - timezone.now()).total_seconds() if moment else settings.WORK_POLL_SECONDS
        # What is due but was left is locked, or waits for a thread: no reason to ask without a pause.
        return min(max(seconds, MIN_PAUSE), settings.WORK_POLL_SECONDS)

    def next_moments(self) -> Iterator[datetime]:
        """When the next reminder, delivery or email is due, or a pause or a lease ends."""
        for each in self.turns:
            yield from each.paused.values()
        yield from reminding.next_moments(self.turns[0].paused)
        hooks = Hook.objects.enabled().exclude(next_attempt_at=None).annotate(at=later_of("next_attempt_at"))
        yield from hooks.order_by("at").values_list("at", flat=True)[:1]
        emails = OutgoingMail.objects.annotate(at=later_of("send_at"))
        yield from emails.order_by("at").values_list("at", flat=True)[:1]


def tidy() -> None:
    """Delete what is kept for a while, where no newer one of its owner has done it."""
    Delivery.objects.filter(delivered_at__lt=timezone.now() - Delivery.KEPT_FOR).delete()
    StreamTicket.objects.all().expired().delete()


def later_of(name: str) -> Greatest:
    return Greatest(F(name), Coalesce(F("claimed_until"), F(name)))
