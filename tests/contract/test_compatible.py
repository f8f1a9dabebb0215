"""The checker of contracts finds each way in which a change leaves an older client behind."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.compatible import broken

Json = dict[str, Any]
FORMER: Json = {
    "paths": {
        "/tickets/{id}": {
            "post": {
                "parameters": [
                    {"in": "path", "name": "id", "required": True, "schema": {"type": "string", "maxLength": 9}},
                    {"in": "query", "name": "page", "schema": {"type": "integer", "maximum": 100}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/schemas/Ask"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/schemas/Ticket"}}}}},
            }
        }
    },
    "x-sockets": {"/live": {"messages": [{"$ref": "#/schemas/View"}]}},
    "schemas": {
        "Ask": {
            "type": "object",
            "required": ["service"],
            "additionalProperties": False,
            "properties": {
                "service": {"type": "string", "pattern": "^[a-z]+$"},
                "class": {"enum": ["normal", "vip"]},
                "legs": {"type": "array", "maxItems": 5, "items": {"type": "string"}},
                "note": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]},
            },
        },
        "Ticket": {
            "type": "object",
            "required": ["id", "status"],
            "properties": {
                "id": {"type": "string"},
                "status": {"enum": ["waiting", "called"]},
                "wait": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                "legs": {"type": "array", "items": {"$ref": "#/schemas/Ticket"}},
                "names": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "View": {"type": "object", "required": ["type"], "properties": {"type": {"const": "view"}}},
    },
}

Change = Callable[[Json, Json, Json], object]
"""Of the document, a request's schema and an answer's."""

BREAKING: dict[str, Change] = {
    "post /tickets/{id} is gone": lambda doc, ask, ticket: doc["paths"]["/tickets/{id}"].pop("post"),
    "path id: maxLength is 3 now": lambda doc, ask, ticket: parameter(doc, 0)["schema"].update(maxLength=3),
    "query page must be given now": lambda doc, ask, ticket: parameter(doc, 1).update(required=True),
    "query page: maximum is 50 now": lambda doc, ask, ticket: parameter(doc, 1)["schema"].update(maximum=50),
    "query who must be given now": lambda doc, ask, ticket: operation(doc)["parameters"].append(
        {"in": "query", "name": "who", "required": True, "schema": {}}
    ),
    "query page is gone": lambda doc, ask, ticket: operation(doc)["parameters"].pop(),
    "a body must be sent now": lambda doc, ask, ticket: operation(doc)["requestBody"].update(required=True),
    "body.class: must be given now": lambda doc, ask, ticket: ask["required"].append("class"),
    "body.class: 'vip' is new": lambda doc, ask, ticket: ask["properties"].update({"class": {"enum": ["normal"]}}),
    "body.service: pattern": lambda doc, ask, ticket: ask["properties"]["service"].update(pattern="^[a-z]{9}$"),
    "body.legs: maxItems is 1 now": lambda doc, ask, ticket: ask["properties"]["legs"].update(maxItems=1),
    "body.legs[]: string, not integer": lambda doc, ask, ticket: ask["properties"]["legs"].update(
        items={"type": "integer"}
    ),
    "body.note: is refused": lambda doc, ask, ticket: ask["properties"].pop("note"),
    "body.note: null, not string": lambda doc, ask, ticket: ask["properties"].update(note={"type": "string"}),
    "body.note: minLength is 2 now": lambda doc, ask, ticket: ask["properties"]["note"]["anyOf"][0].update(minLength=2),
    "answers ['201'], not ['200']": lambda doc, ask, ticket: operation(doc).update(
        responses={"201": operation(doc)["responses"]["200"]}
    ),
    "answer.id: is not always there": lambda doc, ask, ticket: ticket["required"].remove("id"),
    "answer.id: integer, not string": lambda doc, ask, ticket: ticket["properties"].update(id={"type": "integer"}),
    "answer.status: 'lost' is new": lambda doc, ask, ticket: ticket["properties"]["status"]["enum"].append("lost"),
    "answer.wait: is gone": lambda doc, ask, ticket: ticket["properties"].pop("wait"),
    "answer.wait: string, not": lambda doc, ask, ticket: ticket["properties"]["wait"]["anyOf"].append(
        {"type": "string"}
    ),
    "answer.names.*: integer, not string": lambda doc, ask, ticket: ticket["properties"]["names"].update(
        additionalProperties={"type": "integer"}
    ),
    "socket /live is gone": lambda doc, ask, ticket: doc["x-sockets"].clear(),
    "socket /live.type: 'news' is new": lambda doc, ask, ticket: doc["schemas"]["View"]["properties"].update(
        type={"const": "news"}
    ),
}
HARMLESS: dict[str, Change] = {
    "another path": lambda doc, ask, ticket: doc["paths"].update({"/more": {"get": {"responses": {}}}}),
    "a parameter that may be given": lambda doc, ask, ticket: operation(doc)["parameters"].append(
        {"in": "query", "name": "who", "schema": {}}
    ),
    "a field that may be said": lambda doc, ask, ticket: ask["properties"].update(more={"type": "string"}),
    "a word more that may be said": lambda doc, ask, ticket: ask["properties"]["class"]["enum"].append("priority"),
    "more room": lambda doc, ask, ticket: ask["properties"]["legs"].update(maxItems=9),
    "a field more to read": lambda doc, ask, ticket: ticket["properties"].update(more={"type": "object"}),
    "a word that is said no more": lambda doc, ask, ticket: ticket["properties"]["status"]["enum"].remove("called"),
    "what may have been null never is": lambda doc, ask, ticket: ticket["properties"].update(wait={"type": "integer"}),
    "what may have been missing is always there": lambda doc, ask, ticket: ticket["required"].append("wait"),
}


def operation(document: Json) -> Json:
    found: Json = document["paths"]["/tickets/{id}"]["post"]
    return found


def parameter(document: Json, nth: int) -> Json:
    found: Json = operation(document)["parameters"][nth]
    return found


def after(change: Change) -> list[str]:
    present = deepcopy(FORMER)
    change(present, present["schemas"]["Ask"], present["schemas"]["Ticket"])
    return list(broken(FORMER, present))


def test_nothing_changed() -> None:
    assert list(broken(FORMER, FORMER)) == []


@pytest.mark.parametrize("told", BREAKING)
def test_a_breaking_change_is_told(told: str) -> None:
    assert any(told in line for line in after(BREAKING[told])), after(BREAKING[told])


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_change_is_not(name: str) -> None:
    assert after(HARMLESS[name]) == []
