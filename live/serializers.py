from rest_framework import serializers

from api import fields
from api.serializers import ModelSerializer, Serializer
from live import events
from live.addresses import BadAddress, read_url
from live.models import Delivery, Hook

LOOK_UP_SECONDS = 3


class HookUrlField(fields.StringField):
    """Refuses at once what would be refused when an event is sent. A name that isn't found may be found then."""

    def __init__(self, **kwargs):
        super().__init__(max_length=Hook._meta.get_field("url").max_length, **kwargs)

    def to_internal_value(self, data):
        url = super().to_internal_value(data)
        try:
            read_url(url).addresses(LOOK_UP_SECONDS)
        except BadAddress as error:
            if error.code != "unresolved":
                raise serializers.ValidationError(str(error), code=error.code) from None
        return url


class HookSerializer(ModelSerializer):
    """A webhook. Its secret is in the responses to its creation and to `rotate/` alone."""

    url = HookUrlField(
        help_text="Where events are posted to: https, without user name, password and fragment, at a public address."
    )
    events = fields.ListField(
        child=fields.StringField(max_length=60),
        allow_empty=False,
        max_length=50,
        default=["*"],
        help_text='Names such as `task.completed`, or `["*"]` for all.',
    )
    failing_since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the first of the last failures was. Null if there is none."
    )

    class Meta:
        model = Hook
        fields = ["id", "url", "events", "enabled", "failing_since", "created_at"]

    def validate_events(self, names: list[str]) -> list[str]:
        if unknown := [name for name in names if name not in ("*", *events.names())]:
            message = f"There is no event {unknown[0]!r}. Use `*`, or any of: {', '.join(events.names())}."
            raise serializers.ValidationError(message, code="invalid")
        return sorted(set(names))

    def update(self, instance, validated_data):
        instance.change(**validated_data)
        return instance


class NewHookSerializer(HookSerializer):
    """A webhook with its secret."""

    secret = serializers.CharField(
        read_only=True, help_text="`whsec_…`, for verifying signatures (Standard Webhooks). Shown this once."
    )

    class Meta(HookSerializer.Meta):
        fields = [*HookSerializer.Meta.fields, "secret"]


class DeliverySerializer(ModelSerializer):
    """An event that was sent to a webhook, or waits for it."""

    class Meta:
        model = Delivery
        fields = [
            *("key", "type", "object_id", "revision", "occurred_at"),
            *("attempts", "attempted_at", "status", "error", "delivered_at"),
        ]
        read_only_fields = fields
        extra_kwargs = {
            "key": {"help_text": "The `webhook-id` of each attempt."},
            "object_id": {"help_text": "The object's id. Null for a test."},
            "status": {"help_text": "The status of the last response. Null if there was none."},
            "error": {"help_text": "Why the last attempt failed: `status`, `timeout`, `connection`, `tls`, and so on."},
        }


class DeliveriesSerializer(Serializer):
    results = DeliverySerializer(many=True)
