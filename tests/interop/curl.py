"""curl uploads messages: several recipients, and one of some megabytes that arrives octet for octet."""

import pathlib
import random

from _support import agent, run, split_trace


def main():
    letters = random.Random(7)
    lines = [bytes(letters.choices(b"abcdefgh .", k=letters.randint(0, 76))) for _ in range(60000)]
    big = b"Subject: big\r\n\r\n" + b"".join(line + b"\r\n" for line in lines)
    with agent() as postrider:
        file = pathlib.Path(postrider.folder, "message")
        file.write_bytes(big)
        run("curl", "--silent", "--show-error", f"smtp://127.0.0.1:{postrider.mx}/client.example.org", "--mail-from",
            "a@example.org", "--mail-rcpt", "bob@example.net", "--mail-rcpt", "carol@example.net", "--upload-file", file)
        for local in ("bob", "carol"):
            assert split_trace(postrider.message(local))[2] == big
        file.write_bytes(b"")
        run("curl", "--silent", "--show-error", f"smtp://127.0.0.1:{postrider.mx}/client.example.org", "--mail-from",
            "", "--mail-rcpt", "empty@example.net", "--upload-file", file)
        assert split_trace(postrider.message("empty"))[0] == b"Return-Path: <>"


main()
