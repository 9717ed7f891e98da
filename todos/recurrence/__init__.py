"""On which days a task recurs: RFC 5545's recurrence rules (section 3.3.10), by calendar days alone.

`rule` has the rule, `parse` reads it, `series` finds the next date, `periods` knows which days of a week, a month or a
year belong to a rule, and `cycle` the 400 years after which the calendar repeats.
"""

from todos.recurrence.parse import MAX_LENGTH, RecurrenceError
from todos.recurrence.rule import Recurrence
from todos.recurrence.series import Series

__all__ = ["MAX_LENGTH", "Recurrence", "RecurrenceError", "Series"]
