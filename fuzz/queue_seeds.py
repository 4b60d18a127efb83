"""Seeds for the records of the queue: messages as spools keep them, and records that are none.

Kept beside make_seeds.py, which writes them.
"""


def crc32c(octets):
    rest = 0xFFFFFFFF
    for octet in octets:
        rest ^= octet
        for _ in range(8):
            rest = rest >> 1 ^ (0x82F63B78 if rest & 1 else 0)
    return rest ^ 0xFFFFFFFF


def summed(octets):
    return octets + crc32c(octets).to_bytes(4, "little")


def number(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def time(milliseconds):
    return number(2 * milliseconds if milliseconds >= 0 else -2 * milliseconds - 1)


def text(value):
    return number(len(value)) + value


def recipient(name=b"", attempts=0, due=0, reply=b"", host=b""):
    command = b"RCPT TO:<" + name + b"@example.org>" if name else b""
    return text(command) + text(b"") + text(b"mx:example.org") + number(attempts) + time(due) + number(0) + text(reply) + text(host)


def message(*recipients, version=1, identity=0x0123456789ABCDEF, priority=0, flags=0, content=b"\x00\x40\x00", count=None):
    head = bytes([version]) + number(identity) + text(b"MAIL FROM:<alice@example.com> BODY=8BITMIME")
    head += time(1_700_000_000_123) + time(2**63 - 1) + number(priority) + number(flags) + text(b"alice") + content
    return head + number(len(recipients) if count is None else count) + b"".join(recipients)


def all_seeds():
    one = message(recipient(b"bob"))
    several = message(recipient(b"bob", 3, 1_700_000_900_000, b"450 4.2.1 later", b"mx.example.org[192.0.2.1]"), recipient(b"carol"))
    seeds = {
        "one": summed(one),
        "several": summed(several),
        "no-recipient": summed(message()),
        "held-report": summed(message(recipient(b"bob"), priority=17, flags=3, content=number(5000) + b"\xff\x01" + number(65535))),
        "no-checksum": one,
        "cut": summed(several[:-20]),
        "behind": summed(one + b"\0"),
        "other-version": summed(message(recipient(b"bob"), version=2)),
        "many-recipients": summed(message(count=2**63)),
        "before-1970": summed(message(recipient(b"bob", due=-1))),
        "long-number": summed(message(identity=0)[:1] + b"\x80\x00" + message(identity=0)[2:]),
        "empty": b"",
    }
    return [("queue_record", name, octets) for name, octets in seeds.items()]
