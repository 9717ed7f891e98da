"""Tasks as VTODOs of iCalendar (RFC 5545): exports, imports, feeds and calendar clients share this mapping.

`lines` reads and writes content lines, `components` the tree that they make, `moments` dates and time zones, `reading`
and `writing` what a task is in a VTODO.
"""
