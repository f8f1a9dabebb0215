"""Every setting of the lobby screen, with unit and default; the environment overrides them (prefix `DISPLAY_`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from queue_service.wire.edge.settings import EdgeSettings, Port

PREFIX = "DISPLAY_"


class Settings(EdgeSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    port: Port = 8002
    data_dir: Path = Field(Path("var/display"), description="folder that keeps what the core knows this device as")
    branch: str | None = Field(None, description="branch to show; none = the one of this device, which the core tells")

    # Screens
    shown_s_min: float = Field(10, ge=10, le=60, description="seconds for which a call stays when others wait")
    notice_s: float = Field(10, ge=8, le=120, description="seconds for which a notice stays when there are others")
    volume: float = Field(0.6, ge=0, le=1, description="loudness of the chime, 0 = silent")
