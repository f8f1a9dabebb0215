"""Whether a contract still serves the clients of a former one: what they say is understood, what they read is there.

Both are one question about two JSON Schemas: is every value of the one also a value of the other? For requests the
former's values must be the present one's, for answers the present one's must be the former's, who ignores what it does
not know. Where this cannot tell (two different patterns), it says so as if it were not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
LEAST = ("minLength", "minItems", "minimum", "exclusiveMinimum")
MOST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
SAME = ("pattern", "format")


def broken(former: Json, present: Json) -> Iterator[str]:
    """What a client of `former` would miss in `present`, a line each."""
    for path, operations in former["paths"].items():
        for method in (method for method in METHODS if method in operations):
            there = present["paths"].get(path, {}).get(method)
            if there is None:
                yield f"{method} {path} is gone"
            else:
                yield from _operation(f"{method} {path}", former, operations[method], present, there)
    for path, socket in former.get("x-sockets", {}).items():
        there = present.get("x-sockets", {}).get(path)
        if there is None:
            yield f"socket {path} is gone"
        else:
            reading = Question(present, former, is_closed=False)
            yield from reading.within({"anyOf": there["messages"]}, {"anyOf": socket["messages"]}, f"socket {path}")


def _operation(name: str, former: Json, old: Json, present: Json, new: Json) -> Iterator[str]:
    said = Question(former, present, is_closed=True)
    known = {(one["in"], one["name"]): one for one in old.get("parameters", ())}
    for one in new.get("parameters", ()):
        before = known.pop((one["in"], one["name"]), None)
        if before is None and one.get("required"):
            yield f"{name}: {one['in']} {one['name']} must be given now"
        elif before is not None:
            if one.get("required") and not before.get("required"):
                yield f"{name}: {one['in']} {one['name']} must be given now"
            yield from said.within(before["schema"], one["schema"], f"{name}: {one['in']} {one['name']}")
    for place, gone in known:
        yield f"{name}: {place} {gone} is gone"
    bodies, bodies_old = new.get("requestBody", {}), old.get("requestBody", {})
    if bodies.get("required") and not bodies_old.get("required"):
        yield f"{name}: a body must be sent now"
    for kind, body in bodies_old.get("content", {}).items():
        if kind not in bodies.get("content", {}):
            yield f"{name}: a body of {kind} is not taken"
        else:
            yield from said.within(body["schema"], bodies["content"][kind]["schema"], f"{name}: body")
    read = Question(present, former, is_closed=False)
    good, good_old = ({status for status in one["responses"] if status.startswith("2")} for one in (new, old))
    if good != good_old:
        yield f"{name}: answers {sorted(good)}, not {sorted(good_old)}"
    for status in sorted(good & good_old):
        contents, contents_old = (one["responses"][status].get("content", {}) for one in (new, old))
        for kind, content in contents_old.items():
            if kind not in contents:
                yield f"{name}: no answer of {kind}"
            elif "schema" in content:
                yield from read.within(contents[kind]["schema"], content["schema"], f"{name}: answer")


@dataclass(frozen=True)
class Question:
    """Is every value of a schema of `inner` a value of one of `outer`?

    `is_closed`: whether fields that `outer` does not know are refused where it says so; else they are ignored.
    """

    inner: Json
    outer: Json
    is_closed: bool

    def within(self, one: Json, other: Json, place: str, seen: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
        """Where not, a line each."""
        pair = (one.get("$ref", ""), other.get("$ref", ""))
        if all(pair):
            if pair in seen:
                return []
            seen |= {pair}
        one, other = _resolved(self.inner, one), _resolved(self.outer, other)
        kinds = _alternatives(self.inner, one)
        if len(kinds) > 1:
            return [fault for kind in kinds for fault in self.within(kind, other, place, seen)]
        choices = _alternatives(self.outer, other)
        if len(choices) > 1:
            tried = [self.within(one, choice, place, seen) for choice in choices]
            return min(tried, key=len)
        return list(self._plain(kinds[0], choices[0], place, seen))

    def _plain(self, one: Json, other: Json, place: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        if not other or other is True:
            return
        values, allowed = _values(one), _values(other)
        if allowed is not None:
            if values is None:
                yield f"{place}: anything, not only {allowed}"
            else:
                yield from (f"{place}: {value!r} is new" for value in values if value not in allowed)
            return
        types = (one.get("type", "anything"), other.get("type", "anything"))
        if types[1] not in ("anything", types[0]) and types != ("integer", "number"):
            yield f"{place}: {types[0]}, not {types[1]}"
            return
        for bound in LEAST if self.is_closed else ():
            if bound in other and one.get(bound, float("-inf")) < other[bound]:
                yield f"{place}: {bound} is {other[bound]} now"
        for bound in MOST if self.is_closed else ():
            if bound in other and one.get(bound, float("inf")) > other[bound]:
                yield f"{place}: {bound} is {other[bound]} now"
        for rule in SAME:
            if (
                rule in other
                and values is None
                and one.get(rule) != other[rule]
                and (self.is_closed or rule == "format")
            ):
                yield f"{place}: {rule} is {one.get(rule)}, not {other[rule]}"
        if "items" in other:
            yield from self.within(one.get("items", {}), other["items"], f"{place}[]", seen)
        yield from self._fields(one, other, place, seen)

    def _fields(self, one: Json, other: Json, place: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
        has, knows = one.get("properties", {}), other.get("properties", {})
        for name in other.get("required", ()):
            if name not in one.get("required", ()):
                yield f"{place}.{name}: " + ("must be given now" if self.is_closed else "is not always there")
        for name, field in knows.items():
            if name in has:
                yield from self.within(has[name], field, f"{place}.{name}", seen)
            elif not self.is_closed and name not in other.get("required", ()):
                yield f"{place}.{name}: is gone"
        if self.is_closed and other.get("additionalProperties") is False:
            yield from (f"{place}.{name}: is refused" for name in has if name not in knows)
        if isinstance(other.get("additionalProperties"), dict):
            more = one.get("additionalProperties", {})
            yield from self.within(
                more if isinstance(more, dict) else {}, other["additionalProperties"], f"{place}.*", seen
            )


def _resolved(document: Json, schema: Json) -> Json:
    while "$ref" in schema:
        (root, *steps) = schema["$ref"].split("/")
        assert root == "#"
        found: Any = document
        for step in steps:
            found = found[step]
        schema = found
    return schema


def _alternatives(document: Json, schema: Json) -> Sequence[Json]:
    """The schemas of which a value meets one."""
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return [deeper for kind in schema[union] for deeper in _alternatives(document, _resolved(document, kind))]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def _values(schema: Json) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")
