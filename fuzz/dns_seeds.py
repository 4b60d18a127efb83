"""Seeds for DNS messages: answers as servers send them, and the shapes that break readers.

Kept beside make_seeds.py, which writes them.
"""

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT, RRSIG, TLSA = 1, 2, 5, 6, 12, 15, 16, 28, 41, 46, 52
QUESTION = b"\xc0\x0c"  # a pointer to the name of the question, which stands behind the header


def u16(value):
    return value.to_bytes(2, "big")


def u32(value):
    return value.to_bytes(4, "big")


def name(text, end=b"\0"):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + end


def record(owner, kind, data, ttl=300, record_class=1):
    return owner + u16(kind) + u16(record_class) + u32(ttl) + u16(len(data)) + data


def soa(owner, ttl=3600, minimum=60):
    return record(owner, SOA, name("ns", QUESTION) + name("hostmaster", QUESTION) + b"".join(map(u32, (1, 2, 3, 4, minimum))), ttl)


def message(asked, kind, answers=(), authorities=(), additional=(), flags=0x8180, counts=None):
    counts = counts or (1, len(answers), len(authorities), len(additional))
    return (u16(0x1234) + u16(flags) + b"".join(map(u16, counts)) + name(asked) + u16(kind) + u16(1) +
            b"".join(answers) + b"".join(authorities) + b"".join(additional))


EDNS = b"\0" + u16(OPT) + u16(1232) + u32(0x8000) + u16(0)
SIGNATURE = u16(MX) + bytes([13, 2]) + u32(300) + u32(1800000000) + u32(1700000000) + u16(4711) + name("example.org") + bytes(range(64))
ADDRESS = bytes([192, 0, 2, 25])
LONG = ".".join(["a" * 63] * 3)

DNS_MESSAGE = {
    "query": message("example.org", MX, additional=[EDNS], flags=0x0120),
    "mx": message("example.org", MX, [record(QUESTION, MX, u16(10) + name("mx1", QUESTION)), record(QUESTION, MX, u16(20) + name("mx2", QUESTION))],
                  additional=[record(b"\xc0\x2b", A, ADDRESS), EDNS]),
    "mx-null": message("example.org", MX, [record(QUESTION, MX, u16(0) + b"\0")]),
    "mx-many": message("a.b", MX, [record(QUESTION, MX, u16(number) + name("m%d" % number, QUESTION)) for number in range(60)]),
    "mx-signed": message("example.org", MX, [record(QUESTION, MX, u16(10) + name("mx", QUESTION)), record(QUESTION, RRSIG, SIGNATURE)], flags=0x81a0),
    "address": message("mx.example.org", A, [record(QUESTION, A, ADDRESS), record(QUESTION, A, ADDRESS, 10)]),
    "address-ipv6": message("mx.example.org", AAAA, [record(QUESTION, AAAA, bytes(15) + b"\1")]),
    "tlsa": message("_25._tcp.mx.example.org", TLSA, [record(QUESTION, TLSA, bytes([3, 1, 1]) + bytes(range(32)))]),
    "txt": message("example.org", TXT, [record(QUESTION, TXT, b"\x06v=spf1\x05 -all"), record(QUESTION, TXT, b"\0")]),
    "alias": message("www.example.org", A, [record(QUESTION, CNAME, name("b.example.org")), record(name("b.example.org"), A, ADDRESS, 20)]),
    "alias-away": message("www.example.org", A, [record(QUESTION, CNAME, name("c.example.net"))], [soa(name("example.org"))]),
    "alias-circle": message("a", A, [record(QUESTION, CNAME, name("b")), record(name("b"), CNAME, QUESTION)]),
    "alias-chain": message("a0", A, [record(name("a%d" % i), CNAME, name("a%d" % (i + 1))) for i in range(10)]),
    "alias-wanted": message("a", CNAME, [record(QUESTION, CNAME, name("b"))]),
    "no-data": message("example.org", MX, authorities=[soa(QUESTION)]),
    "no-name": message("nothing.example.org", MX, authorities=[soa(name("example.org"))], flags=0x8183),
    "referral": message("example.org", MX, authorities=[record(name("org"), NS, name("a.ns"))], flags=0x8100),
    "refused": message("example.org", MX, flags=0x8185), "truncated": message("example.org", MX, flags=0x8380),
    "bad-version": message("example.org", MX, additional=[b"\0" + u16(OPT) + u16(512) + u32(0x01000000) + u16(0)]),
    "pointer-to-itself": message("a", A, [record(b"\xc0\x13", A, ADDRESS)]), "pointer-forward": message("a", A, [record(b"\xc0\x40", A, ADDRESS)]),
    "pointer-to-header": message("a", A, [record(b"\xc0\x00", A, ADDRESS)]), "pointers": message("a", A, [record(b"\0", 99, QUESTION + b"\xc0\x1e\xc0\x20"), record(b"\xc0\x22", A, ADDRESS)]),
    "name-255": message(LONG, A, [record(name("b" * 61, QUESTION), A, ADDRESS)]), "name-256": message(LONG, A, [record(name("b" * 62, QUESTION), A, ADDRESS)]),
    "labels-127": message("a." * 126, A, [record(b"\1b" + QUESTION, A, ADDRESS)]), "label-kind": message("a", A, [record(b"\x41\0", A, ADDRESS)]),
    "counts": message("a", A, counts=(1, 65535, 65535, 65535)), "counts-too-many": message("a", A, counts=(1, 4096, 1, 0)), "counts-cut": message("a", A, counts=(1, 5, 0, 0)),
    "two-questions": message("a", A, [name("b") + u16(A) + u16(1)], counts=(2, 0, 0, 0)),
    "other-class": message("a", TXT, [record(QUESTION, TXT, b"\1x", record_class=3)]), "ttl-highest-bit": message("a", A, [record(QUESTION, A, ADDRESS, 0x80000001)]),
    "unknown-type": message("a", 999, [record(QUESTION, 999, QUESTION)]), "behind": message("a", A) + b"\0",
    "data-short": message("a", MX, [record(QUESTION, MX, b"\0")]), "data-long": message("a", CNAME, [record(QUESTION, CNAME, QUESTION + b"x")]),
    "soa-cut": message("a", SOA, [record(QUESTION, SOA, QUESTION + QUESTION + bytes(19))]), "signer-compressed": message("a", RRSIG, [record(QUESTION, RRSIG, SIGNATURE[:18] + QUESTION)]),
    "empty": b"", "header": bytes(12), "header-cut": bytes(11),
}


def all_seeds():
    for label, octets in DNS_MESSAGE.items():
        yield "dns_message", label, octets
