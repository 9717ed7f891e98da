"""One server process: gunicorn starts, watches and replaces it, uvicorn speaks HTTP in it, threads run the project."""

import ctypes
import gc
import os
from contextlib import suppress

from gunicorn.workers.base import Worker as GunicornWorker
from uvicorn import Config, Server

# Of malloc.h: how much that is free may be kept, from which size on memory is the system's own, how many heaps.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8


def give_memory_back() -> None:
    """Let what a large request took go back to the system. By itself glibc keeps it, for each thread anew."""
    with suppress(AttributeError):  # not every system has this
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_TRIM_THRESHOLD, 128 * 1024)
        mallopt(M_MMAP_THRESHOLD, 128 * 1024)
        mallopt(M_ARENA_MAX, 1)


class Worker(GunicornWorker):
    # None of gunicorn's own workers keeps slow clients away from its threads: see docs/deploy.md.
    def load_wsgi(self) -> None:
        give_memory_back()
        super().load_wsgi()
        # Not before: these need Django, which the application has set up.
        from django.conf import settings

        from config.server.bridge import WholeRequests

        self.application = WholeRequests(self.wsgi, self.cfg.threads, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        gc.collect()
        gc.freeze()  # what is loaded stays: to look through it for garbage takes 20 times as long as through the rest

    def run(self) -> None:
        config = Config(
            self.application,
            loop="uvloop",
            http="config.server.protocol:Protocol",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=self.cfg.backlog,
            limit_concurrency=self.cfg.worker_connections,
            limit_max_requests=self.max_requests,
            timeout_keep_alive=self.cfg.keepalive,
            timeout_notify=1,
            callback_notify=self.beat,
            # Before gunicorn's patience ends, and it kills.
            timeout_graceful_shutdown=self.cfg.graceful_timeout - 2,
        )
        self.server = Server(config)
        self.server.run([listener.sock for listener in self.sockets])

    async def beat(self) -> None:
        self.notify()
        if self.ppid != os.getppid():
            self.stop()  # the master was killed

    def stop(self, *signal) -> None:
        self.server.should_exit = True

    # TERM and INT reach uvicorn itself; QUIT is what gunicorn sends after Ctrl-C.
    handle_exit = handle_quit = stop
