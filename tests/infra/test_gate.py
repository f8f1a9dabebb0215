from collections.abc import AsyncIterator

import httpx
import pytest

from queue_service.infra.gate import Gate
from queue_service.settings import Settings
from tests.infra.edged import an_app
from tests.infra.hostile import (
    BODY_BYTES_MAX,
    HOSTILE_BODIES,
    HOSTILE_HEADERS,
    HOSTILE_PATH_PARTS,
    MARK,
    STRANGE_BODIES,
    STRANGE_PATH_PARTS,
)

VISITS = "/api/v1/visits"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = an_app(Settings(limit_address_burst=100_000))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


def assert_refused(answer: httpx.Response) -> str:
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert MARK not in answer.text
    assert MARK not in str(answer.headers)
    code: str = answer.json()["code"]
    return code


@pytest.mark.parametrize(("name", "body"), HOSTILE_BODIES)
@pytest.mark.parametrize("path", [f"{VISITS}/a", "/echo-size"])
async def test_hostile_bodies_are_refused_before_any_route(
    client: httpx.AsyncClient, path: str, name: str, body: bytes
) -> None:
    assert assert_refused(await client.post(path, content=body, headers=JSON)) != "request.invalid"


@pytest.mark.parametrize(("name", "body"), STRANGE_BODIES)
async def test_strange_bodies_are_refused_by_the_model(client: httpx.AsyncClient, name: str, body: bytes) -> None:
    answer = await client.post(f"{VISITS}/a", content=body, headers=JSON)
    assert answer.status_code in {200, 422}
    if answer.status_code == 422:
        assert assert_refused(answer) == "request.invalid"


@pytest.mark.parametrize(("name", "part"), HOSTILE_PATH_PARTS)
@pytest.mark.parametrize("place", [VISITS + "/{}", VISITS + "/a?page={}", "/{}", "/?{}=1"])
async def test_hostile_addresses_are_refused(client: httpx.AsyncClient, place: str, name: str, part: str) -> None:
    # The client would correct the address; the bytes are given as they are.
    path, _, query = place.format(part).partition("?")
    url = client.build_request("GET", "/").url.copy_with(raw_path=f"{path}?{query}".encode())
    assert assert_refused(await client.get(url)) in {"request.bad_url", "request.url_too_long"}


@pytest.mark.parametrize(("name", "part"), STRANGE_PATH_PARTS)
async def test_strange_addresses_reach_the_routes(client: httpx.AsyncClient, name: str, part: str) -> None:
    answer = await client.get(f"{VISITS}/{part}")
    assert answer.status_code in {200, 404}
    wrong = await client.get(f"{VISITS}/a?page={part}")
    assert wrong.status_code in {200, 422}
    if wrong.status_code == 422:
        assert_refused(wrong)


@pytest.mark.parametrize(("name", "headers"), HOSTILE_HEADERS)
async def test_hostile_headers_break_nothing(
    client: httpx.AsyncClient, name: str, headers: list[tuple[str, bytes]]
) -> None:
    sent = [(header.encode(), value) for header, value in headers]
    assert (await client.get(f"{VISITS}/a", headers=sent)).status_code == 200
    typed = (
        sent
        if any(header == b"Content-Type" for header, _ in sent)
        else [*sent, (b"Content-Type", b"application/json")]
    )
    answer = await client.post(f"{VISITS}/a", content=b'{"service": "A"}', headers=typed)
    assert answer.status_code in {200, 415}


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("application/json;charset=latin-1", 415),
        ("application/vnd.api+json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
async def test_a_body_must_be_said_to_be_json(client: httpx.AsyncClient, media_type: str, status: int) -> None:
    answer = await client.post(f"{VISITS}/a", content=b'{"service": "A"}', headers={"Content-Type": media_type})
    assert answer.status_code == status
    if status == 415:
        assert assert_refused(answer) == "request.not_json_type"


async def test_no_body_needs_no_media_type(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo-size")).json() == 0


async def test_the_largest_body_passes_and_one_more_byte_does_not(client: httpx.AsyncClient) -> None:
    largest = b'"' + b"a" * (BODY_BYTES_MAX - 2) + b'"'
    assert (await client.post("/echo-size", content=largest, headers=JSON)).json() == BODY_BYTES_MAX
    answer = await client.post("/echo-size", content=largest + b" ", headers=JSON)
    assert (answer.status_code, assert_refused(answer)) == (413, "request.too_large")


async def test_an_endless_body_without_length_is_read_no_further_than_the_limit(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1000
            yield b" " * 1000

    answer = await client.post("/echo-size", content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert sent <= BODY_BYTES_MAX + 1000


async def test_a_length_beyond_reason_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/echo-size", content=b"{}", headers={**JSON, "Content-Length": "9" * 5000})
    assert answer.status_code == 413


async def test_a_client_that_goes_is_not_answered() -> None:
    reached: list[str] = []

    async def app(scope: object, receive: object, send: object) -> None:
        reached.append("app")

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        reached.append("answer")

    scope = {
        "type": "http",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [(b"content-length", b"2"), (b"content-type", b"application/json")],
    }
    await Gate(app, settings=Settings())(scope, receive, send)
    assert reached == []
