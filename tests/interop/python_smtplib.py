"""Python's smtplib: EHLO and HELO, several messages in one session, partly refused recipients, VRFY, RSET, UTF-8."""

import smtplib

from _support import agent, split_trace


def main():
    with agent() as postrider:
        with smtplib.SMTP("127.0.0.1", postrider.mx, local_hostname="client.example.org", timeout=60) as client:
            for n in range(3):
                refused = client.sendmail("a@example.org", ["bob@example.net", "x@elsewhere.example"],
                                          f"Subject: {n}\r\n\r\n..\r\nbody\r\n".encode(), mail_options=["BODY=8BITMIME"])
                assert list(refused) == ["x@elsewhere.example"] and refused["x@elsewhere.example"][0] == 550
            for name in ("pipelining", "size", "8bitmime", "smtputf8", "chunking", "binarymime", "dsn",
                         "enhancedstatuscodes", "limits"):
                assert client.has_extn(name), name
            assert not client.has_extn("auth") and not client.has_extn("starttls")
            assert client.verify("bob@example.net")[0] == 252
            assert client.rset()[0] == 250 and client.noop()[0] == 250
            client.sendmail("j\u00f6rg@b\u00fccher.example", ["utf8@example.net"], b"Subject: u\r\n\r\n",
                            mail_options=["SMTPUTF8"])
        assert sorted(split_trace(m)[2] for m in postrider.messages("bob")) == \
            [f"Subject: {n}\r\n\r\n..\r\nbody\r\n".encode() for n in range(3)]
        return_path, received, _ = split_trace(postrider.message("utf8"))
        assert return_path == "Return-Path: <j\u00f6rg@b\u00fccher.example>".encode(), return_path
        assert b"with UTF8SMTP" in received, received

        with smtplib.SMTP("127.0.0.1", postrider.mx, timeout=60) as old:
            assert old.helo("old.example.org")[0] == 250
            old.sendmail("a@example.org", ["helo@example.net"], b"Subject: old\r\n\r\n")
        assert b"with SMTP " in split_trace(postrider.message("helo"))[1].replace(b"\n", b" ").replace(b"\r", b"")


main()
