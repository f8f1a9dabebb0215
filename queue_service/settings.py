"""Every setting of the service, with unit and default; the environment overrides them (prefix `QUEUE_`)."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(env_prefix="QUEUE_", frozen=True, extra="ignore")

    # Edge
    base_url: str = Field("http://127.0.0.1:8000", description="address under which browsers reach the service")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, description="TCP port to listen on")
