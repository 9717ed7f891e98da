# ruff: noqa: RUF001 (digits that look alike are the point)
"""XML that nobody should send: documents of no use, and reports that come closer to something."""

from collections.abc import Iterator

D, C = 'xmlns:d="DAV:"', 'xmlns:c="urn:ietf:params:xml:ns:caldav"'


def propfind(inner: str) -> str:
    return f"<d:propfind {D} {C}>{inner}</d:propfind>"


def update(inner: str) -> str:
    return f"<d:propertyupdate {D} {C}><d:set><d:prop>{inner}</d:prop></d:set></d:propertyupdate>"


def making(name: str, inner: str) -> str:
    return f"<{name} {D} {C}><d:set><d:prop>{inner}</d:prop></d:set></{name}>"


def components(inner: str) -> str:
    return f"<c:supported-calendar-component-set>{inner}</c:supported-calendar-component-set>"


def expansion(inner: str) -> str:
    return f"<d:expand-property {D}>{inner}</d:expand-property>"


def nested(name: str, depth: int) -> str:
    return f"<{name}>" * depth + f"</{name}>" * depth


LAUGHS = "".join(f'<!ENTITY l{n} "{ten}">' for n in range(1, 10) for ten in [f"&l{n - 1};" * 10])
LONG = "x" * 5000
OWNER = '<d:property name="owner">'
MANY_ATTRIBUTES = " ".join(f'a{n}="1"' for n in range(10_000))
MANY_NAMESPACES = " ".join(f'xmlns:a{n}="x:{n}"' for n in range(10_000))
PLAIN = propfind("<d:prop><d:displayname/></d:prop>")
# Whatever the method wants, these are XML of no use.
DOCUMENTS: dict[str, str | bytes] = {
    "nothing": "",
    "white space": " \r\n\t",
    "JSON": '{"prop": []}',
    "half an element": "<d:propfind",
    "no namespace": "<propfind><prop/></propfind>",
    "unbound prefix": "<d:propfind><d:prop/></d:propfind>",
    "billion laughs": f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]><d:propfind {D}>&l9;</d:propfind>',
    "external entity": f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d:propfind {D}>&x;</d:propfind>',
    "parameter entity": f'<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:9/">%x;]><d:propfind {D}/>',
    "document type": f'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd"><d:propfind {D}/>',
    "unknown entity": f"<d:propfind {D}>&nothing;</d:propfind>",
    "10,000 deep": nested("a", 10_000),
    "100,000 deep": nested("a", 100_000),
    "100,000 wide": f"<d:propfind {D}><d:prop>{'<a/>' * 100_000}</d:prop></d:propfind>",
    "33 deep": propfind(nested("a", 33)),
    "huge attribute": f'<d:propfind {D} x="{"x" * 900_000}"/>',
    "huge text": propfind("x" * 900_000),
    "huge name": propfind(f"<d:prop><d:{'x' * 100_000}/></d:prop>"),
    "10,000 attributes": f"<d:propfind {D} {MANY_ATTRIBUTES}/>",
    "10,000 namespaces": f"<d:propfind {D} {MANY_NAMESPACES}/>",
    "UTF-16": f'<?xml version="1.0" encoding="utf-16"?>{PLAIN}'.encode("utf-16"),
    "UTF-16 without a declaration": PLAIN.encode("utf-16-le"),
    "UTF-32": PLAIN.encode("utf-32"),
    "wrong declaration": f'<?xml version="1.0" encoding="utf-16"?>{PLAIN}',
    "unknown encoding": f'<?xml version="1.0" encoding="x-nothing"?>{PLAIN}',
    "encoding that isn't of text": f'<?xml version="1.0" encoding="base64"?>{PLAIN}',
    "latin-1": f'<?xml version="1.0" encoding="latin-1"?>{propfind("<d:prop>ü</d:prop>")}'.encode("latin-1"),
    "latin-1 undeclared": propfind("<d:prop>ü</d:prop>").encode("latin-1"),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "null characters": PLAIN.replace("displayname", "display\0name"),
    "character of null": propfind("&#0;"),
    "half of a surrogate pair": propfind("&#xD800;"),
    "surrogate as bytes": b"<a>\xed\xa0\x80</a>",
    "instruction and comment": f"<?php x?><!-- -->{PLAIN}<!-- -->",
    "CDATA": propfind("<![CDATA[<d:prop>]]>"),
    "two roots": PLAIN + PLAIN,
    "XML 1.1": f'<?xml version="1.1"?>{PLAIN}',
    "names of properties": propfind('<d:prop><x:a xmlns:x="&quot;&gt;&lt;b"/><x:y xmlns:x=\'"\'/></d:prop>'),
    "propfind of each kind": propfind("<d:propname/><d:allprop/><d:prop/><d:include/>"),
    "update of nothing": f"<d:propertyupdate {D}/>",
    "update of strange names": update(
        '<x:a xmlns:x="">1</x:a>' if False else '<x:a xmlns:x="urn:&lt;">1</x:a><b>2</b>'
    ),
    "update of a large property": update(f"<b>{'x' * 200_000}</b>"),
    "update of the name": update(f"<d:displayname>{'x' * 200_000}</d:displayname>"),
    "update of the name to control": update("<d:displayname>\u200b&#x85;\u202e</d:displayname>"),
    "update of what is fixed": update("<d:getetag>x</d:getetag><d:owner/><d:displayname>y</d:displayname>"),
    "update of a time zone": update("<c:calendar-timezone>BEGIN:NOTHING</c:calendar-timezone>"),
    "update of a color": update('<a:calendar-color xmlns:a="http://apple.com/ns/ical/">red;</a:calendar-color>'),
    "update of components": update(components('<c:comp name="VBREW"/><c:comp/>')),
    "calendar of the wrong kind": making("c:mkcalendar", "<d:resourcetype><d:x/></d:resourcetype>"),
    "calendar of components": making("c:mkcalendar", components(f'<c:comp/><c:comp name="{LONG}"/>')),
    "collection without a type": making("d:mkcol", "<d:displayname> </d:displayname>"),
    "report that is unknown": f"<d:principal-search {D}/>",
    "expansion in circles": expansion(f"{OWNER}{OWNER}{OWNER}</d:property></d:property></d:property>"),
    "expansion of strange names": expansion('<d:property/><d:property name="&lt;a&gt; b" namespace="&quot;"/>'),
    "10 MB": "x" * 10_000_000,
}


