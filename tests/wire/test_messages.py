"""What requests accept."""

import pytest
from pydantic import ValidationError

from queue_service.wire.requests import FinishRequest, IssueRequest


@pytest.mark.parametrize(
    "tag", ["zh-CN", "en", "yue", "zh-Hans-CN", "zh-Hant", "es-419", "de-1996", "ca-valencia", "sl-Latn-IT-rozaj"]
)
def test_a_language_is_a_tag_in_its_usual_case(tag: str) -> None:
    assert IssueRequest(service="cash", language=tag).language == tag


@pytest.mark.parametrize(
    "tag",
    [
        *("", "e", "engl", "EN", "en-us", "en_US", "en-12", "en-x1-yy", "zh-CN-CN", "zh-cn-Hans", "zh-CN-Hans"),
        *(
            "en-",
            "-CN",
            "en-US-",
            "zh-Hans-Hant",
            "de-1996-1996",
            "x-private",
            "en-US\n",
            "中文",
            "en-GB-oxendict-1996",
        ),
    ],
)
def test_any_other_text_is_no_language(tag: str) -> None:
    with pytest.raises(ValidationError):
        IssueRequest(service="cash", language=tag)


def test_what_was_delivered_may_be_in_any_words() -> None:
    assert FinishRequest(delivered=[" 存折 ", "card"]).delivered == ["存折", "card"]
    for wrong in ([""], [" "], ["x" * 81], ["x"] * 21):
        with pytest.raises(ValidationError):
            FinishRequest(delivered=wrong)
