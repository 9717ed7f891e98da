from users.schema import TokenScheme


class StreamScheme(TokenScheme):
    target_class = "live.views.events.StreamAuthentication"
