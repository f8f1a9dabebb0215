"""Labels 票号: the service's prefix and a number, dense per prefix and business day in the order of issue."""

from collections.abc import Mapping

NUMBER_DIGITS_MIN = 3


def next_number(numbers: Mapping[str, int], prefix: str) -> int:
    """The number after the last one given under this prefix."""
    return numbers.get(prefix, 0) + 1


def label(prefix: str, number: int) -> str:
    """The label as called and printed, such as A012; wider after 999."""
    return f"{prefix}{number:0{NUMBER_DIGITS_MIN}d}"
