from typing import Any, ClassVar

from django.db import models

from ownership.owned import OwnedModel, OwnedQuerySet


class ToolCallQuerySet(OwnedQuerySet):
    def of_token(self, user: Any, token: Any) -> "ToolCallQuerySet":
        """The calls that this token made, the last one first. None for a JWT, which has no id."""
        return self.owned_by(user).filter(token=getattr(token, "pk", None)).order_by("-revision")


class ToolCall(OwnedModel):
    """A write of an assistant, for `undo`."""

    KEPT = 20  # of each token

    token = models.UUIDField()
    tool = models.CharField(max_length=40)
    revision = models.BigIntegerField()
    revisions = models.JSONField()  # of the tasks that it changed, by their ids: as they are if nobody touched them
    before = models.JSONField(default=dict)  # of the task that it was about: what `undo` needs to know

    objects: ClassVar = ToolCallQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["owner", "token", "revision"], name="tool_call_of_token")]

    def __str__(self) -> str:
        return self.tool
