import pytest

from queue_service.wire import locales


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh-CN"),
        ("", "zh-CN"),
        ("*", "zh-CN"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh", "zh-CN"),
        ("zh-TW,en;q=0.8", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("*;q=0.5, en;q=0.8", "en"),
        ("tlh, qya;q=0.9", "en"),  # languages that no hall will add
        ("en;q=0.1, zh-CN;q=0.9", "zh-CN"),
        ("zh;q=0, en;q=0.2", "en"),
        ("en;q=nonsense", "zh-CN"),
        ("en;q=nan", "zh-CN"),
        (";;;,,,=", "en"),
        ("\xff" * 5000, "en"),
        ("tlh," * 5000 + "zh", "en"),
    ],
)
def test_negotiate(header: str | None, language: str) -> None:
    assert locales.negotiate(header) == language


def test_text_fills_placeholders() -> None:
    assert "32" in locales.text("en", "problem.request.too_deep", depth_max=32)


def test_unknown_key_and_missing_parameter_are_programmers_errors() -> None:
    with pytest.raises(KeyError):
        locales.text("en", "no.such.key")
    with pytest.raises(KeyError):
        locales.text("en", "problem.request.too_deep")


def test_unknown_language_is_a_programmers_error() -> None:
    with pytest.raises(AssertionError):
        locales.text("xx", "problem.request.too_deep")
