from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import file_digest
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from api.errors import TooLarge, Unavailable
from api.renderers import JSONRenderer
from ownership.idempotency import read_key, respond_once
from ownership.transactions import revision_transaction
from ownership.viewsets import CallerView
from transfer.files import BadFileError
from transfer.importer import import_contents
from transfer.records import Contents, well_formed
from transfer.renderers import ImportPageRenderer
from transfer.serializers import ImportParameters, ReportSerializer, UploadFormSerializer, UploadSerializer
from transfer.sources import SOURCES

MAX_FILE = 32 * 1024 * 1024  # bytes
# Of large files in one process: such an import takes a thread and up to 200 MB, and others have to be served meanwhile.
IMPORTS = BoundedSemaphore(2)


class ImportView(CallerView):
    """The base of the calls that import a file. All of it is imported, or nothing."""

    source: str
    serializer_class = UploadSerializer
    parameters_class = ImportParameters
    renderer_classes = [JSONRenderer, ImportPageRenderer]
    detail = False
    is_revised = True
    is_dry_run = False

    def get_serializer_class(self):
        renderer = getattr(self.request, "accepted_renderer", None)
        return UploadFormSerializer if getattr(renderer, "format", "") == "api" else UploadSerializer

    @extend_schema(
        parameters=[ImportParameters],
        request={"multipart/form-data": UploadSerializer},
        responses=ReportSerializer,
    )
    def post(self, request):
        key = read_key(request)
        # Django reads the form, into files where it is large. It can be read once, and REST framework finds it there.
        request._request.POST  # noqa: B018
        values = self.read_body().validated_data
        self.is_dry_run = self.parameters.get("dry_run", False) or values.get("dry_run", False)
        upload = values["file"]
        if upload.size > MAX_FILE:
            raise TooLarge("The file is too large. Send at most 32 MiB.")
        with slot(upload.size):
            contents = read_contents(self.source, upload, request.user)

            def respond() -> Response:
                return Response(asdict(import_contents(request.user, self.source, contents, self.is_dry_run)))

            if key is None:
                return respond()
            with revision_transaction(request.user.pk):
                return respond_once(request, key, respond, body=fingerprint(upload))


@contextmanager
def slot(size: int) -> Iterator[None]:
    """One of the few for large files. Raises Unavailable while all are taken."""
    if size <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        yield
        return
    if not IMPORTS.acquire(blocking=False):
        raise Unavailable("Too many imports are running. Try again.")
    try:
        yield
    finally:
        IMPORTS.release()


def read_contents(source: str, upload, user) -> Contents:
    """The records of the uploaded file. Raises ValidationError, with the line or the item."""
    contents = Contents()
    try:
        SOURCES[source](upload, ZoneInfo(user.timezone), contents)
    except BadFileError as error:
        raise ValidationError({"file": [ErrorDetail(well_formed(str(error)), code="invalid")]}) from None
    return contents


def fingerprint(upload) -> bytes:
    upload.seek(0)
    return file_digest(upload, "sha256").digest()


class ArchiveImportView(ImportView):
    """Import an archive of this server.

    It is what `GET export/archive.json` has written, of this account or another one. Importing it again creates nothing
    twice.
    """

    source = "archive"


class TableImportView(ImportView):
    """Import tasks from CSV.

    It is what `GET export/tasks.csv` has written, or any table with a column `title`. The columns are those of the
    export; what has another name is in `lost`.
    """

    source = "csv"


class CalendarImportView(ImportView):
    """Import tasks (VTODO) from iCalendar.

    From `GET export/tasks.ics` and from Apple Reminders, Nextcloud, Thunderbird, Tasks.org and others.
    """

    source = "ics"


class TodoistImportView(ImportView):
    """Import a backup of Todoist.

    The zip of a backup, the CSV of one project, or the JSON of the sync endpoint. Sections become tags.
    """

    source = "todoist"


class TickTickImportView(ImportView):
    """Import a backup of TickTick.

    The CSV that TickTick makes under *Backup & Restore*.
    """

    source = "ticktick"


class GoogleTasksImportView(ImportView):
    """Import Google Tasks.

    The `Tasks.json` that Google Takeout makes.
    """

    source = "google-tasks"


class MicrosoftToDoImportView(ImportView):
    """Import Microsoft To Do.

    A JSON array of lists with `tasks`, as Microsoft Graph has them. Steps become subtasks.
    """

    source = "microsoft-todo"


class VikunjaImportView(ImportView):
    """Import an export of Vikunja.

    The zip that Vikunja sends, or the `data.json` in it.
    """

    source = "vikunja"


class TaskwarriorImportView(ImportView):
    """Import the tasks of Taskwarrior.

    The output of `task export`. The template of a recurring task and its open instance are one task.
    """

    source = "taskwarrior"


class TodoTxtImportView(ImportView):
    """Import a todo.txt file.

    With projects, contexts, and the extensions `due:`, `t:` and `rec:`.
    """

    source = "todotxt"


IMPORT_VIEWS: list[type[ImportView]] = [
    ArchiveImportView,
    TableImportView,
    CalendarImportView,
    TodoistImportView,
    TickTickImportView,
    GoogleTasksImportView,
    MicrosoftToDoImportView,
    VikunjaImportView,
    TaskwarriorImportView,
    TodoTxtImportView,
]
for each in IMPORT_VIEWS:
    extend_schema_view(post=extend_schema(operation_id=f"import_{each.source.replace('-', '_')}"))(each)
