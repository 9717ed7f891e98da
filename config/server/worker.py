"""One server process: gunicorn starts, watches and replaces it, uvicorn speaks HTTP in it, threads run the project."""

import gc
import os

from gunicorn.workers.base import Worker as GunicornWorker
from uvicorn import Config, Server


class Worker(GunicornWorker):
    server: Server | None = None

    # The uvicorn-worker package would need as many lines of ours: its processes don't stop at QUIT, they outlive a
    # master that was killed, and it takes uvicorn's log away from the project.
    def load_wsgi(self) -> None:
        super().load_wsgi()
        # Not before: these need Django, which the application has set up.
        from api.bodies import max_body
        from config.server.bridge import Bridge

        self.application = Bridge(self.wsgi, self.cfg.threads, max_body)
        gc.collect()
        gc.freeze()  # what is loaded stays: to look through it for garbage takes 20 times as long as through the rest

    def run(self) -> None:
        config = Config(
            self.application,
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
        if self.alive:
            self.server.run([listener.sock for listener in self.sockets])

    async def beat(self) -> None:
        self.notify()
        if self.ppid != os.getppid():
            self.stop()  # the master was killed

    def stop(self, *signal) -> None:
        self.alive = False
        if self.server:  # else it is still loading the project
            self.server.should_exit = True

    # TERM and INT reach uvicorn itself; QUIT is what gunicorn sends after Ctrl-C.
    handle_exit = handle_quit = stop
