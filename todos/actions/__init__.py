"""What happens to other tasks when some tasks change. `Task.save` and `TaskQuerySet.save_all` call it.

All functions take tasks of one owner, inside the revision transaction in which they are saved.
"""
