"""The shapes of the public contract: what pages, devices and programs send."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from queue_service.hall.terms import VisitorClass
from queue_service.hall.tickets import Fault, Outcome, Place
from queue_service.wire.locales import LANGUAGE_COMMON, LANGUAGE_FIRST
from queue_service.wire.messages import Id

Language = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))?$"
    ),
]
"""A BCP 47 tag in its usual case: language, script, region, one variant; no extension, no private use."""
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"\S")]
Yes = Annotated[bool, Field(strict=True)]
Number = Annotated[int, Field(strict=True, ge=1, le=9999)]
Delivered = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"\S")]
IntentKey = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
"""As in the header `Idempotency-Key`."""
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")]
NoticeWords = Annotated[
    str,
    StringConstraints(
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
    ),
]
"""One line that says something."""
LANGUAGES_REQUIRED = (LANGUAGE_FIRST, LANGUAGE_COMMON)
LANGUAGES_MAX = 8
NOTICES_MAX = 20
YEARS = range(1970, 2200)
VERSION_MAX = 2**31 - 1
LEGS_MAX = 8
DELIVERED_MAX = 20


class Request(BaseModel):
    """What a caller says: strict in types, closed to unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, use_attribute_docstrings=True)


class IssueRequest(Request):
    """Take a number for one service, or for several in one visit."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["service"], "properties": {"service": {"type": "string"}, "legs": {"type": "null"}}},
                {"required": ["legs"], "properties": {"legs": {"type": "array"}, "service": {"type": "null"}}},
            ]
        }
    )

    service: Id | None = None
    legs: Annotated[list[Id], Field(min_length=1, max_length=LEGS_MAX)] | None = None
    visitor_class: VisitorClass = Field(VisitorClass.NORMAL, alias="class")
    language: Language = "zh-CN"

    @model_validator(mode="after")
    def _one_of(self) -> "IssueRequest":
        if (self.service is None) == (self.legs is None):
            raise PydanticCustomError("service_or_legs", "exactly one of service and legs")
        return self

    @property
    def services(self) -> tuple[str, ...]:
        """The legs in order."""
        return tuple(self.legs) if self.legs is not None else (self.service or "",)


class OpenRequest(Request):
    """Open a window, or go on after a pause."""

    takeover: Yes = False


class PauseRequest(Request):
    """Stop calling for a while."""

    reason: Reason
    """A code (`pause.<code>`); anything else becomes `other`, and is not kept."""
    after_current: Yes = False


class CloseRequest(Request):
    """Close a window."""

    after_current: Yes = False


class CallRequest(Request):
    """Call a chosen ticket."""

    ticket: Id
    reason: Reason
    """A code (`reason.<code>`); anything else becomes `other` and a remark."""


class FinishRequest(Request):
    """Finish the service."""

    outcome: Outcome = Outcome.DONE
    delivered: Annotated[list[Delivered], Field(max_length=DELIVERED_MAX)] = []
    """Services of the branch and codes (`delivered.<code>`); anything else becomes `other` and a remark."""


class ResumeRequest(Request):
    """Bring a parked ticket back."""

    ticket: Id


class TransferRequest(Request):
    """Send the visitor on: to a service, a window, or both."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["service"], "properties": {"service": {"type": "string"}}},
                {"required": ["window"], "properties": {"window": {"type": "integer"}}},
            ]
        }
    )

    service: Id | None = None
    window: Number | None = None
    place: Place = Place.ORIGINAL

    @model_validator(mode="after")
    def _somewhere(self) -> "TransferRequest":
        if self.service is None and self.window is None:
            raise PydanticCustomError("service_or_window", "service, window or both")
        return self


class WalkInRequest(Request):
    """Serve somebody who has no number."""

    service: Id
    reason: Reason
    """A code (`reason.<code>`); anything else becomes `other` and a remark."""


class DivertRequest(Request):
    """Solve it without a window."""

    to: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"\S")]
    """A code (`divert.<code>`); anything else becomes `other` and a remark."""


class ClassRequest(Request):
    """Change or confirm the visitor's class."""

    visitor_class: VisitorClass = Field(alias="class")
    reason: Reason
    """A code (`reason.<code>`); anything else becomes `other` and a remark."""


class PlanRequest(Request):
    """Put a window plan in force."""

    plan: Id


class PrinterRequest(Request):
    """How a kiosk's printer is."""

    fault: Fault | None
    """None: it is well."""


class VoidRequest(Request):
    """Nobody waits any more for the number asked for under a key."""

    key: IntentKey


class PrintRequest(Request):
    """Print a ticket."""

    kiosk: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """Name of the kiosk."""


class NoticeWritten(Request):
    """A line of news."""

    text: Annotated[
        dict[LanguageTag, NoticeWords],
        Field(
            max_length=LANGUAGES_MAX,
            json_schema_extra={"required": [*LANGUAGES_REQUIRED], "additionalProperties": False},
        ),
    ]
    until: AwareDatetime | None
    """When it ends, kept in UTC; None: when it is taken away."""

    @field_validator("until", mode="before")
    @classmethod
    def _is_text(cls, until: object) -> object:
        if not isinstance(until, str | None):
            raise PydanticCustomError("time_expected", "a time as text")
        return until

    @field_validator("until")
    @classmethod
    def _in_utc(cls, until: datetime | None) -> datetime | None:
        if until is not None and until.year not in YEARS:  # the ends of the calendar have no other zone
            return datetime(YEARS[0] if until.year < YEARS[0] else YEARS[-1], 1, 1, tzinfo=UTC)
        return until.astimezone(UTC) if until is not None else None

    @field_validator("text")
    @classmethod
    def _in_every_language(cls, text: dict[str, str]) -> dict[str, str]:
        if not set(LANGUAGES_REQUIRED) <= set(text):
            raise PydanticCustomError("language_missing", "a text in every language of the house")
        return text


class NoticesRequest(Request):
    """Replace the notices of the board."""

    version: Annotated[int, Field(strict=True, ge=1, le=VERSION_MAX)]
    """As it was when they were read."""
    notices: Annotated[list[NoticeWritten], Field(max_length=NOTICES_MAX)]
