"""All settings, and the only reader of the environment, with config/environment.py.

Safe by default: what is unsafe has to be asked for, and a missing or misspelt value stops the process by name.
"""

from urllib.parse import quote, urlsplit
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from whitenoise.compress import Compressor

from api.components import COMPONENTS
from config.environment import BASE_DIR, SECRETS, SERVER_VARIABLES, read_environment
from config.values import (
    DAYS,
    address,
    cache,
    database,
    hosts,
    https_url,
    log_level,
    mail_server,
    mailbox,
    origin,
    origin_patterns,
    origin_regex,
    path_prefix,
    rate,
    strict_bool,
    throttle_rate,
    trusted_origins,
    whole,
)

# Every name that may stand in the environment or in .env, with its type and default (None: no default).
VARIABLES: dict = {
    "SECRET_KEY": (str, None),
    "DEBUG": (strict_bool, False),
    "ALLOWED_HOSTS": (hosts, ["localhost", "127.0.0.1", "[::1]"]),
    "DATABASE_URL": (str, f"sqlite:///{quote(str(BASE_DIR / 'db.sqlite3'))}"),
    "DATABASE_URL_UNPOOLED": (str, ""),
    # Read by config/environment.py, which makes the settings above of them.
    "NEON_DATABASE_URL": (str, ""),
    **{f"{name}_FILE": (str, "") for name in SECRETS},
    "ROW_LEVEL_SECURITY": (strict_bool, True),
    "ALLOW_SIGN_UP": (strict_bool, True),
    "TOKEN_LIFETIME_DAYS": (DAYS, 30),
    "TRASH_DAYS": (DAYS, 30),
    "CSRF_TRUSTED_ORIGINS": (trusted_origins, []),
    "JWT_ISSUER": (str, ""),
    "JWT_AUDIENCE": (str, ""),
    "JWT_JWKS_URL": (https_url, ""),
    "CORS_ALLOWED_ORIGINS": (origin_patterns, []),
    "TRUSTED_PROXIES": (whole(0, 9), 0),
    "FORCE_SCRIPT_NAME": (path_prefix, ""),
    "CACHE_URL": (str, ""),
    "THROTTLE_USER": (throttle_rate, "600/min"),
    "THROTTLE_ANON": (throttle_rate, "60/min"),
    "THROTTLE_CREDENTIALS": (rate, rate("20/min")),
    "EMAIL_URL": (str, ""),
    "DEFAULT_FROM_EMAIL": (mailbox, ""),
    "PUBLIC_URL": (origin, ""),
    "CONFIRM_SIGN_UP": (strict_bool, False),
    "HOOKS_ALLOW_PRIVATE": (strict_bool, False),
    "WORKER_ADDRESS": (address, ("127.0.0.1", 8099)),
    "WORK_POLL_SECONDS": (whole(1, 86_400), 60),
    "STATIC_ROOT": (str, "staticfiles"),
    "DAV_OTHER_COMPONENTS": (strict_bool, False),
    "LOG_LEVEL": (log_level, "INFO"),
}
ENVIRON = read_environment(known=VARIABLES.keys() | SERVER_VARIABLES.keys())


def env(name: str):
    cast, default = VARIABLES[name]
    value = ENVIRON.get(name)
    if default is None and not value:
        raise ImproperlyConfigured(f"{name} is not set: see .env.example.")
    try:
        return default if value is None else cast(value.strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} can't be read from the environment: {error}.") from None


SECRET_KEY = env("SECRET_KEY")
DEBUG = env("DEBUG")
ALLOWED_HOSTS = env("ALLOWED_HOSTS")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short: use 50 random characters or more (see .env.example).")

# How many TLS-terminating proxies stand in front. With none, the forwarding headers are the client's own words.
TRUSTED_PROXIES = env("TRUSTED_PROXIES")
BEHIND_TLS = TRUSTED_PROXIES > 0
if BEHIND_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SECURE_HSTS_SECONDS = 31_536_000 if BEHIND_TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = BEHIND_TLS
FORCE_SCRIPT_NAME = env("FORCE_SCRIPT_NAME") or None
# Browsers take a cookie of such a name only by HTTPS, and with __Host- only for all paths (RFC 6265bis, section 4.1.3).
COOKIE_PREFIX = ("__Secure-" if FORCE_SCRIPT_NAME else "__Host-") if BEHIND_TLS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid", f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = f"{FORCE_SCRIPT_NAME or ''}/"
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS")
CSRF_FAILURE_VIEW = "api.csrf.csrf_failure"
# What pages may load and do: nothing but our own files and addresses. No inline script and no inline style.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],  # Swagger UI's icons
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.StaticFiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "api",
    "ownership",
    "users",
    "todos",
    "transfer",
    "dav",
    "assistants",
    "live",
]

