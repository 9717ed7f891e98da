"""Debian's nginx as a proxy."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NGINX = shutil.which("nginx", path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
# `user` counts for root alone, whose workers could not write into the directory otherwise.
CONFIGURATION = """
user root; daemon off; pid {directory}/nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
  server {{ listen 127.0.0.1:{port}; proxy_set_header Host $http_host; {directives} }}
}}
"""


@contextmanager
def nginx(directory: Path, directives: str) -> Iterator[int]:
    """The port of a proxy that does what these directives of a `server` say."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = directory / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, directives=directives))
    process = subprocess.Popen([str(NGINX), "-c", str(configuration), "-p", str(directory)])
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                assert process.poll() is None
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)
