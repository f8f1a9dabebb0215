"""What nobody honest sends. Every route must answer it with a 4xx and a code, repeating none of it.

MARK is inside whatever is long enough to hold it, so that a test can look for it in the answer.
"""

MARK = "hostile-7311"

NESTED_MAX = 32
BODY_BYTES_MAX = 65_536

_MARK = MARK.encode()

HOSTILE_BODIES: list[tuple[str, bytes]] = [
    # not JSON
    ("blank", b" "),
    ("text", _MARK),
    ("cut short", b'{"service": "' + _MARK),
    ("two values", b'{} {"' + _MARK + b'": 1}'),
    ("trailing comma", b'{"service": "A",}'),
    ("single quotes", b"{'service': 'A'}"),
    ("comment", b'{"service": "A"} // ' + _MARK),
    ("leading zero", b'{"service": 01}'),
    ("plus sign", b'{"service": +1}'),
    ("hexadecimal", b'{"service": 0x10}'),
    ("bare key", b"{service: 1}"),
    ("raw newline in text", b'{"service": "a\nb"}'),
    ("raw NUL in text", b'{"service": "a\0b"}'),
    ("NUL only", b"\0"),
    ("unknown escape", b'{"service": "\\x41"}'),
    ("half an escape", b'{"service": "\\u12"}'),
    ("form", b"service=" + _MARK),
    ("multipart", b'--x\r\nContent-Disposition: form-data; name="service"\r\n\r\n' + _MARK + b"\r\n--x--\r\n"),
    ("XML with an entity", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("pickle", b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07service\x94."),
    ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00C\xbf\xa6\xa3\x02\x00\x00\x00"),
    # not text
    ("byte order mark", b'\xef\xbb\xbf{"service": "A"}'),
    ("UTF-16", '{"service": "A"}'.encode("utf-16")),
    ("UTF-32", '{"service": "A"}'.encode("utf-32")),
    ("Latin-1", '{"service": "é"}'.encode("latin-1")),
    ("GB18030", '{"service": "业务"}'.encode("gb18030")),
    ("overlong slash", b'{"service": "\xc0\xaf"}'),
    ("encoded surrogate", b'{"service": "\xed\xa0\x80"}'),
    ("beyond Unicode", b'{"service": "\xf4\x90\x80\x80"}'),
    ("lone high surrogate", b'{"service": "\\ud800"}'),
    ("lone low surrogate", b'{"service": "\\udfff' + _MARK + b'"}'),
    ("surrogates swapped", b'{"service": "\\udc00\\ud800"}'),
    ("surrogate in a key", b'{"service\\ud800": 1}'),
    ("escaped NUL", b'{"service": "\\u0000"}'),
    ("escaped NUL in a key", b'{"\\u0000": "' + _MARK + b'"}'),
    ("escaped NUL deep down", b'{"legs": [{"service": ["\\u0000"]}]}'),
    # numbers
    ("NaN", b'{"service": NaN}'),
    ("Infinity", b'{"service": Infinity}'),
    ("-Infinity", b'{"service": -Infinity}'),
    ("1e999", b'{"service": 1e999}'),
    ("-1e999", b'{"service": -1e999}'),
    ("float beyond 64 bits", b'{"service": 1e19}'),
    ("integer beyond 64 bits", b'{"service": 9223372036854775808}'),
    ("negative beyond 64 bits", b'{"service": -9223372036854775809}'),
    ("unsigned beyond 64 bits", b'{"service": 18446744073709551616}'),
    ("integer of 4300 digits", b'{"service": ' + b"7" * 4300 + b"}"),
    ("integer of 60000 digits", b'{"service": ' + b"7" * 60_000 + b"}"),
    # shapes
    ("member twice", b'{"service": "A", "service": "' + _MARK + b'"}'),
    ("member twice, once escaped", b'{"service": "A", "\\u0073ervice": "B"}'),
    ("member twice deep down", b'{"legs": [{"a": 1, "a": 2}]}'),
    ("one array too deep", b"[" * (NESTED_MAX + 1) + b"]" * (NESTED_MAX + 1)),
    ("one object too deep", b'{"a":' * (NESTED_MAX + 1) + b"1" + b"}" * (NESTED_MAX + 1)),
    ("array 30000 deep", b"[" * 30_000 + b"]" * 30_000),
    ("objects 10000 deep", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    ("arrays never closed", b"[" * 60_000),
    ("text never closed", b'"' + b'\\"' * 30_000),
    ("one byte too many", b'"' + b"a" * (BODY_BYTES_MAX - 1) + b'"'),
    ("too many bytes", b'{"service": "' + _MARK * 20_000 + b'"}'),
]
"""Bodies that no route accepts, whatever it expects; by name."""

STRANGE_BODIES: list[tuple[str, bytes]] = [
    ("null", b"null"),
    ("true", b"true"),
    ("number", b"7"),
    ("text", b'"' + _MARK + b'"'),
    ("array", b'["' + _MARK + b'"]'),
    ("empty array", b"[]"),
    ("unknown member", b'{"' + _MARK + b'": "' + _MARK + b'"}'),
    ("prototype", b'{"__proto__": {"service": "A"}, "constructor": "' + _MARK + b'"}'),
    ("class", b'{"__class__": "' + _MARK + b'", "__init__": null}'),
    ("text for everything", b'{"service": {"$ne": null}, "class": ["' + _MARK + b'"], "legs": "' + _MARK + b'"}'),
    ("long text", b'{"service": "' + _MARK * 4_000 + b'"}'),
    ("SQL", b'{"service": "\'; DROP TABLE entry; --", "reason": "' + _MARK + b"' OR 1=1 --\"}"),
    ("markup", b'{"service": "<script>alert(1)</script>", "reason": "<img src=x onerror=alert(1)>"}'),
    ("template", b'{"service": "{0.__class__}", "reason": "${jndi:ldap://' + _MARK + b'}"}'),
    ("right to left", '{"service": "\u202e\u2066\u200f", "reason": "\ufeff\u200b"}'.encode()),
    ("not characters", '{"service": "\uffff\ufdd0", "reason": "\U0010ffff"}'.encode()),
    ("combining", ('{"service": "Z' + "\u0361" * 5_000 + '"}').encode()),
    ("control", b'{"service": "\\u0007\\u001b[31m", "reason": "\\r\\nSet-Cookie: a=b"}'),
    ("largest integer", b'{"service": 9223372036854775807, "window": -9223372036854775808}'),
    ("largest float", b'{"service": 9.2e18, "window": 5e-324, "n": -0.0}'),
    ("deepest allowed", b'{"legs":' + b"[" * (NESTED_MAX - 1) + b"]" * (NESTED_MAX - 1) + b"}"),
    ("many members", b"{" + b",".join(b'"m%d":%d' % (n, n) for n in range(3_000)) + b"}"),
    ("long array", b'{"legs": [' + b"1," * 30_000 + b"1]}"),
    ("empty names", b'{"": {"": [{"": ""}]}}'),
]
"""Bodies that are JSON; a route refuses them, or takes them where it expects no body: never a 5xx."""

HOSTILE_PATH_PARTS: list[tuple[str, str]] = [
    ("NUL", f"{MARK}%00"),
    ("newline", f"{MARK}%0d%0aSet-Cookie:a=b"),
    ("escape character", "%1b%5b31m"),
    ("delete", "%7f"),
    ("encoded surrogate", "%ed%a0%80"),
    ("overlong slash", "%c0%af"),
    ("overlong NUL", "%c0%80"),
    ("Latin-1", "%e9"),
    ("beyond Unicode", "%f4%90%80%80"),
    ("bare percent", f"{MARK}%"),
    ("half an escape", f"{MARK}%4"),
    ("wrong escape", "%zz"),
    ("%u escape", "%u0041"),
    ("too long", MARK * 1_000),
]
"""Pieces of a path or a query that no route accepts, already percent-encoded; by name."""

STRANGE_PATH_PARTS: list[tuple[str, str]] = [
    ("parent", "..%2f..%2f..%2fetc%2fpasswd"),
    ("backslashes", "..%5c..%5cboot.ini"),
    ("escaped twice", "%252e%252e%252f%2500"),
    ("markup", f"%3Cscript%3E{MARK}%3C%2Fscript%3E"),
    ("SQL", f"'%20OR%201=1%20--%20{MARK}"),
    ("number of 400 digits", "9" * 400),
    ("number of 3000 digits", "9" * 3_000),
    ("beyond 64 bits", "18446744073709551616"),
    ("negative", "-1"),
    ("float", "1e3"),
    ("not a number", "nan"),
    ("full width digits", "%ef%bc%91"),
    ("right to left", "%e2%80%ae"),
    ("not a character", "%ef%bf%bf"),
    ("template", "%7Btoken%7D"),
    ("wildcards", "*%25_%3F"),
    ("space", "%20"),
    ("Chinese", "%e4%b8%9a%e5%8a%a1"),
    ("long", MARK * 100),
]
"""Pieces that decode; a route answers with a 4xx, or ignores them in a query: never a 5xx."""

HOSTILE_HEADERS: list[tuple[str, list[tuple[str, bytes]]]] = [
    ("languages", [("Accept-Language", b"\xff\xfe;q=\xff, " + b"zh," * 1_000)]),
    ("language quality", [("Accept-Language", b"en;q=1e999, zh;q=nan, fr;q=-1, ;;;===")]),
    ("accepts nothing", [("Accept", b"image/png;q=0"), ("Accept-Encoding", b"*;q=0"), ("Accept-Charset", _MARK)]),
    ("bearer of nothing", [("Authorization", b"Bearer")]),
    ("bearer of spaces", [("Authorization", b"Bearer    ")]),
    ("bearer of bytes", [("Authorization", b"Bearer \xff\xfe\x80")]),
    ("long bearer", [("Authorization", b"Bearer " + _MARK * 500)]),
    ("basic", [("Authorization", b"Basic OmE=")]),
    ("unknown scheme", [("Authorization", b"Negotiate " + _MARK)]),
    ("cookies", [("Cookie", b"session=; session=\xff; =; ;;; " + _MARK + b"=1")]),
    ("many cookies", [("Cookie", b"; ".join(b"c%d=%d" % (n, n) for n in range(500)))]),
    ("key of bytes", [("Idempotency-Key", b"\xff\xfe\x80")]),
    ("empty key", [("Idempotency-Key", b"")]),
    ("long key", [("Idempotency-Key", _MARK * 500)]),
    ("quoted key", [("Idempotency-Key", b"'; DROP TABLE entry; -- " + _MARK)]),
    ("two keys", [("Idempotency-Key", b"a"), ("Idempotency-Key", b"b")]),
    ("foreign origin", [("Origin", b"https://" + _MARK + b".example"), ("Sec-Fetch-Site", b"cross-site")]),
    ("broken origin", [("Origin", b"http://[::"), ("Referer", b"\xff")]),
    ("null origin", [("Origin", b"null")]),
    ("forwarded", [("X-Forwarded-For", b"\xff, 1.2.3.4:x, [::"), ("X-Forwarded-Proto", b"gopher")]),
    ("method override", [("X-HTTP-Method-Override", b"DELETE"), ("X-Original-URL", b"/metrics")]),
    ("ranges", [("Range", b"bytes=0-0," * 500 + b"0-0"), ("If-Range", b"\xff")]),
    ("conditions", [("If-Modified-Since", b"\xff"), ("If-None-Match", b'"' * 500)]),
    ("content type of bytes", [("Content-Type", b"\xff/\xff; charset=\xff")]),
    ("other charset", [("Content-Type", b"application/json; charset=utf-7")]),
    ("encoded body", [("Content-Encoding", b"gzip, br, " + _MARK)]),
    ("many headers", [(f"X-{n}", _MARK) for n in range(150)]),
]
"""Headers, by name; with them a route answers as without, or with a 4xx: never a 5xx."""
