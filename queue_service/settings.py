"""Every setting of the service, with unit and default; the environment overrides them (prefix `QUEUE_`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(env_prefix="QUEUE_", frozen=True, extra="ignore")

    # Edge
    base_url: str = Field("http://127.0.0.1:8000", description="address under which browsers reach the service")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, description="TCP port to listen on")

    # Storage
    data_dir: Path = Field(Path("var"), description="folder of the SQLite files; unused where database_url is set")
    database_url: str | None = Field(
        None, repr=False, description="PostgreSQL to use, postgresql://user@host:port/name; none = SQLite in data_dir"
    )
    database_wait_s_max: float = Field(
        10, gt=0, description="longest wait for a connection or a lock of a database, in seconds"
    )
    tables_pool_max: int = Field(5, ge=1, description="connections to the tables (on SQLite: that read)")
    journal_pool_max: int = Field(4, ge=1, description="PostgreSQL connections of the journal")
    journal_pending_max: int = Field(
        10_000, ge=1, description="entries that may wait to be written; beyond it commands are refused"
    )
    journal_batch_max: int = Field(500, ge=1, description="entries in one transaction of the journal")
