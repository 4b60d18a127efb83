"""Seeds for the TLS engines: a ClientHello of each version, what a server may answer, and edits of true handshakes.

Kept beside make_seeds.py, which writes them.
"""


def u16(value):
    return value.to_bytes(2, "big")


def vector(octets, width):
    return len(octets).to_bytes(width, "big") + octets


def extension(kind, octets):
    return u16(kind) + vector(octets, 2)


def record(kind, octets, version=0x0303):
    return bytes([kind]) + u16(version) + vector(octets, 2)


def handshake(kind, octets):
    return bytes([kind]) + vector(octets, 3)


RANDOM = bytes(range(32))
# A point of X25519 is any 32 octets.
SHARE = bytes(range(100, 132))
SNI = extension(0, vector(b"\0" + vector(b"mx.example", 2), 2))
GROUPS = extension(10, vector(u16(29) + u16(23), 2))
SIGNATURES = extension(13, vector(u16(0x0403) + u16(0x0804) + u16(0x0401), 2))
ALPN = extension(16, vector(vector(b"smtp", 1), 2))
EMS = extension(23, b"")
SUITES13 = u16(0x1303) + u16(0x1301)
SUITES12 = u16(0xCCA9) + u16(0xC02B)


def client_hello(suites, extensions, session=b"", version=0x0303):
    return handshake(1, u16(version) + RANDOM + vector(session, 1) + vector(suites, 2) + b"\1\0" + vector(extensions, 2))


def server_hello(suite, extensions, session=b""):
    return handshake(2, u16(0x0303) + RANDOM + vector(session, 1) + u16(suite) + b"\0" + vector(extensions, 2))


COMMON = SNI + GROUPS + SIGNATURES + ALPN
TLS13 = COMMON + extension(43, vector(u16(0x0304), 1)) + extension(51, vector(u16(29) + vector(SHARE, 2), 2))
TLS12 = COMMON + EMS + extension(11, b"\1\0") + extension(35, b"")

HELLO13 = client_hello(SUITES13, TLS13, session=bytes(32))
HELLO12 = client_hello(SUITES12, TLS12)
FATAL = [record(21, bytes([2, alert])) for alert in (40, 48, 70)]

SERVER_ENGINE = {
    "hello-tls13": record(22, HELLO13, 0x0301),
    "hello-tls12": record(22, HELLO12, 0x0301),
    "hello-in-two-records": record(22, HELLO13[:50]) + record(22, HELLO13[50:]),
    "hello-without-share": record(22, client_hello(SUITES13, COMMON + extension(43, vector(u16(0x0304), 1)))),
    "hello-tls10": record(22, client_hello(u16(0xC00A), SNI + GROUPS, version=0x0301), 0x0301),
    "hello-old-suites": record(22, client_hello(u16(0x0005) + u16(0x0000) + u16(0xC018), TLS12)),
    "hello-then-alert": record(22, HELLO13, 0x0301) + FATAL[1],
    "hello-then-data": record(22, HELLO13, 0x0301) + record(23, b"EHLO client.example\r\n"),
    "hello-psk": record(22, client_hello(SUITES13, TLS13 + extension(45, b"\1\1") + extension(
        41, vector(vector(b"ticket" * 8, 2) + bytes(4), 2) + vector(vector(bytes(32), 1), 2)))),
    "hello-sslv2": b"\x80\x2e\x01\x03\x01" + bytes(43),
    "long-record": b"\x16\x03\x01\xff\xff" + bytes(100),
    "clear-text": b"EHLO client.example\r\n",
    "empty-records": record(22, b"") * 40,
    "close-notify": record(21, b"\1\0"),
}
CLIENT_ENGINE = {
    "hello-tls13": record(22, server_hello(0x1303, extension(43, u16(0x0304)) + extension(51, u16(29) + vector(SHARE, 2)))),
    "hello-retry": record(22, handshake(2, u16(0x0303) + bytes.fromhex(
        "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c") + b"\0" + u16(0x1303) + b"\0" + vector(
            extension(43, u16(0x0304)) + extension(51, u16(23)), 2))),
    "hello-tls12": record(22, server_hello(0xCCA9, EMS + extension(11, b"\1\0"))) + record(22, handshake(14, b"")),
    "hello-tls12-certificate": record(22, server_hello(0xC02B, EMS) + handshake(11, vector(vector(b"\x30\x03\x02\x01\x01", 3), 3))),
    "hello-tls11": record(22, handshake(2, u16(0x0302) + RANDOM + b"\0" + u16(0xC00A) + b"\0"), 0x0302),
    "alert": FATAL[0],
    "alert-unknown-ca": FATAL[1],
    "clear-text": b"220 mx.example ESMTP\r\n",
    "close-notify": record(21, b"\1\0"),
}
# Position (two octets) and what to mix in.
EDITS = {
    "plain": b"",
    "first-flight": bytes([0, 60, 1, 0, 0, 0, 0, 0, 0]),
    "length": bytes([0, 4, 1]),
    "type": bytes([0, 0, 1]),
    "later": bytes(30) + bytes([0, 20, 0x80]),
    "last": bytes(60) + bytes([0, 8, 4]) * 4,
}


def all_seeds():
    """(target, name, octets) of each."""
    for name, octets in SERVER_ENGINE.items():
        yield "tls_server_engine", name, b"0\n" + octets
    for name, octets in CLIENT_ENGINE.items():
        yield "tls_client_engine", name, b"0\n" + octets
        yield "tls_client_engine", name + "-opportunistic", b"02\n" + octets
    for name, octets in EDITS.items():
        yield "tls_server_engine", "edit-" + name, b"1\n" + octets
        yield "tls_client_engine", "edit-" + name, b"1\n" + octets
