"""Every setting of the kiosk, with unit and default; the environment overrides them (prefix `KIOSK_`)."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from kiosk_client.printing.printer import Mode, Paper
from queue_service.wire.edge.settings import EdgeSettings, Listed, Port

PREFIX = "KIOSK_"


class Settings(EdgeSettings):
    """Frozen after start; a change needs a restart."""

    model_config = SettingsConfigDict(env_prefix=PREFIX)

    port: Port = 8001
    data_dir: Path = Field(Path("var/kiosk"), description="folder of the intents and of what the kiosk knows of itself")

    # The core
    request_s_max: float = Field(4, gt=0, description="one request to the core takes at most so many seconds")
    retry_s_first: float = Field(0.3, gt=0, description="seconds until an unanswered request is made again, growing")
    retry_s_max: float = Field(3, gt=0, description="longest pause between two tries of a request or socket, seconds")
    issue_patience_s: float = Field(
        20, gt=0, description="a visitor waits at most so many seconds for a number; then the wish is cancelled"
    )
    stale_s: float = Field(8, gt=0, le=9, description="data that is so many seconds old is told to be old")
    void_retry_s_first: float = Field(1, gt=0, description="seconds until an unanswered cancellation is sent again")
    void_retry_s_max: float = Field(60, gt=0, description="longest pause between two cancellations, in seconds")
    branches_s: float = Field(300, gt=0, description="seconds between two looks at hours and other branches")

    # This machine
    hosts_allowed: Listed = Field(
        ["127.0.0.1", "localhost"], description="names under which the pages may be opened, commas between them"
    )
    body_bytes_max: int = Field(4096, ge=256, description="largest body of a request of the pages, in bytes")
    intents_keep_days: int = Field(7, ge=1, description="days after which an ended intent is forgotten")

    # Printer
    printer: str = Field(
        "", description="`tcp://host:9100`, `file:/dev/usb/lp0` or `virtual:<folder>`; none = virtual, in data_dir"
    )
    paper: Paper = Field(Paper.MM80, description="width of the paper, in millimetres: 80 or 58")
    print_mode: Mode = Field(
        Mode.TEXT, description="text; mixed: for printers without QR codes; raster: for those without Chinese too"
    )
    font: Path | None = Field(None, description="font file for pictures; none = the first Chinese font found")
    printer_look_s: float = Field(3, gt=0, description="seconds between two looks at the printer while nothing prints")
    printer_tell_s: float = Field(60, gt=0, description="a fault that lasts is told to the core every so many seconds")

    # Screen
    idle_s: float = Field(
        45, gt=0, description="an untouched screen asks after so many seconds whether somebody is there"
    )
    warn_s: float = Field(10, gt=0, description="seconds until an unanswered warning starts again from the beginning")
    ticket_s: float = Field(8, gt=0, description="seconds that the ticket is shown, unless it is touched")
    large_type_factor: float = Field(1.5, ge=1, le=2, description="size of large type")
    large_time_factor: float = Field(2, ge=1, description="with large type all times of the screen are so much longer")
    settle_s: float = Field(2, ge=0, description="seconds after a wish in which a further touch makes no other one")

    @property
    def printer_address(self) -> str:
        """The printer, the virtual one where none is set."""
        return self.printer or f"virtual:{self.data_dir / 'printed'}"
