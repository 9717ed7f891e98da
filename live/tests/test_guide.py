"""The receiver in docs/live.md works as written. (clients/test_live.py runs the page's script.)"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from testing.servers import ROOT

GUIDE = (ROOT / "docs" / "live.md").read_text()


@pytest.fixture
def run(tmp_path):
    """Start the receiver with this secret on this port. Returns its process."""
    script = tmp_path / "receiver.py"
    script.write_text(re.search(r"```python\n(.*?)```", GUIDE, re.DOTALL).group(1))
    running = []

    def start(secret: str, port: int) -> subprocess.Popen:
        environment = {**os.environ, "SECRET": secret, "PORT": str(port)}
        process = subprocess.Popen([sys.executable, script], env=environment, stdout=subprocess.PIPE, text=True)
        running.append(process)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_receiver_takes_each_event_once_and_nothing_that_is_forged(api, hook, deliver, run):
    port = free_port()
    made = hook(url=f"http://127.0.0.1:{port}/")
    receiver = run(made["secret"], port)
    task = api.post("/tasks/", {"title": "Buy milk"}).json()

    deliver()
    event = json.loads(receiver.stdout.readline())
    forged = {"webhook-id": "msg_1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
    with pytest.raises(HTTPError, match="401") as refused:
        urlopen(Request(f"http://127.0.0.1:{port}/", b"{}", forged))
    refused.value.close()

    assert (event["type"], event["data"]["object"]) == ("task.created", task)
    [delivery] = api.get(f"/hooks/{made['id']}/deliveries/").json()["results"]
    assert (delivery["status"], delivery["attempts"]) == (204, 1)
