"""The baseline over HTTP: an ordinary FastAPI application with one empty POST, served as the core is."""

from fastapi import FastAPI
from pydantic import BaseModel

from queue_service.infra import logging, server
from queue_service.infra.push import Sockets
from queue_service.settings import Settings

PATH = "/empty"


class Body(BaseModel):
    """As large as the body that asks for a number."""

    service: str


app = FastAPI(  # as `queue_service.app` makes its own
    redirect_slashes=False,
    docs_url=None,
    redoc_url=None,
    telemetry={"tracing": False, "metrics": False, "logs": False},
)


@app.get("/healthz")
async def healthz() -> None:
    """Tells that it is up."""


@app.post(PATH)
async def empty(body: Body) -> dict[str, str]:
    """Does nothing."""
    return {"service": body.service}


def main() -> None:
    """Serves it with the settings of the environment until a signal."""
    settings = Settings()
    logging.configure(settings.log_level)
    with server.listening(settings) as listeners:
        server.run(app, settings, Sockets(settings), listeners)


if __name__ == "__main__":
    main()
