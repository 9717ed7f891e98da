"""The page's script in docs/live.md works as written, with npm's `eventsource` in the place of a browser's."""

import json
import re
import subprocess
from threading import Timer

from clients.conftest import CLIENTS
from testing.servers import ROOT, Program, register

SCRIPT = re.search(r"```js\n(.*?)```", (ROOT / "docs" / "live.md").read_text(), re.DOTALL).group(1)
PAGE = """
import { EventSource } from "eventsource";
globalThis.EventSource = EventSource;
const [api, token] = process.argv.slice(2);
const show = (change) => console.log(JSON.stringify(change));
"""


def test_a_page_gets_each_change_and_goes_on_after_a_stream_has_ended(server, tmp_path):
    (tmp_path / "node_modules").symlink_to(CLIENTS / "live" / "node_modules")
    (tmp_path / "page.mjs").write_text(PAGE + SCRIPT)
    token = register(server)
    command = ["node", "page.mjs", f"{server.address}/api/v1/", token]

    with (
        Program(server.port, token) as program,
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as page,
    ):
        late = Timer(60, page.kill)
        late.start()
        made = program.send("POST", "tasks/", {"title": "Buy milk"}).body
        assert json.loads(page.stdout.readline())["object"] == made
        for revision in (2, 3):
            program.send("PATCH", f"tasks/{made['id']}/", {"title": f"Buy milk {revision}"})
            assert json.loads(page.stdout.readline())["revision"] == revision
        for pid in server.workers():
            subprocess.run(["kill", "-TERM", str(pid)], check=True)
        program.insist("PATCH", f"tasks/{made['id']}/", {"title": "Buy oat milk"})
        assert json.loads(page.stdout.readline())["object"]["title"] == "Buy oat milk"
        late.cancel()
        page.kill()
