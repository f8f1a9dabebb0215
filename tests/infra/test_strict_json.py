import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_service.infra import strict_json
from queue_service.infra.problems import Problem
from tests.infra.hostile import BODY_BYTES_MAX, HOSTILE_BODIES, NESTED_MAX, STRANGE_BODIES


def refusal(body: bytes) -> str | None:
    try:
        strict_json.read(body, depth_max=NESTED_MAX)
    except Problem as problem:
        assert problem.status == 400
        return problem.code
    return None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": ', "request.not_json"),
        (b"\xef\xbb\xbf{}", "request.not_json"),
        (b'"\xff"', "request.bad_text"),
        (b'"\\ud800"', "request.bad_text"),
        (b'"\\u0000"', "request.bad_text"),
        (b'["a", {"b": ["\\udc00"]}]', "request.bad_text"),
        (b'{"\\ud800": 1}', "request.bad_text"),
        (b"[NaN]", "request.number_out_of_range"),
        (b"[-Infinity]", "request.number_out_of_range"),
        (b"1e999", "request.number_out_of_range"),
        (b"9223372036854775808", "request.number_out_of_range"),
        (b"1e19", "request.number_out_of_range"),
        (b"1" * 5000, "request.number_out_of_range"),
        (b'{"a": 1, "\\u0061": 2}', "request.duplicate_key"),
        (b"[" * 33 + b"]" * 33, "request.too_deep"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "request.too_deep"),
        (b"[" * 60_000 + b"]", "request.too_deep"),
    ],
)
def test_refused(body: bytes, code: str) -> None:
    assert refusal(body) == code


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"a": [1, -9223372036854775808, 9223372036854775807, 1.5e3, true, null]} \n',
        b'"\\ud83d\\ude00 \\\\u0000 \xf0\x9f\x98\x80"',
        b"[" * 32 + b"]" * 32,
        b'[{"a": 1}, {"a": 1}]',
    ],
)
def test_accepted(body: bytes) -> None:
    assert refusal(body) is None


@pytest.mark.parametrize(("name", "body"), [pair for pair in HOSTILE_BODIES if len(pair[1]) <= BODY_BYTES_MAX])
def test_hostile(name: str, body: bytes) -> None:
    assert refusal(body) is not None


@pytest.mark.parametrize(("name", "body"), STRANGE_BODIES)
def test_strange_bodies_are_json(name: str, body: bytes) -> None:
    assert refusal(body) is None


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0dD8e19.-+ NaInfity', max_size=80).map(str.encode))
def test_what_is_accepted_can_be_stored(body: bytes) -> None:
    if refusal(body) is None:
        assert "\0" not in str(json.loads(body))
        json.dumps(json.loads(body), ensure_ascii=False, allow_nan=False).encode()
