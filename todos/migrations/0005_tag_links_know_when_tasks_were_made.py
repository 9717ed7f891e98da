"""A column of TaskTag with the task's `created_at`; 0006 fills it for what is there.

The default is for the old code, which goes on meanwhile and doesn't know the column: about right for a new task.
"""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("todos", "0004_indexes_for_each_filter")]

    operations = [
        migrations.AddField(
            model_name="tasktag",
            name="created_at",
            field=models.DateTimeField(db_default=Now(), editable=False),
        )
    ]
