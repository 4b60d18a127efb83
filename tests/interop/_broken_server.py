"""A small SMTP server with one fault, chosen by name; for the test of `postrider fuzz`. With the fault "none" it is right,
as far as it goes.

    python3 _broken_server.py FAULT CERTIFICATE KEY     prints its port, and serves until it is killed
"""

import os
import socket
import ssl
import sys
import threading

# What each fault is to be found as, and within how many sessions.
FAULTS = {
    "two-replies": ("wrong-reply", None, 80),  # to NOOP; what follows is one behind
    "no-reply": ("hang", "RFC 5321 4.2", 80),  # to VRFY
    "stays-open": ("hang", "RFC 5321 4.1.1.10", 30),  # behind 221
    "silent-close": ("closed-early", "RFC 5321 3.8", 120),  # at HELP
    "crash": ("crash", "RFC 5321 3.8", 200),  # of a line above 512 octets
    "no-code": ("malformed-reply", "RFC 5321 4.2", 120),  # in the reply to HELP
    "recipient-first": ("out-of-sequence", "RFC 5321 4.1.4", 200),  # RCPT without MAIL
    "nested-mail": ("out-of-sequence", "RFC 5321 4.1.4", 200),
    "reset-refused": ("wrong-reply", "RFC 5321 4.1.1.5", 80),
    "bare-lf": ("bare-line-end", "RFC 5321 2.3.8", 200),
    "lf-dot-lf": ("early-end-of-data", "RFC 5321 4.1.1.4", 250),
    "chunk-as-commands": ("chunk-as-commands", "RFC 3030 2", 120),
    "injection": ("injected-plaintext", "RFC 3207 4.2", 250),
    "tls-twice": ("capability-leak", "RFC 3207 4.2", 120),
    "one-read-one-line": ("cut-matters", "RFC 5321 4.2", 80),
}


class Closed(Exception):
    pass


class Session:
    def __init__(self, fault, connection, context):
        self.fault, self.connection, self.context = fault, connection, context
        self.buffer, self.encrypted = b"", False
        self.reset()

    def reset(self):
        self.mail, self.recipients, self.chunked = False, 0, False

    def fill(self):
        more = self.connection.recv(65536)
        if not more:
            raise Closed
        self.buffer += more

    def until(self, *ends):
        """What stands before the first of these ends, which is taken too."""
        while True:
            found = [(at, end) for end in ends if (at := self.buffer.find(end)) >= 0]
            if found:
                at, end = min(found)
                octets, self.buffer = self.buffer[:at], self.buffer[at + len(end):]
                return octets
            if self.fault == "one-read-one-line" and self.buffer and not self.content:
                self.buffer = b""
                return b"?"
            self.fill()

    def reply(self, text):
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self):
        self.content = False
        self.reply("220 broken.example ESMTP")
        while True:
            line = self.until(b"\r\n", b"\n") if self.fault == "bare-lf" else self.until(b"\r\n")
            if len(line) > 510:
                if self.fault == "crash":
                    os._exit(1)
                self.reply("500 5.5.2 Line too long")
                continue
            words = line.decode("latin-1").split(" ")
            handler = getattr(self, "on_" + words[0].lower(), None) if words[0].isalpha() else None
            if handler is None:
                self.reply("500 5.5.2 Command unknown")
            else:
                handler(" ".join(words[1:]))

    def on_ehlo(self, argument):
        if not argument:
            return self.reply("501 5.5.4 Who?")
        self.reset()
        keywords = ["broken.example", "PIPELINING", "CHUNKING"]
        if not self.encrypted or self.fault == "tls-twice":
            keywords.append("STARTTLS")
        self.reply("\r\n".join("250-" + each for each in keywords[:-1]) + "\r\n250 " + keywords[-1])

    def on_helo(self, argument):
        self.reset()
        self.reply("250 broken.example" if argument else "501 5.5.4 Who?")

    def on_mail(self, argument):
        if self.mail and self.fault != "nested-mail":
            return self.reply("503 5.5.1 Not now")
        if not argument.upper().startswith("FROM:"):
            return self.reply("501 5.5.4 FROM?")
        self.mail = True
        self.reply("250 2.1.0 Ok")

    def on_rcpt(self, argument):
        if not self.mail and self.fault != "recipient-first":
            return self.reply("503 5.5.1 Not now")
        if not argument.upper().startswith("TO:"):
            return self.reply("501 5.5.4 TO?")
        self.recipients += 1
        self.reply("250 2.1.5 Ok")

    def on_data(self, argument):
        if argument or not self.recipients or self.chunked:
            return self.reply("503 5.5.1 Not now")
        self.reply("354 Go")
        self.content = True
        self.buffer = b"\r\n" + self.buffer
        self.until(b"\r\n.\r\n", b"\n.\n") if self.fault == "lf-dot-lf" else self.until(b"\r\n.\r\n")
        self.content = False
        self.reset()
        self.reply("250 2.0.0 Ok")

    def on_bdat(self, argument):
        size = argument.split(" ")[0]
        if not size.isascii() or not size.isdigit() or len(size) > 9:
            self.reply("501 5.5.4 How many?")
            raise Closed
        wanted, right = int(size), self.mail and self.recipients
        if right or self.fault != "chunk-as-commands":
            self.content = True
            while len(self.buffer) < wanted:
                self.fill()
            self.buffer = self.buffer[wanted:]
            self.content = False
        self.chunked = right
        if right and argument.upper().endswith(" LAST"):
            self.reset()
        self.reply("250 2.0.0 Ok" if right else "503 5.5.1 Not now")

    def on_rset(self, argument):
        if argument:
            return self.reply("501 5.5.4 No arguments")
        self.reset()
        self.reply("502 5.5.1 No" if self.fault == "reset-refused" else "250 2.0.0 Ok")

    def on_noop(self, _):
        self.reply("250 2.0.0 Ok")
        if self.fault == "two-replies":
            self.reply("250 2.0.0 Ok")

    def on_vrfy(self, _):
        if self.fault != "no-reply":
            self.reply("252 2.0.0 Perhaps")

    def on_help(self, _):
        if self.fault == "silent-close":
            raise Closed
        self.reply("help yourself" if self.fault == "no-code" else "214 2.0.0 No")

    def on_quit(self, argument):
        if argument:
            return self.reply("501 5.5.4 No arguments")
        self.reply("221 2.0.0 Bye")
        while self.fault == "stays-open":
            self.fill()
        raise Closed

    def on_starttls(self, argument):
        if argument or self.encrypted:
            return self.reply("503 5.5.1 Not now")
        self.reply("220 2.0.0 Go")
        # What came with the command is part of no handshake.
        if self.fault != "injection":
            self.buffer = b""
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.encrypted = True
        self.reset()


def serve(fault, connection, context):
    session = Session(fault, connection, context)
    try:
        session.run()
    except (Closed, OSError):
        pass
    finally:
        try:
            # Closing with input unread would reset the connection, and take the last reply with it.
            session.connection.shutdown(socket.SHUT_WR)
            session.connection.settimeout(2)
            while session.connection.recv(65536):
                pass
        except OSError:
            pass
        session.connection.close()


def main():
    fault, certificate, key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(fault, connection, context), daemon=True).start()


if __name__ == "__main__":
    main()
