from django.core.management.base import BaseCommand

from live.worker import Worker


class Command(BaseCommand):
    help = (
        "Delivers events to webhooks, sends reminders, and goes on until it is stopped. You can run several at the "
        "same time, on several machines."
    )

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="only do what is due now, for cron")

    def handle(self, *args, once: bool, **options):
        worker = Worker()
        worker.listen()
        try:
            worker.run_once() if once else worker.run()
        finally:
            worker.close()
