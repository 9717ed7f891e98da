"""The load generator."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.cases import Case
from bench.servers import Server

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 8
# For requests that take about a second. With more connections, too many of them would be cut off at the end of a run.
LONG_CONNECTIONS, LONG_SECONDS = 2, 4


@dataclass(frozen=True)
class Run:
    requests: int
    per_second: float
    cpu_ms: float  # of the server, per request


def require() -> str:
    """The version of wrk. Installs it if that needs no password."""
    if not shutil.which("wrk") and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing wrk", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], stdout=subprocess.DEVNULL, check=False)
    if not shutil.which("wrk"):
        sys.exit("wrk was not found. Install it: sudo apt-get install wrk")
    output = subprocess.run(["wrk", "--version"], capture_output=True, text=True).stdout
    return output.split("[")[0].removeprefix("wrk").removeprefix(" debian/").strip()


def run(server: Server, case: Case, requests: Path, start: int, seconds: int) -> Run:
    """Send this case's requests for this long. Exit with an error if a response has an unexpected status."""
    connections, seconds = (LONG_CONNECTIONS, LONG_SECONDS) if case.per_request > 1 else (CONNECTIONS, seconds)
    command = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=10s"]
    command += [f"--script={SCRIPT}", server.address, "--", case.method, str(requests), str(start), case.body]
    before = server.cpu()
    done = subprocess.run(command, capture_output=True, text=True)
    computed = server.cpu() - before
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):  # the summary of load.lua
        sys.exit(f"wrk failed:\n{done.stdout}{done.stderr}")
    summary = json.loads(last)
    bad = {name: summary[name] for name in ("refused", "broken", "changed") if summary[name]}
    if bad or not summary["requests"]:
        log = server.log.read_text()[-3000:]
        sys.exit(f"{case.title}, {server.contestant.name}: {bad} of {summary['requests']} requests.\n{log}")
    per_second = summary["requests"] * case.per_request / summary["seconds"]
    return Run(summary["requests"], per_second, computed * 1000 / summary["requests"])