def query(filters: str, prop: str = "<d:getetag/><c:calendar-data/>") -> str:
    wanted = f'<c:filter><c:comp-filter name="VCALENDAR">{filters}</c:comp-filter></c:filter>'
    return f"<c:calendar-query {D} {C}><d:prop>{prop}</d:prop>{wanted}</c:calendar-query>"


def in_todo(inner: str) -> str:
    return query(f'<c:comp-filter name="VTODO">{inner}</c:comp-filter>')


def sync(token: str, inner: str = "<d:sync-level>1</d:sync-level>") -> str:
    prop = "<d:prop><d:getetag/></d:prop>"
    return f"<d:sync-collection {D}><d:sync-token>{token}</d:sync-token>{inner}{prop}</d:sync-collection>"


def limited(number: str) -> str:
    return sync("", f"<d:sync-level>1</d:sync-level><d:limit><d:nresults>{number}</d:nresults></d:limit>")


def multiget(hrefs: list[str]) -> str:
    found = "".join(f"<d:href>{href}</d:href>" for href in hrefs)
    return f"<c:calendar-multiget {D} {C}><d:prop><c:calendar-data/></d:prop>{found}</c:calendar-multiget>"


RANGES = {
    "reversed": 'start="20270201T000000Z" end="20270101T000000Z"',
    "of garbage": 'start="yesterday" end=""',
    "of nothing": "",
    "of no date": 'start="20270231T000000Z"',
    "of all time": 'start="00010101T000000Z" end="99991231T235959Z"',
    "of the last second": 'start="99991231T235959Z"',
    "until year 1": 'end="00010101T000000Z"',
    "without a zone": 'start="20270101T000000"',
    "of digits": 'start="٢٠٢٧٠١٠١T٠٠٠٠٠٠Z"',
}
MATCH = '<c:text-match collation="{}">x</c:text-match>'
HREFS = [
    "",
    "/",
    "//",
    "x",
    "/dav/",
    "/dav/x/y/z",
    "/dav/%",
    "/dav/a%00/b/c",
    "http://[",
    "http://other.example/dav/a/b/c",
]
HREFS += ["/dav/{owner}/work/%00", "/dav/{owner}/work/one.ics", "/dav/{owner}/inbox/one.ics", "/dav/{owner}/../../etc"]
HREFS += [
    "http://other.example/dav/{owner}/work/one.ics",
    "/dav/{owner}/work/%ff%fe",
    "javascript:x",
    "/dav/{owner}/work/" + "x" * 5000,
]


