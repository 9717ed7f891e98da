"""The production server: gunicorn config.wsgi --config config/gunicorn.py"""

import os

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Threads, so that one slow database answer doesn't hold up the others.
worker_class = "gthread"
threads = 4
# Longer than the 60 seconds after which common balancers drop an idle connection: were it us who closed it,
# a request already on its way would be lost.
keepalive = 65
graceful_timeout = 20
# A leak in a library is then a small one. The jitter keeps the workers from restarting together.
max_requests = 20_000
max_requests_jitter = 2_000
# The heartbeat is a file: on a slow disk it would block the workers.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# A cursor and the filters beside it fit; a header of 16 KiB doesn't.
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
# settings.TRUSTED_PROXIES alone decides which forwarding headers are believed.
forwarded_allow_ips = ""
# No socket through which other programs manage this one; no second line per request, the app logs its own.
control_socket_disable = True
accesslog = None


def on_starting(server):
    # Before the fork, so that the workers count requests together.
    from api import counts  # noqa: F401
