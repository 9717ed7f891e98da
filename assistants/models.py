from typing import Any, ClassVar, Self

from django.db import models

from ownership.owned import OwnedModel, OwnedQuerySet
from users.models import ApiToken


class ToolCallQuerySet(OwnedQuerySet):
    def of_token(self, token: ApiToken) -> Self:
        """The calls that this token made, the last one first."""
        return self.filter(owner=token.owner_id, token=token).order_by("-revision")


class ToolCall(OwnedModel):
    """A write of an assistant, for `undo`. It is deleted with its token."""

    KEPT = 20  # of each token
    MAX_TASKS = 1000  # that one changed, for it to be undone

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+", db_index=False)
    tool = models.CharField(max_length=40)
    revision = models.BigIntegerField()
    revisions = models.JSONField()  # of the tasks that it changed, by id; none if they were too many
    before = models.JSONField()  # the values that it changed, by the ids of their tasks
    new_tags = models.JSONField(default=list)  # ids of the tags that it created

    objects: ClassVar = ToolCallQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["token", "owner", "revision"], name="tool_call_of_token")
        ]  # as the cascade asks

    def __str__(self) -> str:
        return self.tool

    @property
    def created(self) -> list[Any]:
        """The ids of the tasks that it created."""
        return [pk for pk in self.revisions if pk not in self.before]
