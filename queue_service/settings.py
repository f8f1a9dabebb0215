"""Every setting of the service, with unit and default; the environment overrides them (prefix `QUEUE_`)."""

import json
import re
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "QUEUE_"


_HOST = r"(\[[^\]]*\]|[^\[\]:,@]*)(:\d{0,5})?"
_HOSTS = re.compile(f"{_HOST}(,{_HOST})*")


class Rule(StrEnum):
    """What a value has to be, where its type does not say it."""

    ADDRESS = "address"
    DATABASE_ADDRESS = "database_address"
    NETWORKS = "networks"


class Settings(BaseSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, allow_inf_nan=False
    )

    # Edge
    base_url: Annotated[str, Rule.ADDRESS] = Field(
        "http://127.0.0.1:8000", description="address under which browsers reach the service"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65_535, description="TCP port to listen on; 0 = any that is free")
    processes: int = Field(1, ge=1, le=64, description="processes that serve side by side; more than 1 want PostgreSQL")
    process_port_first: int = Field(
        0, ge=0, le=65_000, description="process n, counted from 0, listens on this port + n too; 0 = on `port` alone"
    )
    process_silent_s_max: float = Field(
        30, ge=10, description="one of several processes that shows no life for so many seconds is killed and replaced"
    )
    trusted_proxies: Annotated[list[str], NoDecode, Rule.NETWORKS] = Field(
        [], description="addresses or networks whose X-Forwarded-For and -Proto are believed, commas between them"
    )
    url_bytes_max: int = Field(4096, ge=256, description="longest path and query, in bytes")
    body_bytes_max: int = Field(65_536, ge=1024, description="largest body of a request, in bytes")
    body_depth_max: int = Field(32, ge=4, description="arrays and objects in a body that may be open at once")
    head_bytes_max: int = Field(16_384, ge=2048, description="largest head of a request, in bytes")
    head_wait_s_max: float = Field(10, gt=0, description="a request whose head takes more seconds is cut")
    body_wait_s_max: float = Field(10, gt=0, description="a request whose body takes more seconds is cut")
    answer_stall_s_max: float = Field(30, gt=0, description="a client that reads nothing for so many seconds is cut")
    keep_alive_s: int = Field(65, ge=1, description="an idle connection is kept for so many seconds")
    shutdown_wait_s_max: int = Field(10, ge=1, description="a stop waits so many seconds for requests under way")
    shutdown_notice_s: float = Field(
        0, ge=0, le=60, description="a stop says so on /readyz for so many seconds, still serving, before it begins"
    )
    connections_max: int = Field(16_000, ge=1, description="open connections and sockets; beyond it 503")
    backlog_max: int = Field(2048, ge=1, description="connections that may wait to be accepted")

    # Operations
    ready_wait_s_max: float = Field(2, gt=0, description="a readiness check that takes more seconds has failed")
    disk_free_min_mb: int = Field(
        200, ge=0, description="with less room in data_dir, in MiB, the service is not ready (SQLite)"
    )
    clock_off_s_max: float = Field(
        30, gt=0, description="with a clock that is wrong by more seconds the service is not ready"
    )
    metrics_branches_max: int = Field(
        200, ge=0, description="branches that /metrics tells apart, the first by their ids; 0 = none"
    )

    # Limits by caller
    limit_address_requests_per_s: float = Field(50, gt=0, description="requests a second from one address, signed out")
    limit_address_burst: int = Field(500, ge=1, description="requests at once from one address, signed out")
    limit_caller_requests_per_s: float = Field(30, gt=0, description="requests a second of one device or staff member")
    limit_caller_burst: int = Field(200, ge=1, description="requests at once of one device or staff member")
    limit_issue_tickets_per_s: float = Field(2, gt=0, description="tickets a second for one device or staff member")
    limit_issue_burst: int = Field(60, ge=1, description="tickets at once for one device or staff member")
    limit_keys_max: int = Field(20_000, ge=1, description="addresses, and callers, that are remembered")

    # Log
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is written")

    # Storage
    data_dir: Path = Field(Path("var"), description="folder of the SQLite files, and of the demo's access.json")
    database_url: Annotated[str | None, Rule.DATABASE_ADDRESS] = Field(
        None, repr=False, description="PostgreSQL to use, postgresql://user@host:port/name; none = SQLite in data_dir"
    )
    database_password_file: Path | None = Field(
        None, description="file that holds the password for `QUEUE_DATABASE_URL`, read at each new connection"
    )
    database_wait_s_max: float = Field(
        10, gt=0, description="longest wait for a connection or a lock of a database, in seconds"
    )
    tables_pool_max: int = Field(5, ge=1, description="connections to the tables (on SQLite: that read)")
    journal_pool_max: int = Field(4, ge=2, description="the journal's PostgreSQL connections, one of them the writer's")
    journal_pending_max: int = Field(
        10_000, ge=1, description="entries that may wait to be written; beyond it commands are refused"
    )
    journal_batch_max: int = Field(500, ge=1, description="entries in one transaction of the journal")
    bus_heartbeat_s: float = Field(
        5, gt=0, description="after so many quiet seconds the bus looks whether PostgreSQL is there"
    )
    bus_reconnect_s_max: float = Field(
        5, gt=0, description="longest pause between two attempts to reconnect the bus, seconds"
    )
    bus_topics_max: int = Field(
        10_000, ge=1, description="branch-days whose news may wait; beyond it everybody looks again"
    )

    # Desk
    desk_pending_max: int = Field(500, ge=1, description="commands of one branch that may wait; beyond it 503")
    past_days_max: int = Field(8, ge=1, description="past days held in memory for visitors who look at an old ticket")
    wake_s: float = Field(1, gt=0, description="seconds between two looks at what is due in any branch")
    keys_keep_days: int = Field(7, ge=1, description="days after which an Idempotency-Key may be used anew")
    remarks_keep_days: int = Field(30, ge=1, description="days after which what staff wrote about a ticket is erased")

    # Sockets
    socket_max: int = Field(12_000, ge=1, description="open sockets in one process; beyond it a handshake gets 503")
    socket_per_address_max: int = Field(2_000, ge=1, description="open sockets from one address; beyond it 429")
    socket_message_bytes_max: int = Field(4096, ge=126, description="longest message from a client, in bytes")
    socket_inbound_bytes_per_s_max: int = Field(
        8192, ge=1024, description="bytes that a client may send in a second before it is cut"
    )
    socket_send_buffer_bytes: int = Field(
        16_384, ge=4096, description="kernel's send buffer of a socket, in bytes; larger ones keep more old views"
    )
    socket_stall_s: float = Field(15, gt=0, description="a client that drains nothing for so many seconds is cut")
    socket_ping_s: float = Field(20, gt=0, description="a client unheard for so many seconds is pinged")
    socket_pong_s: float = Field(20, gt=0, description="a client silent for so many seconds after a ping is cut")

    # Live views
    live_fold_s: float = Field(
        0.2, gt=0, le=1, description="changes within so many seconds of a sent view go out as one; calls do not wait"
    )
    live_heartbeat_s: float = Field(
        4, gt=0, le=5, description="seconds between two words that a view is still true; screens doubt it at 10"
    )

    # Sign-in
    session_lifetime_s: float = Field(43_200, gt=0, description="a staff session ends so many seconds after sign-in")
    session_idle_s: float = Field(7_200, gt=0, description="a staff session unused for so many seconds ends")
    session_activity_s: float = Field(
        60, gt=0, description="a session's activity is stored at most every so many seconds"
    )
    session_recheck_s: float = Field(
        5, gt=0, description="what another process signed out or deactivated is refused here after so many seconds"
    )
    callers_known_max: int = Field(10_000, ge=1, description="sessions, and devices, held in memory by one process")
    password_length_min: int = Field(10, ge=8, description="shortest new password, in characters")
    password_threads: int = Field(2, ge=1, description="passwords hashed at once; each takes 64 MiB of memory")
    password_pending_max: int = Field(64, ge=1, description="sign-ins that may wait for a thread; beyond it 503")
    sign_in_account_failures_max: int = Field(10, ge=1, description="failed sign-ins to one account at once")
    sign_in_account_recover_s: float = Field(60, gt=0, description="seconds until an account may fail once more")
    sign_in_address_failures_max: int = Field(100, ge=1, description="failed sign-ins from one address at once")
    sign_in_address_recover_s: float = Field(10, gt=0, description="seconds until an address may fail once more")
    sign_in_keys_max: int = Field(10_000, ge=1, description="accounts, and addresses, whose failures are remembered")

    # Pages
    kiosk_url: Annotated[str | None, Rule.ADDRESS] = Field(
        None, description="address of the kiosk's pages, for the home page; none = no link"
    )
    display_url: Annotated[str | None, Rule.ADDRESS] = Field(
        None, description="address of the lobby board, for the home page; none = no link"
    )

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the service by https."""
        return urlsplit(self.base_url).scheme == "https"

    @field_validator("base_url", "kiosk_url", "display_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
                raise ValueError
        return value

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        """A JSON list is understood too."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for network in value:
            ip_network(network, strict=False)
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database_address(cls, value: str | None) -> str | None:
        if value is not None:
            scheme, _, rest = value.partition("://")
            hosts = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
            if scheme not in ("postgresql", "postgres") or not _HOSTS.fullmatch(hosts):
                raise ValueError  # without words: the value holds a password
        return value
