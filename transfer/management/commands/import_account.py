from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from transfer.files import BadFileError
from transfer.importer import import_contents
from transfer.management.commands.export_account import find_user
from transfer.records import Contents
from transfer.sources import SOURCES


class Command(BaseCommand):
    help = (
        "Imports a file into an account, as `POST import/{source}/` does, without its limits on size and rows. Create "
        "the account first. All of the file is imported, or nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", help="email address of the account")
        parser.add_argument("file", help="the file to import")
        parser.add_argument("--source", choices=SOURCES, default="archive", help="where it is from (default: archive)")
        parser.add_argument("--dry-run", action="store_true", help="report only; nothing is changed")

    def handle(self, *args, email: str, file: str, source: str, dry_run: bool, **options):
        user, contents = find_user(email), Contents(max_rows=None)
        try:
            with open(file, "rb") as content:
                SOURCES[source](content, ZoneInfo(user.timezone), contents)
            report = import_contents(user, source, contents, dry_run)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None
        except BadFileError as error:
            raise CommandError(f"{file}: {error}") from None
        except ValidationError as error:
            raise CommandError(f"{file}: {'; '.join(error.messages)}") from None
        counts = ", ".join(f"{number} {name}" for name, number in report.created.items())
        self.stdout.write(f"{'Would create' if dry_run else 'Created'}: {counts}. Unchanged tasks: {report.unchanged}.")
        for lost in report.lost:
            self.stdout.write(f"Lost: {lost.item}: {lost.field}: {lost.reason}")