def reports(owner: str, tokens: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Bodies of REPORT. `tokens`: sync tokens by what is wrong with them."""
    for name, token in tokens.items():
        yield f"sync token {name}", sync(token)
    for number in ("0", "-1", str(10**12), "", "x", "1.5", "²", "1" * 5000):
        yield f"nresults {number[:14]}", limited(number)
    yield "sync of no level", sync("", "")
    yield "sync of a level", sync("", "<d:sync-level>many</d:sync-level>")
    hrefs = [href.replace("{owner}", owner) for href in HREFS]
    yield "multiget of strange addresses", multiget(hrefs)
    yield "multiget of nothing", multiget([])
    yield "multiget of 10,000", multiget([f"/dav/{owner}/work/{n}.ics" for n in range(10_000)])
    yield "multiget of the same", multiget([f"/dav/{owner}/work/one.ics"] * 4_000)
    for name, span in RANGES.items():
        time_range = f"<c:time-range {span}/>"
        yield f"time-range {name}", in_todo(time_range)
        yield f"time-range {name} of an alarm", in_todo(f'<c:comp-filter name="VALARM">{time_range}</c:comp-filter>')
        yield f"time-range {name} of a property", in_todo(f'<c:prop-filter name="DUE">{time_range}</c:prop-filter>')
    for collation in ("i;nothing", "", "i;octet", "default", "x" * 5000):
        yield (
            f"collation {collation[:10]}",
            in_todo(f'<c:prop-filter name="SUMMARY">{MATCH.format(collation)}</c:prop-filter>'),
        )
    for kind in ("VTODO", "VEVENT", "VALARM", "VBREW", "", "vtodo"):
        for inner in ("<c:is-not-defined/>", '<c:prop-filter name="X"><c:is-not-defined/></c:prop-filter>'):
            yield f"not defined {kind} {inner[:10]}", query(f'<c:comp-filter name="{kind}">{inner}</c:comp-filter>')
    deep = '<c:comp-filter name="VALARM">' * 100 + "</c:comp-filter>" * 100
    yield "filters 100 deep", in_todo(deep)
    yield "filters 20 deep", in_todo(deep[: 29 * 20] + "</c:comp-filter>" * 20)
    yield "filters without names", query("<c:comp-filter><c:prop-filter/><c:comp-filter/></c:comp-filter>")
    yield "filter of nothing", f"<c:calendar-query {D} {C}><c:filter/></c:calendar-query>"
    yield "no filter", f"<c:calendar-query {D} {C}/>"
    yield "10,000 filters", in_todo('<c:prop-filter name="X"><c:is-not-defined/></c:prop-filter>' * 10_000)
    yield (
        "filter of a status",
        in_todo('<c:prop-filter name="STATUS"><c:text-match negate-condition="yes"/></c:prop-filter>'),
    )
    yield (
        "filter of parameters",
        in_todo('<c:prop-filter name="SUMMARY"><c:param-filter/><c:param-filter name="X"/></c:prop-filter>'),
    )
