import sys
from typing import IO

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from transfer.exports.archive import write_archive


def find_user(email: str):
    """The user with this email address. Raises CommandError."""
    user = get_user_model().objects.filter(email=email.lower()).first()
    if user is None:
        raise CommandError(f"There is no account with the email address {email}.")
    return user


class Command(BaseCommand):
    help = "Writes everything of an account to an archive, which import_account and `POST import/archive/` read."

    def add_arguments(self, parser):
        parser.add_argument("email", help="email address of the account")
        parser.add_argument("file", help="the archive to write; - for the standard output. A file that is there stays")

    def handle(self, *args, email: str, file: str, **options):
        user = find_user(email)
        if file == "-":
            self.write(user, sys.stdout.buffer)
            return
        try:
            with open(file, "xb") as archive:
                self.write(user, archive)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from None

    @staticmethod
    def write(user, archive: IO[bytes]) -> None:
        for part in write_archive(user, as_owner=False):
            archive.write(part)
