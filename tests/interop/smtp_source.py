"""Postfix's smtp-source: 2,000 messages on 20 sessions, every one of them delivered, and one connection per message."""

from _support import agent, run


def main():
    with agent() as postrider:
        source = ["/usr/sbin/smtp-source", "-f", "a@example.org", "-M", "client.example.org", "-l", "1024"]
        run(*source, "-s", 20, "-m", 2000, "-d", "-t", "bob@example.net", f"127.0.0.1:{postrider.mx}")
        run(*source, "-s", 10, "-m", 200, "-t", "carol@example.net", f"127.0.0.1:{postrider.mx}")
        run(*source, "-s", 5, "-m", 100, "-L", "-t", "dave@example.net", f"127.0.0.1:{postrider.lmtp}")
        for local, count in (("bob", 2000), ("carol", 200), ("dave", 100)):
            delivered = postrider.messages(local)
            assert len(delivered) == count, f"{len(delivered)} of {count} for {local}"
            assert all(m.startswith(b"Return-Path: <a@example.org>") and m.endswith(b"\n") for m in delivered)


main()
