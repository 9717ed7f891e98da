from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def check_database_tls(app_configs, **kwargs) -> list[checks.CheckMessage]:
    sslmode = settings.DATABASES["default"].get("OPTIONS", {}).get("sslmode", "verify-full")
    if sslmode == "verify-full":
        return []
    message = f"With sslmode={sslmode} in DATABASE_URL, anybody on the way can pose as the database."
    return [checks.Warning(message, "Leave it out: verify-full is the default for other hosts.", id="api.W001")]
