import json

import pytest
import yaml


@pytest.fixture
def generate(workshop):
    def generate(document: dict) -> None:
        path = workshop.directory / "openapi.json"
        path.write_text(json.dumps(document))
        workshop.generate(path)

    return generate


def test_a_generated_client_is_typed_strictly_and_walks_through_the_api(workshop, generate, document, server):
    generate(yaml.safe_load(document))

    said = workshop.prove(server.address)

    assert "registered, created, listed, completed, synced in" in said


def test_a_document_that_lies_does_not_pass(workshop, generate, document, server):
    lying = yaml.safe_load(document)
    lying["components"]["schemas"]["Task"]["properties"]["completed"] = {"type": "string", "enum": ["Bob"]}
    generate(lying)

    with pytest.raises(AssertionError, match=r"walk\.(ts|py)"):
        workshop.prove(server.address)


def test_a_part_that_a_generator_has_to_skip_is_no_success(workshop, generate, document):
    broken = yaml.safe_load(document)
    broken["components"]["schemas"]["Sync"]["properties"]["results"] = {"$ref": "#/components/schemas/Nothing"}

    with pytest.raises(AssertionError, match=r"(?i)warning|resolve"):
        generate(broken)
