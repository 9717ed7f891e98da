from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.db import transaction

from todos.models import Project, Task

EMAIL, PASSWORD = "demo@example.com", "demo-password"


def sample_tasks(user) -> None:
    """Create tasks that show most features."""
    today = user.today()
    home = Project.objects.create(owner=user, name="Home", color="#2e7d32")
    tour = Project.objects.create(owner=user, name="Getting to know this", color="#1565c0")
    Task.objects.bulk_create(
        Task(owner=user, project=tour, **fields)
        for fields in (
            {"title": "Try the API with curl", "description": "docs/tour.md shows how.", "priority": 3},
            {"title": "Look at the browsable pages", "description": "Sign in and open /api/v1/tasks/."},
            {"title": "Read the documentation", "description": "/api/v1/docs/ lets you try each call."},
            {"title": "Install the project", "completed": True},
        )
    )
    Task.objects.create(owner=user, title="Buy milk", tags=["errand"], due_date=today)  # type: ignore[misc]
    Task.objects.create(
        owner=user, project=home, title="Pay the rent", due_date=today, recurrence="FREQ=MONTHLY;BYMONTHDAY=31"
    )
    party = Task.objects.create(owner=user, project=home, title="Birthday party", priority=2, tags=["fun"])  # type: ignore[misc]
    for title in ("Invite friends", "Bake a cake"):
        Task.objects.create(owner=user, parent=party, title=title, tags=["fun"])  # type: ignore[misc]


class Command(BaseCommand):
    help = "Creates a demo user with sample tasks. Don't use it in production: the password is public."

    def add_arguments(self, parser):
        parser.add_argument(
            "--address",
            default="http://127.0.0.1:8000",
            help="URL of the server, for the output (default: %(default)s)",
        )

    def handle(self, *args, address: str, **options):
        User = get_user_model()
        user = User.objects.filter(email=EMAIL).first()
        if user is None:
            with transaction.atomic():
                user = User.objects.create_user(EMAIL, PASSWORD, name="Demo", is_staff=True, is_superuser=True)
                sample_tasks(user)
        self.stdout.write(
            f"""
  {address}/              sign in with {EMAIL} and {PASSWORD}
  {address}/api/v1/docs/  try each call of the API
  {address}/admin/        the admin, with the same sign-in

  curl -s {address}/api/v1/auth/login/ -H 'Content-Type: application/json' \\
    -d '{{"email": "{EMAIL}", "password": "{PASSWORD}"}}'
"""
        )
