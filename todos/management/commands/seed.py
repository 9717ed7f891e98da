from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

from todos.models import Task

EMAIL, PASSWORD = "demo@example.com", "demo-password"

TASKS = [
    ("Try the API with curl", "The README has ten minutes of it.", False),
    ("Look at the browsable pages", "Sign in and open /api/v1/tasks/.", False),
    ("Read the documentation", "/api/v1/docs/ lets you try each call.", False),
    ("Buy milk", "", False),
    ("Install the project", "Done: you are reading this.", True),
]


class Command(BaseCommand):
    help = "Make a demo user with sample tasks, if there is none yet. Never in production: the password is public."

    def add_arguments(self, parser):
        parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the server will answer")

    @transaction.atomic
    def handle(self, *args, address: str, **options):
        User = get_user_model()
        user = User.objects.filter(email=EMAIL).first()
        if user is None:
            user = User.objects.create_user(EMAIL, PASSWORD, name="Demo", is_staff=True, is_superuser=True)
            Task.objects.bulk_create(
                Task(owner=user, title=title, description=description, completed=completed)  # type: ignore[misc]
                for title, description, completed in TASKS
            )
        self.stdout.write(
            f"""
  {address}/              sign in with {EMAIL} and {PASSWORD}
  {address}/api/v1/docs/  every call, to try out
  {address}/admin/        the same sign-in

  curl -s {address}/api/v1/auth/login/ -H 'Content-Type: application/json' \\
    -d '{{"email": "{EMAIL}", "password": "{PASSWORD}"}}'
"""
        )
