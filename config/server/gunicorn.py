"""The production server: gunicorn config.wsgi --config config/server/gunicorn.py"""

import os
import resource
import sys

from config.values import whole
from live import notices

host = os.environ.get("BIND", "127.0.0.1")
if ":" in host and not host.startswith("["):
    host = f"[{host}]"  # IPv6
bind = f"{host}:{os.environ.get('PORT', '8000')}"
try:
    workers = whole(1, 1000)(os.environ.get("WEB_CONCURRENCY", "2"))
except ValueError as error:
    sys.exit(f"WEB_CONCURRENCY can't be read from the environment: {error}.")
# docs/deploy.md says why this one, and bench/http_servers.py what it was compared with.
worker_class = "config.server.worker.Worker"
# Threads, so that one slow database answer doesn't hold up the others. Each keeps a database connection.
threads = 4
# Those of one process; more are told to come back (503).
worker_connections = 2000
# Longer than the 60 seconds after which common balancers drop an idle connection: were it us who closed it,
# a request already on its way would be lost.
keepalive = 65
graceful_timeout = 10
# A leak in a library is then a small one. The jitter keeps the workers from restarting together.
max_requests = 20_000
max_requests_jitter = 2_000
# The heartbeat is a file: on a slow disk it would block the workers.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# No socket through which other programs manage this one; no second line per request, the app logs its own.
control_socket_disable = True
accesslog = None
# Memory that the processes share, to tell each other's streams of writes. Made here, before they are.
notices.board = notices.Board()
# In the form of the project's own lines.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "api.logs.JSONFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
}

# Each connection is a file, and many systems allow a process 1,024.
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
wanted = worker_connections + 200
resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
