"""Makes what other programs wrote fit the rules of a task. What doesn't fit is changed as little as possible."""

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from api.text import fold, is_blank, to_line
from todos.models import Project, Task
from todos.recurrence import Recurrence, RecurrenceError
from todos.reminders import MAX_REMINDERS
from todos.serializers.task import MAX_TAG

# The halves of surrogate pairs and the null character are no text, which no database takes.
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")  # not in a line
UNTITLED = "Untitled"
MAX_TITLE: int = Task._meta.get_field("title").max_length  # type: ignore[assignment]
MAX_DESCRIPTION: int = Task._meta.get_field("description").max_length  # type: ignore[assignment]
MAX_PROJECT: int = Project._meta.get_field("name").max_length  # type: ignore[assignment]


def one_line(text: str) -> str:
    return CONTROL.sub("", to_line(text)).strip()


class TaskFitting:
    """Fits what stands for a task, with the attributes of one, for an owner in `zone`."""

    def __init__(self, zone: ZoneInfo):
        self.zone, self.now = zone, timezone.now()

    def lose(self, task: Any, name: str, reason: str) -> None:
        """A hook, to tell people what didn't fit."""

    def fit_task(self, task: Any) -> None:
        self.fit_text(task)
        self.fit_dates(task)
        self.fit_completion(task)
        self.fit_lists(task)

    def fit_text(self, task: Any) -> None:
        title = one_line(task.title)
        if CONTROL.search(task.title):
            self.lose(task, "title", "Control characters were removed.")
        if NO_TEXT.search(task.description):
            self.lose(task, "description", "Characters that aren't text were removed.")
            task.description = NO_TEXT.sub("", task.description)
        if is_blank(title):
            title = UNTITLED
            self.lose(task, "title", f"It was empty: the task is called {UNTITLED}.")
        if len(title) > MAX_TITLE:
            self.lose(task, "title", f"It is longer than {MAX_TITLE} characters: the rest begins the description.")
            rest = title[MAX_TITLE:].strip()
            task.description = f"{rest}\n\n{task.description}" if task.description else rest
        task.title = title[:MAX_TITLE].strip()
        if len(task.description) > MAX_DESCRIPTION:
            cut = len(task.description) - MAX_DESCRIPTION
            self.lose(task, "description", f"It is longer than {MAX_DESCRIPTION:,} characters: {cut:,} are cut off.")
            task.description = task.description[:MAX_DESCRIPTION]

    def fit_dates(self, task: Any) -> None:
        if task.due_time and not task.due_date:
            self.lose(task, "due_time", f"A time needs a date: {task.due_time}.")
            task.due_time = None
        if task.start_time and not task.start_date:
            self.lose(task, "start_time", f"A time needs a date: {task.start_time}.")
            task.start_time = None
        if task.start_date and task.due_date and self.starts_late(task):
            self.lose(task, "start_date", f"{task.start_date} is later than the due date.")
            task.start_date = task.start_time = None
        if task.recurrence:
            self.fit_rule(task)

    @staticmethod
    def starts_late(task: Any) -> bool:
        start, due = task.start_date, task.due_date
        late_time = task.start_time and task.due_time and task.start_time > task.due_time
        return bool(start and due and (start > due or (start == due and late_time)))

    def fit_rule(self, task: Any) -> None:
        try:
            Recurrence.parse(task.recurrence, self.zone)
            if task.due_date:
                return
            reason = "A recurrence needs a due date"
        except RecurrenceError as error:
            reason = str(error)
        self.lose(task, "recurrence", f"{task.recurrence[:200]}: {reason}")
        task.recurrence = ""

    def fit_completion(self, task: Any) -> None:
        if task.completed_at and task.completed_at > self.now:
            self.lose(task, "completed_at", f"{task.completed_at.isoformat()} is in the future.")
            task.completed_at = self.now
        if task.completed_at:
            task.completed = True
        elif task.completed:
            task.completed_at = self.now

    def past(self, moment: datetime | None) -> datetime | None:
        return moment if moment is None or moment <= self.now else None

    def fit_lists(self, task: Any) -> None:
        task.tags = self.fit_tags(task)
        reminders = [each for each in task.reminders if self.fits(task, each)]
        if len(reminders) > MAX_REMINDERS:
            self.lose(task, "reminders", f"A task has at most {MAX_REMINDERS}: {len(reminders) - MAX_REMINDERS} more.")
        task.reminders = reminders[:MAX_REMINDERS]

    def fit_tags(self, task: Any) -> list[str]:
        kept: dict[str, str] = {}
        for tag in task.tags:
            name = one_line(tag)
            if is_blank(name) or len(name) > MAX_TAG:
                self.lose(task, "tags", f"{name[:80]!r}: a tag has 1 to {MAX_TAG} characters.")
            elif len(kept) < Task.MAX_TAGS:
                kept.setdefault(fold(name), name)
            elif fold(name) not in kept:
                self.lose(task, "tags", f"{name!r}: a task has at most {Task.MAX_TAGS}.")
        return list(kept.values())

    def fits(self, task: Any, reminder: dict) -> bool:
        if "minutes_before" in reminder and task.due_date is None:
            self.lose(task, "reminders", "A reminder before the due date needs a due date.")
            return False
        return True
