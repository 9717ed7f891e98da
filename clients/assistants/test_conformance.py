"""The conformance suite of the Model Context Protocol, in both eras: what doesn't pass is listed with the reason."""

import json
from pathlib import Path

import pytest

from clients.assistants.conftest import PACKAGES, signing_in

NO_SUCH_TOOL = "It calls a tool of the suite's example server, by a name that this server doesn't have."
NO_PROMPTS = "There are no prompts here, and the server doesn't say that there were."
NO_RESOURCES = "There are no resources here, and the server doesn't say that there were."
NO_COMPLETION = "Completion is about arguments of prompts and resources."
NO_LOGGING = "The server sends no log messages to clients, and doesn't say that it does."

NOT_OFFERED = {
    NO_SUCH_TOOL: {
        *("tools-call-simple-text", "tools-call-image", "tools-call-audio", "tools-call-embedded-resource"),
        *("tools-call-mixed-content", "tools-call-error", "tools-call-with-progress", "json-schema-2020-12"),
    },
    NO_PROMPTS: {
        *("prompts-list", "prompts-get-simple", "prompts-get-with-args", "prompts-get-embedded-resource"),
        "prompts-get-with-image",
    },
    NO_RESOURCES: {"resources-list", "resources-read-text", "resources-read-binary", "resources-templates-read"},
    NO_COMPLETION: {"completion-complete"},
}
ONLY_IN_2025 = {
    NO_SUCH_TOOL: {
        *("tools-call-with-logging", "tools-call-sampling", "tools-call-elicitation"),
        *("elicitation-sep1034-defaults", "elicitation-sep1330-enums"),
    },
    NO_RESOURCES: {"resources-subscribe", "resources-unsubscribe"},
    NO_LOGGING: {"logging-set-level"},
}
ONLY_IN_2026 = {
    # Tools that ask the user something in between. Those here need only their arguments.
    NO_SUCH_TOOL: {
        f"input-required-result-{name}"
        for name in (
            *("basic-elicitation", "basic-sampling", "basic-list-roots", "request-state", "multiple-input-requests"),
            *("multi-round", "result-type", "tampered-state", "capability-check"),
        )
    },
    NO_PROMPTS: {"input-required-result-non-tool-request"},
}
# Of these, the other checks pass.
PARTS = {
    "server-stateless": {
        NO_SUCH_TOOL: {
            *("sep-2575-server-rejects-undeclared-capability", "sep-2575-missing-capability-http-400"),
            *("sep-2575-http-server-no-independent-requests-on-stream", "sep-2575-server-no-log-without-loglevel"),
        }
    },
    "caching": {
        NO_PROMPTS: {"sep-2549-prompts-list-caching-hints"},
        NO_RESOURCES: {"sep-2549-resources-list-caching-hints", "sep-2549-resources-templates-list-caching-hints"},
    },
    "http-custom-header-server-validation": {
        "No tool here asks for its arguments to be in headers.": {
            *("sep-2243-server-no-xmcp-tool", "sep-2243-server-decode-base64", "sep-2243-server-validate-param-match"),
            *("sep-2243-server-reject-invalid-param-chars", "sep-2243-server-reject-param-mismatch"),
        }
    },
}
PASSING = {
    "2025-11-25": {
        *("server-initialize", "server-session-lifecycle", "ping", "tools-list", "server-sse-polling"),
        *("server-sse-multiple-streams", "dns-rebinding-protection"),
    },
    "2026-07-28": {
        *("tools-list", "server-sse-multiple-streams", "sep-2164-resource-not-found", "dns-rebinding-protection"),
        *("http-header-validation", "input-required-result-missing-input-response"),
        *("input-required-result-unsupported-methods", "input-required-result-ignore-extra-params"),
        "input-required-result-validate-input",
    },
}


def all_of(*tables: dict[str, set[str]]) -> set[str]:
    return {name for table in tables for names in table.values() for name in names}


def failures(results: Path) -> dict[str, dict[str, str]]:
    """The checks that failed, with what they say, by scenario."""
    found = {}
    for path in results.glob("server-*/checks.json"):
        scenario = path.parent.name.removeprefix("server-").rsplit("-", 6)[0]
        checks = json.loads(path.read_text())
        found[scenario] = {each["id"]: each.get("errorMessage", "") for each in checks if each["status"] == "FAILURE"}
    return found


@pytest.fixture
def conformance(run, server, token, tmp_path):
    def conformance(version: str) -> dict[str, dict[str, str]]:
        with signing_in(server, token) as address:
            where = ["--url", f"{address}/mcp", "--output-dir", tmp_path / "results"]
            done = run(PACKAGES / ".bin" / "conformance", "server", *where, "--suite", "all", "--spec-version", version)
        found = failures(tmp_path / "results")
        assert found, done.stdout + done.stderr
        return found

    return conformance


@pytest.mark.parametrize(
    ("version", "not_offered", "parts"),
    [
        ("2025-11-25", all_of(NOT_OFFERED, ONLY_IN_2025), {}),
        ("2026-07-28", all_of(NOT_OFFERED, ONLY_IN_2026), {name: all_of(table) for name, table in PARTS.items()}),
    ],
)
def test_what_applies_passes(conformance, version, not_offered, parts):
    found = conformance(version)

    assert {name for name, failed in found.items() if not failed} == PASSING[version], found
    assert {name for name, failed in found.items() if failed} == not_offered | parts.keys()
    assert {name: found[name].keys() for name in parts} == parts
