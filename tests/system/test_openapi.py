"""The committed description of the contract is what the app says, and what it says is what it does."""

import asyncio
import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema_rs import validator_for
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from websockets.asyncio.client import connect

from queue_service.app import create_app
from queue_service.infra.push import Sockets
from queue_service.settings import Settings
from tests.core import Core
from tests.system.callers import Headers, device, staff
from tests.system.routes import KIOSKS_OWN

PATH = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
EXAMPLES_MAX = 12
"""Of each operation: all of them together stay under a minute."""

schema = schemathesis.openapi.from_dict(DOCUMENT)
schema.config.generation.update(allow_x00=False)  # no text here holds U+0000, which JSON Schema has no word for


def test_the_committed_document_is_the_apps() -> None:
    made = create_app(Settings(), Sockets(Settings())).openapi()
    assert json.loads(json.dumps(made)) == DOCUMENT, "run `make docs`"


class Hall:
    """The core with a manager's session, a kiosk, and things in it that parameters may mean."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.manager = staff(core, "manager")
        self.kiosk = device(core, "kiosk")
        self.session = requests.Session()
        self.keys = map(str, count())
        """Each good key is used once: what it does a second time is told elsewhere."""
        self.renew()

    def renew(self) -> None:
        """A ticket that can still be changed, an alert and a print that can still be taken."""
        issued = self.core.issue("personal-cash")
        self.token, self.ticket = issued["token"], issued["id"]
        alert = self.session.post(f"{self.core.hall}/help", headers=self.kiosk, timeout=30)
        assert alert.status_code == 200
        self.alert = alert.json()["id"]
        asked = self.session.post(
            f"{self.core.hall}/tickets/{self.ticket}/print", json={"kiosk": "kiosk"}, headers=self.manager, timeout=30
        )
        self.print = asked.json()["id"] if asked.status_code == 200 else "print-20200101-1"

    def headers(self, path: str) -> Headers:
        if path == "/api/v1/session":
            return {}  # signing in and out goes without anybody's session
        return dict(self.kiosk if path.endswith(KIOSKS_OWN) else self.manager)


@pytest.fixture(scope="module")
def hall(shared: Core) -> Iterator[Hall]:
    hall = Hall(shared)
    with hall.session:
        yield hall


@schema.parametrize()
@settings(
    max_examples=EXAMPLES_MAX,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_the_core_does_what_the_document_says(case: schemathesis.Case, hall: Hall) -> None:
    """Whatever is made of the description; the parts of a path mean something that exists, or all would be 404."""
    known = {name: getattr(hall, name) for name in ("ticket", "token", "alert", "print")}
    known["branch"] = hall.core.branch
    case.path_parameters.update({name: value for name, value in known.items() if name in case.path_parameters})
    if case.headers and "Idempotency-Key" in case.headers and not _is_bad(case, ParameterLocation.HEADER):
        case.headers["Idempotency-Key"] = next(hall.keys)
    for name in ("window", "version"):
        if isinstance(case.body, dict) and isinstance(case.body.get(name), float):
            case.body[name] = int(case.body[name])  # to JSON Schema 1.0 is an integer, to us it is not
    answer = case.call(base_url=hall.core.base_url, session=hall.session, headers=hall.headers(case.path))
    case.validate_response(
        answer,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
            response_headers_conformance,
            negative_data_rejection,
            positive_data_acceptance,
        ],
    )
    if answer.status_code == 200 and case.method != "GET":
        hall.renew()


def _is_bad(case: schemathesis.Case, part: ParameterLocation) -> bool:
    meta = case.meta.components.get(part) if case.meta is not None else None
    return meta is not None and meta.mode.is_negative


async def test_the_sockets_say_what_the_document_says(hall: Hall) -> None:
    queries = {
        "/api/v1/branches/{branch}/live": ["", "?view=board", "?view=floor", "?view=window&window=1", "?view=kiosk"],
        "/api/v1/tickets/{token}/live": [""],
    }
    described = DOCUMENT["x-sockets"]
    assert set(described) == set(queries)
    for path, views in queries.items():
        messages = {
            message["$ref"].rpartition("/")[2]: validator_for({**DOCUMENT, **message})
            for message in described[path]["messages"]
        }
        assert set(messages) == {"View", "Alive"}
        for query in views:
            url = hall.core.base_url.replace("http", "ws") + path.format(branch=hall.core.branch, token=hall.token)
            headers = hall.kiosk if query == "?view=kiosk" else hall.manager
            async with connect(url + query, additional_headers=headers, proxy=None) as socket:
                for kind in ("View", "Alive"):
                    told = json.loads(await asyncio.wait_for(socket.recv(), 10))
                    assert list(messages[kind].iter_errors(told)) == []
