"""swaks hands a message over by SMTP and by LMTP; it lies in the Maildir octet for octet."""

from _support import agent, run, split_trace

MESSAGE = (b"From: <a@example.org>\r\nTo: <bob@example.net>\r\nSubject: dots and \xc3\xa9\r\n\r\n"
           b".\r\n..\r\n.leading dot\r\n\r\nend without more\r\n")
BODY = MESSAGE[:-2]  # swaks ends the last line itself


def swaks(agent_, *more, status=0, to="bob@example.net"):
    return run("swaks", "--server", "127.0.0.1", "--port", agent_.mx, "--helo", "client.example.org", "--from",
               "a@example.org", "--to", to, "--data", "-", *more, stdin=BODY, status=status)


def main():
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
