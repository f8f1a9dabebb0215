"""A catalogue file as YAML nodes that know their line, and nothing that YAML can do beyond that.

Every scalar is text here; what it means is decided by who expects it. So `17:30` is no number in base sixty and `no`
no boolean.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.nodes import Node

BYTES_MAX = 256 * 1024
DEPTH_MAX = 10

_NULLS = ("", "~", "null")


class Unreadable(Exception):
    """The file is no YAML that a catalogue may be written in."""

    def __init__(self, line: int, column: int, code: str, params: Mapping[str, str] | None = None) -> None:
        super().__init__(code)
        self.line = line
        self.column = column
        self.code = code
        self.params = dict(params or {})


def compose(content: bytes) -> Node:
    """The root of the file's one document; raises `Unreadable` at the first place that cannot be read."""
    if len(content) > BYTES_MAX:
        raise Unreadable(1, 1, "file_too_large", {"kilobytes": str(BYTES_MAX // 1024)})
    loader = _Loader(_decoded(content))
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        raise Unreadable(line, column, *_worded(error.problem or "")) from error
    finally:
        loader.dispose()
    if root is None or is_null(root):
        raise Unreadable(1, 1, "file_empty")
    return root


def is_null(node: Node) -> bool:
    """Whether nothing stands there."""
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value.lower() in _NULLS


def position(node: Node) -> tuple[int, int]:
    """Line and column, from 1."""
    return node.start_mark.line + 1, node.start_mark.column + 1


class _Loader(yaml.BaseLoader):
    """Refuses what makes a small file large (aliases), strange (tags) or deep."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        parser: Any = self  # the library's own types leave events out
        event = parser.peek_event()
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise Unreadable(line, column, "alias")
        if getattr(event, "tag", None) is not None:
            raise Unreadable(line, column, "tag")
        if self.depth >= DEPTH_MAX:
            raise Unreadable(line, column, "too_deep", {"most": str(DEPTH_MAX)})
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = content[: error.start].decode("utf-8-sig", errors="replace")
        raise Unreadable(*_end_of(good), "not_utf8") from error
    bad = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if bad is not None:
        raise Unreadable(*_end_of(text[: bad.start()]), "control_character", {"character": f"U+{ord(bad[0]):04X}"})
    return text


def _end_of(text: str) -> tuple[int, int]:
    lines = re.split(r"\r\n|[\r\n]", text)
    return len(lines), len(lines[-1]) + 1


def _worded(problem: str) -> tuple[str, dict[str, str]]:
    if "\\t" in problem:
        return "tab", {}
    if "mapping values are not allowed" in problem:
        return "stray_colon", {}
    if "but found another document" in problem:
        return "second_document", {}
    return "not_yaml", {"problem": problem}
