import httpx
import pytest
from starlette.types import Scope

from queue_service.infra.limits import Buckets, Limits, SocketSeats, client_network
from queue_service.infra.problems import Problem
from queue_service.settings import Settings
from tests.infra.edged import an_app


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def a_scope(address: str = "192.0.2.1", **headers: str) -> Scope:
    return {
        "type": "http",
        "client": (address, 4000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }


def test_a_burst_then_the_rate() -> None:
    buckets = Buckets(rate_per_s=2, burst=3, keys_max=10)
    assert [buckets.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 100.0) == 0
    assert buckets.take("a", 100.25) == 0.25
    assert buckets.take("a", 100.5) == 0
    assert buckets.take("a", 100.5) == 0.5
    # A long rest fills the bucket, but no more than that.
    assert [buckets.take("a", 900.0) for _ in range(4)] == [0, 0, 0, 0.5]


def test_memory_is_bounded_and_the_longest_unused_is_forgotten() -> None:
    buckets = Buckets(rate_per_s=1, burst=2, keys_max=2)
    assert [buckets.take(key, 0.0) for key in ("a", "b", "b", "a", "c")] == [0, 0, 0, 0, 0]
    assert len(buckets) == 2
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("b", 0.0) == 0


def test_a_known_credential_pays_from_its_callers_bucket() -> None:
    limits = Limits(Settings(limit_address_burst=1, limit_caller_burst=3), Seconds())
    device = a_scope(authorization="Bearer good")
    limits.admit(device)
    limits.remember(device, "device-1")
    for _ in range(3):
        limits.admit(device)
    with pytest.raises(Problem):
        limits.admit(device)
    # Another of the address is not helped by a credential that nobody found good.
    with pytest.raises(Problem):
        limits.admit(a_scope(authorization="Bearer made-up"))
    with pytest.raises(Problem):
        limits.admit(a_scope())
    limits.admit(a_scope("192.0.2.2"))


def test_remembered_credentials_are_bounded() -> None:
    limits = Limits(Settings(limit_keys_max=2, limit_address_burst=1), Seconds())
    for name in ("a", "b", "c"):
        limits.remember(a_scope(cookie=name), name)
    limits.admit(a_scope(cookie="a"))
    with pytest.raises(Problem):
        limits.admit(a_scope(cookie="a"))
    limits.admit(a_scope(cookie="c"))


def test_tickets_have_a_limit_of_their_own() -> None:
    seconds = Seconds()
    limits = Limits(Settings(limit_issue_burst=2, limit_issue_tickets_per_s=0.25), seconds)
    limits.admit_issue("kiosk-1")
    limits.admit_issue("kiosk-1")
    with pytest.raises(Problem) as refusal:
        limits.admit_issue("kiosk-1")
    assert (refusal.value.code, refusal.value.status) == ("request.too_many", 429)
    assert refusal.value.headers == {"Retry-After": "4"}
    limits.admit_issue("kiosk-2")
    seconds.now_s += 4
    limits.admit_issue("kiosk-1")


async def test_one_request_too_many_is_429() -> None:
    settings = Settings(limit_address_burst=2, limit_address_requests_per_s=0.1)
    app = an_app(settings, limits=Limits(settings, Seconds()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answers = [await client.get("/api/v1/visits/a", headers={"Accept-Language": "en"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "10"
    assert answers[2].json()["detail"] == "Too many requests; try again in 10 s."


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[broken:", "[broken:"),
        ("", ""),
    ],
)
def test_client_network(address: str, network: str) -> None:
    assert client_network(a_scope(address)) == network


def test_a_transport_without_addresses_is_one_client() -> None:
    assert client_network({"type": "http", "client": None, "headers": []}) == ""


def test_seats_are_taken_and_given_back() -> None:
    seats = SocketSeats(Settings(socket_per_address_max=1))
    with seats.seat(a_scope()):
        with seats.seat(a_scope("192.0.2.2")):
            pass
        with pytest.raises(Problem) as refusal, seats.seat(a_scope()):
            pass
        assert refusal.value.code == "request.too_many_sockets"
    with seats.seat(a_scope()):
        pass
    assert not seats._taken
