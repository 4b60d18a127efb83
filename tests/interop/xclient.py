"""XCLIENT as swaks speaks it: offered to named peers alone, and what it says counts for access, trace and log."""

import pathlib
import tempfile

from _support import agent, expect, listening_ports, run, Dialogue

ATTRIBUTES = b"XCLIENT NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT\r\n"
LISTENERS = """[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
xclient = ["127.0.0.1/32"]
relay_from = ["192.0.2.0/24"]
[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
xclient = ["192.0.2.0/24"]
[[route]]
domains = ["*"]
deliver = "maildir:{folder}/relayed/{{local}}"
"""


def swaks(port, to, *more, status=0):
    return run("swaks", "--server", f"127.0.0.1:{port}", "--from", "alice@example.net", "--to", to, "--helo",
               "gateway.example", "--body", "hello", *more, status=status)


def one_message(folder):
    files = list((folder / "new").glob("*"))
    assert len(files) == 1, f"{len(files)} messages in {folder}"
    return files[0].read_bytes()


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-xclient-") as folder:
        more = LISTENERS.format(folder=folder)
        with agent(more) as running:
            gateway, stranger = listening_ports(running.log, running.process, 4)[2:]
            relayed = pathlib.Path(folder) / "relayed"
            # Everything that swaks can say, in one command; the address may relay.
            swaks(gateway, "one@elsewhere.example", "--xclient-addr", "192.0.2.7", "--xclient-name", "spike.example",
                  "--xclient-port", "4711", "--xclient-helo", "client.example", "--xclient-proto", "SMTP",
                  "--xclient-destaddr", "192.0.2.25", "--xclient-destport", "25", "--xclient-reverse-name",
                  "spike.example")
            message = one_message(relayed / "one")
            assert b"from client.example (spike.example [192.0.2.7])" in message, message
            assert b" with SMTP id " in message, message
            # In several commands, without EHLO between them, and IPv6.
            done = swaks(gateway, "two@elsewhere.example", "--xclient-helo", "client.example", "--xclient-delim",
                         "--xclient-addr", "IPV6:2001:db8::7", status=24)
            assert b"550 5.7.1 We do not relay" in done.stdout, done.stdout
            # A login at the gateway is one here.
            swaks(gateway, "three@elsewhere.example", "--xclient-addr", "IPV6:2001:db8::7", "--xclient-login", "fred")
            message = one_message(relayed / "three")
            assert b"([IPv6:2001:db8::7])" in message and b" with ESMTPA id " in message, message
            # What makes no sense.
            done = swaks(gateway, "four@elsewhere.example", "--xclient", "ADDR=spike.example", status=33)
            assert b"501 5.5.4 Bad ADDR value" in done.stdout, done.stdout
            # Others are not offered it, and are refused when they try all the same.
            done = swaks(stranger, "five@example.net", "--xclient-addr", "192.0.2.7", status=33)
            assert b"XCLIENT" not in done.stdout.split(b"***")[0], done.stdout
            client = Dialogue(stranger)
            expect(client.reply(), b"220 ")
            assert ATTRIBUTES not in client.say(b"EHLO client.example")
            expect(client.say(b"XCLIENT ADDR=192.0.2.7"), b"550 5.7.0 ")
            client = Dialogue(gateway)
            expect(client.reply(), b"220 ")
            assert client.say(b"EHLO client.example").endswith(b"250 " + ATTRIBUTES)
            expect(client.say(b"XCLIENT ADDR=192.0.2.8 PORT=99"), b"220 mx.example.org ESMTP\r\n")
            log = running.log.read_text()
            assert "client of a gateway" in log and "peer=192.0.2.8:99" in log, log
    print("swaks speaks for others from a gateway, and from nowhere else")


if __name__ == "__main__":
    main()
