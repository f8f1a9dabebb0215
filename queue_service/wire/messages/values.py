"""What the shapes of several audiences share."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from queue_service.hall.terms import VisitorClass

Text = dict[str, str]
Id = Annotated[str, StringConstraints(min_length=1, max_length=80)]
WindowState = Literal["closed", "open", "busy", "closing", "pausing", "paused"]


class Answer(BaseModel):
    """What the service says."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, use_attribute_docstrings=True, defer_build=True)


class Wait(Answer):
    """A plain range until the call, in seconds."""

    low_s: int
    high_s: int


class Overtaker(Answer):
    """How many visitors who came later were called before this one, by their class."""

    visitor_class: VisitorClass = Field(alias="class")
    times: int


class MissedRule(Answer):
    """Where a visitor who missed the call waits again: kept place, after n others, or last."""

    rule: Literal["keep", "after", "last"]
    after: int