# Other origins whose pages may call the API and /mcp, with a token: cookies are never allowed from there.
origins = env("CORS_ALLOWED_ORIGINS")
CORS_ALLOWED_ORIGINS = [each for each in origins if "*" not in each]
CORS_ALLOWED_ORIGIN_REGEXES = [origin_regex(each) for each in origins if "*" in each]
CORS_URLS_REGEX = r"^/(api/|mcp$|\.well-known/oauth-protected-resource/mcp$)"
CORS_ALLOW_HEADERS = [
    *("authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-request-id"),
    *("mcp-protocol-version", "mcp-method", "mcp-name"),
    "last-event-id",
    # What browsers' tracing SDKs add by themselves.
    *("traceparent", "tracestate", "baggage", "sentry-trace", "x-requested-with"),
]
CORS_EXPOSE_HEADERS = ["ETag", "Location", "Retry-After", "X-Request-ID", "Idempotency-Replayed", "WWW-Authenticate"]
CORS_PREFLIGHT_MAX_AGE = 7200  # more than that Chromium doesn't keep

MIDDLEWARE = [
    "api.middleware.RequestLogMiddleware",
    "api.middleware.ReleaseMiddleware",
    "api.middleware.ContentSecurityPolicyMiddleware",
    "api.middleware.HealthMiddleware",
    # Around all that may refuse a request: a page can't read an answer without its headers.
    *(["corsheaders.middleware.CorsMiddleware"] if origins else []),
    "api.middleware.ProblemMiddleware",
    "dav.middleware.DavErrorMiddleware",
    "api.middleware.RedirectMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "api.middleware.RequestBodyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.middleware.RepeatMiddleware",
    # Last, so that it ends when the page is rendered.
    "ownership.row_level_security.middleware.RowLevelSecurityMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Off: for a POST without the slash Django's redirect loses the body, and with DEBUG it is a 500.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {"default": database(env("DATABASE_URL"), "DATABASE_URL")}
# For migrations; elsewhere the pooled one does.
unpooled = env("DATABASE_URL_UNPOOLED")
UNPOOLED_DATABASE = database(unpooled, "DATABASE_URL_UNPOOLED") if unpooled else None
ROW_LEVEL_SECURITY = env("ROW_LEVEL_SECURITY")
# What requests use besides, without row-level security: nothing in these is about tasks.
ROW_LEVEL_SECURITY_SHARED = ["sessions.Session", "users.SignInAttempt", "contenttypes.ContentType"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "users.User"
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{VALIDATION}.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email", "name"]}},
    {"NAME": f"{VALIDATION}.MinimumLengthValidator"},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{VALIDATION}.NumericPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
ALLOW_SIGN_UP = env("ALLOW_SIGN_UP")
AUTHENTICATION_BACKENDS = ["users.backends.PasswordBackend"]
SESSION_ENGINE = "users.sessions"
PASSWORD_RESET_TIMEOUT = 3600
TOKEN_LIFETIME_DAYS = env("TOKEN_LIFETIME_DAYS")
TRASH_DAYS = env("TRASH_DAYS")

# An identity provider whose JWTs sign in here. All three, or none.
IDENTITY_PROVIDER = {name: env(name) for name in ("JWT_ISSUER", "JWT_AUDIENCE", "JWT_JWKS_URL")}
if 0 < len(missing := [name for name, value in IDENTITY_PROVIDER.items() if not value]) < 3:
    raise ImproperlyConfigured(f"{', '.join(missing)}: not set, but an identity provider needs all three JWT_….")
JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL = IDENTITY_PROVIDER.values()

LOGIN_URL = "rest_framework:login"
LOGIN_REDIRECT_URL = "landing"
LOGOUT_REDIRECT_URL = "landing"

# Whether calendar clients may store events and journal entries, too. Lists say that they hold tasks only.
DAV_OTHER_COMPONENTS = env("DAV_OTHER_COMPONENTS")

# Holds the counts of THROTTLE_USER and THROTTLE_ANON.
CACHES = {"default": cache(env("CACHE_URL") or "locmemcache://")}
# For an address that proves who it is: counted in the database. None: not at all.
THROTTLE_CREDENTIALS = env("THROTTLE_CREDENTIALS")

# Where the links in mails lead; with DEBUG, to wherever the server was called. In production never: who names the
# host in a request would say where the secret in the link goes.
PUBLIC_URL = env("PUBLIC_URL")
# Without a mail server none is sent: printing secrets into the log has to be asked for.
SENDS_MAIL = bool(env("EMAIL_URL")) or DEBUG
if SENDS_MAIL and not DEBUG and not PUBLIC_URL:
    raise ImproperlyConfigured("PUBLIC_URL is not set, and EMAIL_URL needs it: the links in mails lead there.")
CONFIRM_SIGN_UP = env("CONFIRM_SIGN_UP")
if CONFIRM_SIGN_UP and not SENDS_MAIL:
    raise ImproperlyConfigured("EMAIL_URL is not set, and CONFIRM_SIGN_UP needs it.")
globals().update(mail_server(env("EMAIL_URL") or ("consolemail://" if DEBUG else "dummymail://")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL") or f"noreply@{urlsplit(PUBLIC_URL).hostname or 'localhost'}"

# Whether webhooks may lead to private addresses, and by plain HTTP.
HOOKS_ALLOW_PRIVATE = env("HOOKS_ALLOW_PRIVATE")
# Where the worker is told that there is something to do, and how often it looks without being told.
WORKER_ADDRESS = env("WORKER_ADDRESS")
WORK_POLL_SECONDS = env("WORK_POLL_SECONDS")

TIME_ZONE = "UTC"
USE_I18N = False

STATIC_URL = f"{FORCE_SCRIPT_NAME or ''}/static/"
STATIC_ROOT = BASE_DIR / env("STATIC_ROOT")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if not DEBUG:
    STORAGES["staticfiles"]["BACKEND"] = "whitenoise.storage.CompressedManifestStaticFilesStorage"
# Source maps are for the developer tools of those who work on the library.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]

# Files to import may be larger than other bodies, and are kept in files.
UPLOAD_PATHS = ("/api/v1/import/",)
UPLOAD_MAX_SIZE = 32 * 1024 * 1024 + 64 * 1024  # with what a form adds to the file
# What comes after these is a secret, and isn't logged.
SECRET_PATHS = ("/feeds/", "/unsubscribe/")
# 1 MiB for a body. The limits of depth, lists and texts stand beside their code.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.authentication.TokenAuthentication",  # first: it decides what a 401 looks like
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "users.authentication.TokenHasScope",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "api.parsers.JSONParser",
        "api.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": [
        "api.renderers.JSONRenderer",
        "api.renderers.PageRenderer",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.Negotiation",
    "DEFAULT_FILTER_BACKENDS": ["api.filters.FilterSetBackend"],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "api.throttles.UserRateThrottle",
        "api.throttles.AnonRateThrottle",
        "api.throttles.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": env("THROTTLE_USER"), "anon": env("THROTTLE_ANON")},
    "NUM_PROXIES": TRUSTED_PROXIES,  # for REST framework's own throttles
    "LIST_SERIALIZER_ERRORS_AS_DICT": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

API_VERSION = "2.0.0"  # entity tags change with it

SPECTACULAR_SETTINGS = {
    "TITLE": "Todo API",
    "VERSION": API_VERSION,
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": (BASE_DIR / "api" / "introduction.md").read_text(encoding="utf-8"),
    "CONTACT": {"name": "The operator of this server"},
    "LICENSE": {"name": "MIT License", "identifier": "MIT"},
    # The docstrings of the viewsets describe the others.
    "TAGS": [
        {"name": "account", "description": "Sign up, sign in, and manage your account."},
        {"name": "events", "description": "Hear of changes at once, in pages that are open."},
        {"name": "export", "description": "Take everything along, or your tasks for spreadsheets and calendars."},
        {"name": "import", "description": "Move in from another program, or from an export of this one."},
        {"name": "sync", "description": "Keep a copy of your data up to date, for clients that work offline."},
    ],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "PATH_CONVERTER_OVERRIDES": {"id": UUID},
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    # validatorUrl: else Swagger UI sends the schema's address to a server of its makers, and shows what that says.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
    "APPEND_COMPONENTS": COMPONENTS,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,  # its labels would say the values again
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enum_id_removal",
        "api.schema.describe_tags",
        "api.schema.name_server",
        "api.schema.share_parameters",
    ],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "api.logs.ReadableFormatter" if DEBUG else "api.logs.JSONFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL")},
    "loggers": {
        # Our own line for each request says what these would say again.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        "uvicorn.error": {"level": "ERROR"},
        "django.utils.autoreload": {"level": "WARNING"},
    },
}
