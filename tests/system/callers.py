"""Everybody who may knock at a route, by name, as the headers that they send."""

import httpx

from tests.core import Core

Headers = dict[str, str]


def cookie(core: Core, username: str, password: str) -> Headers:
    """The session of somebody who has signed in."""
    with httpx.Client(verify=False) as client:
        signed = client.post(f"{core.api}/session", json={"username": username, "password": password})
        assert signed.status_code == 200, signed.text
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


def staff(core: Core, role: str, nth: int = 0, *, elsewhere: bool = False) -> Headers:
    """The session of a member of the branch's staff, or of the other branch's."""
    people = core.access["other_branches"][0]["staff"] if elsewhere else core.access["staff"]
    member = [one for one in people if one["role"] == role][nth]
    return cookie(core, member["username"], member["password"])


def device(core: Core, kind: str, *, elsewhere: bool = False) -> Headers:
    """A device of the branch, or of the other branch."""
    devices = core.access["other_branches"][0]["devices"] if elsewhere else core.access["devices"]
    token = next(one["token"] for one in devices if one["kind"] == kind)
    return {"Authorization": f"Bearer {token}"}


def everybody(core: Core, visitor_token: str) -> dict[str, Headers]:
    """All callers. A visitor has nothing to send; this one tries the token of the link as if it were a device's."""
    return {
        "nobody": {},
        "wrong token": {"Authorization": "Bearer " + "x" * 43},
        "wrong cookie": {"Cookie": "queue_session=" + "x" * 43},
        "visitor": {"Authorization": f"Bearer {visitor_token}"},
        "kiosk": device(core, "kiosk"),
        "display": device(core, "display"),
        "teller": staff(core, "teller"),
        "other teller": staff(core, "teller", 1),
        "greeter": staff(core, "greeter"),
        "manager": staff(core, "manager"),
        "admin": staff(core, "admin"),
        "kiosk elsewhere": device(core, "kiosk", elsewhere=True),
        "display elsewhere": device(core, "display", elsewhere=True),
        "teller elsewhere": staff(core, "teller", elsewhere=True),
        "greeter elsewhere": staff(core, "greeter", elsewhere=True),
        "manager elsewhere": staff(core, "manager", elsewhere=True),
    }
