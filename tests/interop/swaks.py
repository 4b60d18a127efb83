"""swaks hands a message over by SMTP and by LMTP; it lies in the Maildir octet for octet."""

from _support import Dialogue, agent, run, split_trace

MESSAGE = (b"From: <a@example.org>\r\nTo: <bob@example.net>\r\nSubject: dots and \xc3\xa9\r\n\r\n"
           b".\r\n..\r\n.leading dot\r\n\r\nend without more\r\n")
BODY = MESSAGE[:-2]  # swaks ends the last line itself


def swaks(agent_, *more, status=0, to="bob@example.net"):
    return run("swaks", "--server", "127.0.0.1", "--port", agent_.mx, "--helo", "client.example.org", "--from",
               "a@example.org", "--to", to, "--data", "-", *more, stdin=BODY, status=status)


PROXIED = """[[listen]]
address = "127.0.0.1:0"
role = "mx"
tls = "none"
proxy_protocol = ["127.0.0.1/32"]
"""


def behind_a_proxy():
    with agent(PROXIED) as postrider:
        port = postrider.ports[2]
        for version, family in (("1", "TCP4"), ("2", "AF_INET")):
            run("swaks", "--server", "127.0.0.1", "--port", port, "--helo", "client.example.org", "--from",
                "a@example.org", "--to", f"proxied{version}@example.net", "--data", "-", "--proxy-version", version,
                "--proxy-family", family, "--proxy-source", "192.0.2.77",
                "--proxy-source-port", "4711", "--proxy-dest", "198.51.100.1", "--proxy-dest-port", "25", stdin=BODY)
            received = split_trace(postrider.message(f"proxied{version}"))[1]
            assert b"[192.0.2.77]" in received, received
        direct = Dialogue(port)
        direct.send(b"EHLO client.example.org\r\n")
        assert direct.closed()
        assert b"no PROXY header" in postrider.log.read_bytes()


def main():
    behind_a_proxy()
    with agent() as postrider:
        swaks(postrider)
        return_path, received, content = split_trace(postrider.message("bob"))
        assert return_path == b"Return-Path: <a@example.org>", return_path
        assert b"client.example.org" in received and b"mx.example.org" in received and b"with ESMTP" in received
        assert content == MESSAGE, content

        swaks(postrider, "--pipeline", to="carol@example.net")
        assert split_trace(postrider.message("carol"))[2] == MESSAGE

        run("swaks", "--server", "127.0.0.1", "--port", postrider.lmtp, "--protocol", "LMTP", "--helo", "client",
            "--from", "<>", "--to", "dave@example.net,erin@example.net", "--data", "-", stdin=BODY)
        return_path, received, content = split_trace(postrider.message("dave"))
        assert return_path == b"Return-Path: <>" and b"with LMTP" in received and content == MESSAGE
        assert split_trace(postrider.message("erin"))[2] == MESSAGE

        # Who is not ours is refused, and the words of a reject route reach the client. swaks: 24 = RCPT refused.
        refused = swaks(postrider, to="x@elsewhere.example", status=24)
        assert b"<** 550 5.7.1 " in refused.stdout, refused.stdout
        moved = swaks(postrider, to="x@gone.example", status=24)
        assert b"This domain has moved" in moved.stdout, moved.stdout
        swaks(postrider, to="x@void.example")


main()
