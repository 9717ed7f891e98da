"""How changes of some tasks change others. `Task.save` and `TaskQuerySet.save_all` call these functions.

All of them take tasks of one owner, inside the revision transaction that saves them.
"""
