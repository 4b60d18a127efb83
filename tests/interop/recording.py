"""Sessions recorded by `serve`, `send` and `load`, without passwords in them, and played again by `replay`."""

import pathlib
import tempfile

from _submission import PASSWORD, Submission
from _support import POSTRIDER, agent, run

STARTTLS = '[[listen]]\naddress = "127.0.0.1:0"\nrole = "mx"\ntls = "starttls"\nrecord = "{folder}/sessions"\n'


def transcripts(folder):
    return [file.read_text() for file in sorted(pathlib.Path(folder).glob("*.transcript"))]


def both_sides(folder):
    with agent(STARTTLS.format(folder=folder)) as running:
        port = running.ports[2]
        one = folder / "one.transcript"
        run(POSTRIDER, "send", "--server", f"127.0.0.1:{port}", "--from", "a@example.org", "--to", "bob@example.net",
            "--subject", "Hi", "--body", "Hello", "--insecure", "--tls", "starttls", "--record", one)
        text = one.read_text()
        for part in ("postrider-transcript 1\n0.", " connected 127.0.0.1:", " S: 220 mx.example.org", " C: STARTTLS\\r\\n",
                     " tls TLSv1.3 TLS_", " C: MAIL FROM:<a@example.org>", "Subject: Hi\\r\\n", "client-closed"):
            assert part in text, (part, text)
        (of_server,) = transcripts(folder / "sessions")
        assert " C: STARTTLS\\r\\n" in of_server and " tls TLSv1.3" in of_server and "server-closed" in of_server, of_server

        # The same again, to the same server and into our own session.
        run(POSTRIDER, "replay", one, f"127.0.0.1:{port}")
        assert len(running.messages("bob")) == 2
        run(POSTRIDER, "replay", one, "--session", "server")
        run(POSTRIDER, "replay", one, "--session", "client")
        # Another server answers otherwise.
        different = run(POSTRIDER, "replay", one, f"127.0.0.1:{running.mx}", status=65)
        assert b"now       5" in different.stdout, different.stdout
        run(POSTRIDER, "replay", one, "127.0.0.1:1", status=69)

        run(POSTRIDER, "load", f"127.0.0.1:{port}", "--messages", "4", "--per-connection", "2", "--record", folder / "load")
        assert len(transcripts(folder / "load")) == 2
        for text in transcripts(folder / "load"):
            assert text.count("C: QUIT") <= 1 and "MAIL FROM:<a@example.org>" in text, text


def without_passwords(folder):
    with Submission(folder, "openssl") as server:
        kept = folder / "login.transcript"
        run(POSTRIDER, "send", "--server", f"127.0.0.1:{server.starttls}", "--user", "fred", "--password-env", "SECRET",
            "--auth", "PLAIN", "--insecure", "--from", "fred@example.org", "--to", "bob@example.net", "--body", "x",
            "--record", kept, environment={"SECRET": PASSWORD})
        text = kept.read_text()
        assert "C: AUTH PLAIN" in text and "****" in text, text
        assert "ZnJlZ" not in text and "b3Blbi" not in text, "the password is in the transcript"


with tempfile.TemporaryDirectory(prefix="postrider-recording-") as name:
    for each in (both_sides, without_passwords):
        place = pathlib.Path(name) / each.__name__
        place.mkdir()
        each(place)
