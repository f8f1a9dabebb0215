"""Every setting of the lobby screen, with unit and default; the environment overrides them (prefix `DISPLAY_`)."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from queue_service.wire import locales

PREFIX = "DISPLAY_"


class Settings(BaseSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, allow_inf_nan=False
    )

    # The core
    core_url: str = Field("http://127.0.0.1:8000", description="address of the core")
    token: SecretStr | None = Field(None, repr=False, description="token of this device, of kind display")
    token_file: Path | None = Field(None, description="file that holds the token, where `token` is not set")
    branch: str | None = Field(None, description="branch to show; none = the one of this device, which the core tells")

    # This process
    host: str = Field("127.0.0.1", description="address to listen on for the screens' browsers")
    port: int = Field(8002, ge=0, le=65_535, description="TCP port to listen on; 0 = any that is free")
    data_dir: Path = Field(Path("var/display"), description="folder that keeps which branch this device belongs to")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is written")

    # Screens
    shown_s_min: float = Field(10, ge=10, le=60, description="seconds for which a call stays when others wait")
    notice_s: float = Field(10, ge=8, le=120, description="seconds for which a notice stays when there are others")
    volume: float = Field(0.6, ge=0, le=1, description="loudness of the chime, 0 = silent")
    languages: Annotated[list[str], NoDecode] = Field(
        ["zh-CN", "en"], min_length=1, description="the board's languages, the first one largest, commas between them"
    )

    @field_validator("core_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError
        return value.rstrip("/")

    @field_validator("languages", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("languages")
    @classmethod
    def _are_worded(cls, value: list[str]) -> list[str]:
        if not set(value) <= set(locales.languages()):
            raise ValueError
        return value

    def device_token(self) -> str | None:
        """The token, or what its file holds; None where neither is set. Raises OSError."""
        if self.token is not None:
            return self.token.get_secret_value()
        return None if self.token_file is None else self.token_file.read_text(encoding="utf-8").strip()
