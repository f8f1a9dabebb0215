"""The settings that every edge client has; each extends them with its own and names its prefix of variables."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from queue_service.wire import locales


class Rule(StrEnum):
    """What a value has to be, where its type does not say it."""

    ADDRESS = "address"
    LANGUAGES = "languages"


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = Annotated[list[str], NoDecode, BeforeValidator(_listed)]
"""Several, with commas between them."""
Port = Annotated[int, Field(ge=0, le=65_535, description="TCP port to listen on; 0 = any that is free")]


class EdgeSettings(BaseSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, allow_inf_nan=False)

    core_url: Annotated[str, Rule.ADDRESS] = Field("http://127.0.0.1:8000", description="address of the core")
    token: SecretStr | None = Field(None, repr=False, description="token of this device, which the core has given")
    token_file: Path | None = Field(None, description="file that holds the token, where `token` is not given")
    host: str = Field("127.0.0.1", description="address to listen on for the browsers of the screens")
    port: Port
    data_dir: Path
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is written")
    languages: Annotated[Listed, Rule.LANGUAGES] = Field(
        list(locales.languages()), description="languages of the screen, the first one foremost, commas between them"
    )

    @classmethod
    def variable(cls, name: str) -> str:
        """The variable of the environment that sets the field `name`."""
        return f"{cls.model_config['env_prefix']}{name}".upper()

    def device_token(self) -> str | None:
        """The token, from its file where it is not given itself; None where there is none. Raises OSError."""
        if self.token is not None:
            return self.token.get_secret_value().strip()
        return (
            None if self.token_file is None else self.token_file.read_text(encoding="ascii", errors="replace").strip()
        )

    @field_validator("core_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        if not is_web or parts.query or parts.fragment:
            raise ValueError
        return value.rstrip("/")

    @field_validator("languages")
    @classmethod
    def _are_worded(cls, value: list[str]) -> list[str]:
        if not value or not set(value) <= set(locales.languages()):
            raise ValueError
        return value
