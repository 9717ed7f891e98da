from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security, deploy=True)
def check_database_tls(app_configs, **kwargs) -> list[checks.CheckMessage]:
    sslmode = settings.DATABASES["default"].get("OPTIONS", {}).get("sslmode", "verify-full")
    if sslmode == "verify-full":
        return []
    message = f"With sslmode={sslmode} in DATABASE_URL, an attacker in the network can pose as the database."
    hint = "Remove sslmode from DATABASE_URL: the default for other hosts is verify-full."
    return [checks.Warning(message, hint, id="api.W001")]
