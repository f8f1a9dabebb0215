from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request

from queue_service.infra import problems
from queue_service.infra.problems import Problem

SECRET = "secret-7311"


class Visit(BaseModel):
    model_config = ConfigDict(extra="forbid")

    service: Annotated[str, Field(max_length=3)]
    legs: list[int] = []
    notes: dict[str, int] = {}


def an_app() -> FastAPI:
    app = FastAPI(responses=problems.RESPONSES, redirect_slashes=False)
    problems.install(app)

    @app.post("/visits")
    async def visit(visit: Visit, page: Annotated[int, Query(ge=1)] = 1) -> Visit:
        return visit

    @app.post("/by-hand")
    async def by_hand(request: Request) -> None:
        try:
            Visit.model_validate_json(await request.body())
        except ValidationError as error:
            raise problems.invalid(error) from None

    @app.get("/deep")
    async def deep() -> None:
        raise Problem("request.too_deep", 400, {"depth_max": 32}, headers={"Retry-After": "3"})

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(an_app()), base_url="http://test") as client:
        yield client


async def test_a_problem_speaks_the_readers_language(client: httpx.AsyncClient) -> None:
    english = await client.get("/deep", headers={"Accept-Language": "en-GB"})
    assert english.status_code == 400
    assert english.headers["content-type"] == "application/problem+json"
    assert english.headers["content-language"] == "en"
    assert english.headers["vary"] == "Accept-Language"
    assert english.headers["retry-after"] == "3"
    assert english.json() == {
        "type": "about:blank",
        "title": "The request cannot be read",
        "status": 400,
        "code": "request.too_deep",
        "detail": "The JSON is nested too deeply; at most 32 levels.",
        "params": {"depth_max": 32},
    }
    chinese = await client.get("/deep")
    assert chinese.headers["content-language"] == "zh-CN"
    assert chinese.json()["title"] == "无法读取请求"


async def test_routes_that_are_not_there(client: httpx.AsyncClient) -> None:
    missing = await client.get(f"/{SECRET}")
    assert (missing.status_code, missing.json()["code"]) == (404, "request.not_found")
    assert SECRET not in missing.text
    wrong = await client.get("/visits")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "request.method_not_allowed")
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/visits", "/by-hand"])
@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, [("body.service", "missing")]),
        ({"service": SECRET}, [("body.service", "string_too_long")]),
        ({"service": "A", SECRET: 1}, [("body.*", "extra_forbidden")]),
        ({"service": "A", "legs": [1, SECRET]}, [("body.legs.1", "int_parsing")]),
        ({"service": "A", "notes": {SECRET: "x"}}, [("body.notes.*", "int_parsing")]),
    ],
)
async def test_wrong_fields_are_named_by_the_contract_only(
    client: httpx.AsyncClient, path: str, sent: object, errors: list[tuple[str, str]]
) -> None:
    answer = await client.post(path, json=sent)
    assert answer.status_code == 422
    assert answer.json()["code"] == "request.invalid"
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == errors
    assert SECRET not in answer.text


async def test_wrong_query_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits?page=0", json={"service": "A"})
    assert answer.json()["errors"] == [{"field": "query.page", "code": "greater_than_equal"}]


async def test_many_wrong_fields_are_bounded(client: httpx.AsyncClient) -> None:
    answer = await client.post("/visits", json={"service": "A", "legs": ["x"] * 500})
    assert len(answer.json()["errors"]) == problems.FIELD_ERRORS_MAX


async def test_openapi_tells_problems_and_no_other_422(client: httpx.AsyncClient) -> None:
    contract = (await client.get("/openapi.json")).json()
    responses = contract["paths"]["/visits"]["post"]["responses"]
    assert set(responses) == {"200", "4XX", "5XX"}
    assert list(responses["4XX"]["content"]) == ["application/problem+json"]
