#!/usr/bin/env python3
"""Writes the seeds of fuzz/corpus: valid dialogues, the strings of SMTP smuggling, and the shapes of known failures.

Each seed is a small file that reads like what it is. Where a target takes choices (fuzz/support/fuzz_input.h), they stand
in lines of digits before the octets for the wire: "0" is the plain choice, and a line may be empty. Seeds that a fuzzer
found are kept beside these and are not touched.
"""

import pathlib

import dns_seeds
import queue_seeds
import text_seeds
import tls_seeds

CORPUS = pathlib.Path(__file__).parent / "corpus"
CRLF = b"\r\n"


def lines(*parts):
    return b"".join(part.encode("utf-8", "surrogateescape") + CRLF for part in parts)


# ---- Grammar: one text each ----

COMMAND_LINE = {
    "ehlo": "EHLO client.example.org", "ehlo-ipv4": "EHLO [192.0.2.1]", "ehlo-ipv6": "EHLO [IPv6:2001:db8::1]",
    "ehlo-underscore": "EHLO my_windows_host", "helo": "helo c", "lhlo": "LHLO client.example.org",
    "mail-null": "MAIL FROM:<>", "mail": "MAIL FROM:<a@b.example>", "mail-space": "MAIL FROM: <a@b.example>",
    "mail-bare": "MAIL FROM:a@b.example", "mail-route": "MAIL FROM:<@a.example,@b.example:c@d.example>",
    "mail-all-parameters": "MAIL FROM:<a@b.example> SIZE=1000 BODY=8BITMIME SMTPUTF8 REQUIRETLS RET=FULL ENVID=QQ+2B314159 "
                           "AUTH=<> MT-PRIORITY=-4 BY=120;RT HOLDFOR=3600",
    "mail-hold-until": "MAIL FROM:<a@b.example> HOLDUNTIL=2026-02-28T23:59:60Z", "mail-xtrace": "MAIL FROM:<> XTRACE=1",
    "mail-binary": "MAIL FROM:<a@b.example> BODY=BINARYMIME", "mail-utf8": "MAIL FROM:<\u00e9@b.example> SMTPUTF8",
    "mail-twice-size": "MAIL FROM:<> SIZE=1 size=2", "mail-quoted": 'MAIL FROM:<"a\\"b c"@d.example>',
    "rcpt": "RCPT TO:<c@d.example>", "rcpt-postmaster": "RCPT TO:<Postmaster>", "rcpt-space": "RCPT TO: <c@d.example>",
    "rcpt-dsn": "RCPT TO:<c@d.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;c+2Bx@d.example",
    "rcpt-orcpt-utf8": "RCPT TO:<c@d.example> ORCPT=utf-8;c\\x{20AC}@d.example", "rcpt-flag": "RCPT TO:<c@d.example> XFLAG",
    "rcpt-never": "RCPT TO:<c@d.example> NOTIFY=NEVER", "data": "DATA", "bdat": "BDAT 86", "bdat-last": "BDAT 0 LAST",
    "bdat-2-64": "BDAT 18446744073709551616", "bdat-2-64-less-1": "BDAT 18446744073709551615 LAST",
    "bdat-negative": "BDAT -1", "rset": "RSET", "vrfy": "VRFY jones SMTPUTF8", "expn": "EXPN list", "help": "HELP MAIL",
    "noop": "NOOP anything at all", "quit": "QUIT ", "starttls": "STARTTLS", "etrn": "ETRN @example.org",
    "auth": "AUTH PLAIN AGEAYg==", "auth-empty": "AUTH EXTERNAL =", "auth-ask": "AUTH SCRAM-SHA-256-PLUS",
    "xclient": "XCLIENT NAME=spike.example ADDR=192.0.2.1", "xnote": "XNOTE", "unknown": "FROB x",
    # CVE-2025-7962, CVE-2025-59419, CVE-2026-30227 and relatives: a command within an argument.
    "injection-in-path": "MAIL FROM:<a@b.example>\r\nRCPT TO:<evil@d.example>", "injection-quoted": 'RCPT TO:<"a\r\nDATA\r\n"@d>',
    "injection-in-name": "EHLO client\r\nMAIL FROM:<>", "injection-nul": "VRFY a\0b",
    # CVE-2019-15846: a backslash as the last octet. CVE-2020-28022: parameters without a path before them.
    "trailing-backslash": 'MAIL FROM:<"a\\', "parameters-alone": "MAIL FROM: SIZE=1 AUTH=", "keyword-alone": "MAIL FROM:",
    # CVE-2019-16928: a name without end. CVE-2020-7247: a local part with a shell's octets and no domain.
    "long-name": "EHLO " + "a" * 300, "shell": "MAIL FROM:<;for i in 0 1;do read r;done;exit 0;>",
    # CVE-2019-10149: something to be expanded.
    "expansion": "RCPT TO:<${run{id}}@localhost>",
}
MAILBOX = {
    "plain": "fred@example.org", "dots": "a.b.c@d.e.f", "quoted": '"a b"@example.org', "quoted-pair": '"a\\"\\\\"@example.org',
    "empty-quoted": '""@example.org', "ipv4": "a@[192.0.2.1]", "ipv6": "a@[IPv6:2001:db8::1]", "general": "a@[x-tag:a!b]",
    "utf8": "\u00e9@\u20ac.example", "overlong-utf8": "a\udcc0\udcaf@b", "dot-first": ".a@b", "dot-last": "a.@b", "two-dots": "a..b@c",
    "hyphen": "a@-b.c-", "no-domain": "a@", "no-local": "@b", "two-ats": "a@b@c", "local-64": "a" * 64 + "@b",
    "local-65": "a" * 65 + "@b", "path-254": "a@" + "b" * 250 + ".c", "cut-quote": '"a', "cut-pair": '"a\\', "crlf": '"a\r\nb"@c',
}
HOST = {
    "domain": "mx.example.org", "one": "a", "digits": "1.2.3.4", "hyphen": "a-b.c--d", "ipv4": "[192.0.2.1]", "ipv4-zeros": "[001.02.3.4]",
    "ipv4-256": "[256.1.1.1]", "ipv6": "[IPv6:2001:db8:1:2:3:4:5:6]", "ipv6-any": "[IPv6:::]", "ipv6-one": "[IPv6:::1]",
    "ipv6-end": "[IPv6:1::]", "ipv6-v4": "[IPv6:::ffff:192.0.2.1]", "ipv6-v4-full": "[IPv6:1:2:3:4:5:6:1.2.3.4]",
    "ipv6-one-group": "[IPv6:1:2:3::5:6:7:8]", "ipv6-nine": "[IPv6:1:2:3:4:5:6:7:8:9]", "ipv6-case": "[ipv6:A::f]",
    "general": "[x-y:content]", "general-ipv6": "[IPv6:no]", "no-end": "[192.0.2.1", "empty": "[]", "nested": "[[1.2.3.4]]", "utf8": "b\u00fccher.example",
    "underscore": "a_b", "dot-last": "example.org.", "label-64": "a" * 64 + ".b", "domain-255": "a." * 127 + "b", "domain-256": "a." * 127 + "bc",
}
PATHS = {
    "null": "<>", "plain": "<a@b.example>", "route": "<@a.example,@b.example:c@d.example>", "route-one": "<@a.example:c@d.example>",
    "route-cut": "<@a.example,c@d.example>", "postmaster": "<Postmaster>", "postmaster-case": "<pOsTmAsTeR>", "bare": "a@b.example",
    "bare-postmaster": "postmaster", "quoted-bracket": '<">"@b.example>', "open": "<a@b.example", "behind": "<a@b.example> SIZE=1",
    "literal": "<a@[IPv6:::1]>", "utf8": "<\u00e9@b.example>", "double": "<<a@b.example>>", "long": "<" + "a" * 64 + "@" + "b" * 190 + ">",
}
XTEXT = {
    "plain": "QQ314159", "plus": "a+2Bb+3Dc", "crlf": "a+0D+0Ab", "lower": "+2b", "lower-first": "+b2", "cut": "a+4", "equals": "a=b", "space": "a b", "utf8": "\u20ac\U0001f600",
    "embedded": "\\x{20AC}\\x{1F600}", "surrogate": "\\x{D800}", "zeros": "\\x{0020AC}", "control": "\\x{0D}\\x{0A}", "plus-embedded": "\\x{2B}\\x{3D}\\x{5C}",
    "open": "\\x{20", "overlong": "\udcc0\udcaf", "beyond": "\\x{110000}",
}
BASE64 = {
    "plain": "AGEAYg==", "one-pad": "YWI=", "no-pad": "YWJj", "loose-bits": "YWJ=", "short": "YQ", "inner-pad": "YQ==YQ==", "space": "YW Jj", "url": "-_-_", "equals": "=", "binary": "\x00\xff",
}
PARAMETERS = {
    "size": " SIZE=1000", "size-20": " SIZE=99999999999999999999", "body": " BODY=8BITMIME", "body-odd": " BODY=16BIT", "all": COMMAND_LINE["mail-all-parameters"][23:],
    "dsn": " NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;a+2Bb@c.example", "never-and": " NOTIFY=NEVER,DELAY", "by-return-zero": " BY=0;R", "by-negative": " BY=-999999999;NT",
    "hold-both": " HOLDFOR=1 HOLDUNTIL=2026-01-01T00:00:00Z", "leap": " HOLDUNTIL=2024-02-29T12:00:00.123+01:00", "no-leap": " HOLDUNTIL=2023-02-29T12:00:00Z",
    "auth": " AUTH=a+40b.example", "auth-crlf": " AUTH=a+0D+0A@b", "envid-101": " ENVID=" + "a" * 101, "registered": " XTRACE=1 XCOLOUR SIZE=3", "registered-twice": " XCOLOUR xcolour=1",
    "flag": " XFLAG", "no-value": " SIZE=", "two-spaces": "  SIZE=1", "trailing": " SIZE=1  ", "utf8": " ENVID=\u00e9", "orcpt-utf8": " ORCPT=utf-8;\\x{20AC}@b", "orcpt-mailbox": " ORCPT=utf-8;\u20ac@b.example",
    "mt-priority": " MT-PRIORITY=-9", "mt-priority-zero": " MT-PRIORITY=-0",
}
STATUS = {
    "plain": "2.0.0 Ok", "end": "5.7.1", "three": "4.999.999 x", "zeros": "5.01.1 x", "four": "2.1000.0 x", "class-3": "3.0.0 x", "no-space": "5.1.1x", "cut": "5.1.", "two-spaces": "2.1.5  x",
}
CAPABILITIES = {
    "gmail": "mx.google.example at your service, [192.0.2.1]\nSIZE 157286400\n8BITMIME\nSTARTTLS\nENHANCEDSTATUSCODES\nPIPELINING\nCHUNKING\nSMTPUTF8",
    "exchange": "mx.example.org Hello\nSIZE 37748736\nPIPELINING\nDSN\nENHANCEDSTATUSCODES\nSTARTTLS\nX-ANONYMOUSTLS\nAUTH NTLM\nX-EXPS GSSAPI NTLM\n8BITMIME\nBINARYMIME\nCHUNKING\nXEXCH50\nXRDST\nXSHADOWREQUEST",
    "postfix": "mx.example.org\nPIPELINING\nSIZE 10240000\nVRFY\nETRN\nSTARTTLS\nAUTH PLAIN LOGIN\nAUTH=PLAIN LOGIN\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\nSMTPUTF8\nCHUNKING\nXCLIENT NAME ADDR",
    "limits": "mx\nLIMITS MAILMAX=10 RCPTMAX=100 RCPTDOMAINMAX=7 OTHER=x", "limits-odd": "mx\nLIMITS RCPTMAX=0100 MAILMAX=9999999", "size-none": "mx\nSIZE", "size-zero": "mx\nSIZE 0", "size-odd": "mx\nSIZE 99999999999999999999 x",
    "hold": "mx\nFUTURERELEASE 604800 2026-12-31T00:00:00Z\nDELIVERBY 60\nMT-PRIORITY MIXER", "twice": "mx\nSIZE 1\nsize 2\nAUTH PLAIN\nAUTH LOGIN", "long": "mx\n" + "\n".join("X-KEYWORD-%d %s" % (i, "x" * 20) for i in range(12)),
    "mechanisms": "mx\nAUTH " + " ".join("X-MECH-%d" % i for i in range(20)), "name-alone": "mx.example.org", "empty": "", "no-keyword": "mx\n-x\n x\n\tSIZE 1",
}

# ---- Framing: a line of settings, then octets ----

SMUGGLING = {
    "empty": b".\r\n", "one-line": b"a\r\n.\r\n", "lf-dot-crlf": b"a\n.\r\nMAIL FROM:<x@y.example>\r\n", "lf-dot-lf": b"a\n.\nMAIL FROM:<x@y.example>\r\n", "crlf-dot-lf": b"a\r\n.\nMAIL FROM:<x@y.example>\r\n",
    "cr-dot-cr": b"a\r.\rMAIL FROM:<x@y.example>\r\n", "cr-dot-crlf": b"a\r.\r\nMAIL FROM:<x@y.example>\r\n", "crlf-dot-cr": b"a\r\n.\rMAIL FROM:<x@y.example>\r\n", "crlf-dot-cr-crlf": b"a\r\n.\r\r\nMAIL FROM:<x@y.example>\r\n",
    "cr-crlf-dot-crlf": b"a\r\r\n.\r\n", "nul-dot": b"a\r\n\0.\r\n.\r\n", "dot-nul": b"a\r\n.\0\r\n.\r\n", "dots": b"..\r\n...\r\n.a\r\n.\r\n", "crlf-dot-crlf-twice": b"a\r\n.\r\n.\r\n", "stuffed-end": b"a\r\n..\r\n.\r\n",
    "plain-lines": (b"And so on, until the message is as long as it is wanted to be here.\r\n" * 14), "short-lines": b"a\r\nbc\r\n" * 90,
    "eight-bit-lines": (b"\xd0\xbf\xd1\x80\xd0\xb8" * 10 + b"\r\n") * 12, "long-line": b"x" * 900 + b"\r\n",
    "long-line": b"x" * 120 + b"\r\n.\r\n", "eight-bit": "\u00e9\r\n.\r\n".encode(), "no-end": b"a\r\n.", "cr-at-end": b"a\r", "lf-crlf-dot-crlf": b"a\n\r\n.\r\n", "unicode-dot": "a\r\n\uff0e\r\n.\r\n".encode(),
}
LINES = {
    "commands": lines("EHLO a", "MAIL FROM:<>", "QUIT"), "bare-lf": b"EHLO a\nQUIT\r\n", "bare-cr": b"EHLO a\rQUIT\r\n", "cr-cr-lf": b"NOOP\r\r\n", "nul": b"NO\0OP\r\n", "too-long": b"x" * 80 + CRLF + b"NOOP\r\n",
    "too-long-bare": b"x" * 80 + b"\n" + b"NOOP\r\n", "cut-crlf": b"NOOP\r", "empty-lines": b"\r\n\r\n\r\n", "at-limit": b"x" * 64 + CRLF,
}
REPLIES = {
    "one": lines("250 2.0.0 Ok"), "many": lines("250-mx.example.org", "250-PIPELINING", "250 SIZE 1000"), "code-alone": lines("250"), "empty-text": lines("250 "), "group": lines("250 2.1.0 Ok", "550 5.1.1 No", "250 2.1.5 Ok", "354 Go"),
    "code-changed": lines("250-a", "550 b"), "garbage": lines("250 a", "hello"), "bare-lf": b"250 a\n250 b\r\n", "bare-cr": b"250 a\rb\r\n", "nul": b"250 a\0b\r\n", "no-separator": lines("250x"), "early": lines("199 a"),
    # CVE-2020-8794: a line of a multi-line reply that is shorter than its code.
    "short-line": lines("250-a", "25", "250 b"), "status-per-line": lines("550-5.7.1 a", "550-5.7.1 b", "550 5.7.1 c"), "status-changes": lines("550-5.7.1 a", "550 5.7.2 b"), "status-class": lines("250 5.1.1 odd"), "status-alone": lines("250 2.0.0"),
    "intermediate": lines("334 dGVzdA=="), "high-second-digit": lines("591 5.9.1 x"), "long": lines("250 " + "x" * 600), "many-lines": lines(*(["250-x"] * 12), "250 y"), "eight-bit": lines("550 5.1.1 \u00e9"), "cut": b"250-a\r\n250",
    "unsolicited": lines("421 4.3.2 Bye"),
}

# ---- Sessions ----

END = b"\r\n.\r\nQUIT\r\n"
HELLO, MAIL, RCPT = "EHLO client.example.org", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"
ENVELOPE = (HELLO, MAIL, RCPT)
LMTP = "1"
# The places of the choices in fuzz/support/server_settings.h before the seven leniences.
LENIENT = "0" * 45 + "3333333"
GROUPS = "0" * 51 + "3"  # octets_after_group_end alone
SEVEN = "0" * 38 + "?)" + "0" * 11 + "3"  # messages of at most 7 octets, and octets_after_group_end
SERVER = {  # name: (settings, answers, octets)
    "message": (GROUPS, "", lines(*ENVELOPE, "DATA") + b"Subject: x\r\n\r\n..dot\r\n.\r\n" + lines("QUIT")),
    "group-end-breached": ("", "", lines(*ENVELOPE, "DATA") + b"a\r\n.\r\n"),
    "message-lenient": (LENIENT, "", lines(*ENVELOPE, "DATA") + b"Subject: x\r\n\r\n..dot\r\n.\r\n" + lines("QUIT")),
    "messages": (GROUPS, "", lines(*ENVELOPE, "DATA") + b"a\r\n.\r\n" + lines(MAIL, RCPT, RCPT, "DATA") + b"b\r\n.\r\n" + lines("QUIT")),
    "chunks": ("", "", lines(*ENVELOPE, "BDAT 5") + b"ab\r\nc" + lines("BDAT 2 LAST") + b"\r\n" + lines("QUIT")),
    "chunk-refused": ("", "000L", lines(*ENVELOPE, "BDAT 5") + b"QUIT\r" + lines("BDAT 6 LAST") + b"QUIT\r\n" + lines("RSET", "QUIT")),
    "chunk-out-of-sequence": ("", "", lines(HELLO, "BDAT 6 LAST") + b"QUIT\r\n" + lines("NOOP", "QUIT")),
    "chunk-32-bits": ("", "", lines(*ENVELOPE, "BDAT 4294967297") + b"x" + lines("QUIT")),
    "chunk-64-bits": ("", "", lines(*ENVELOPE, "BDAT 18446744073709551616") + lines("QUIT")),
    "chunk-then-data": (GROUPS, "", lines(*ENVELOPE, "BDAT 1") + b"x" + lines("DATA", "RSET", "QUIT")),
    "lmtp": (LMTP, "", lines("LHLO c", MAIL, RCPT, RCPT, "BDAT 3 LAST") + b"a\r\n" + lines("QUIT")),
    "lmtp-data": (LMTP + LENIENT[1:], "", lines("LHLO c", MAIL, RCPT, RCPT, "DATA") + b"a\r\n.\r\n" + lines("QUIT")),
    "lmtp-refused": (LMTP, "0000LM0", lines("LHLO c", MAIL, RCPT, RCPT, "BDAT 3 LAST") + b"a\r\n" + lines("QUIT")),
    "auth": ("", "0100", lines(HELLO, "AUTH PLAIN") + b""), "auth-initial": (GROUPS, "", lines(HELLO, "AUTH PLAIN AGEAYg==", MAIL)),
    "auth-exchange": (LENIENT, "0110", lines(HELLO, "AUTH X-OTHER", "AGEAYg==", "dGVzdA==", MAIL, "QUIT")), "auth-cancel": (LENIENT, "01", lines(HELLO, "AUTH PLAIN", "*", "NOOP")),
    "auth-long-line": (LENIENT, "01", lines(HELLO, "AUTH PLAIN", "A" * 400, "NOOP")), "auth-twice": (GROUPS, "", lines(HELLO, "AUTH PLAIN AGEAYg==", "AUTH PLAIN AGEAYg==")),
    "starttls": ("", "", lines(HELLO, "STARTTLS")), "starttls-injection": ("", "", lines(HELLO, "STARTTLS", "RSET", MAIL)),  # CVE-2011-0411
    "all-verbs": (LENIENT, "", lines(HELLO, "NOOP x", "VRFY a", "EXPN a", "HELP", "ETRN a", "XNOTE b", "XCLIENT a", HELLO, MAIL, "XCLIENT b", "RSET", "FROB", "QUIT")),
    "helo": ("", "", lines("HELO c", "MAIL FROM:<a@b.example> SIZE=1", MAIL, RCPT)), "no-hello": ("", "", lines(MAIL, RCPT, "DATA")), "second-hello": ("", "", lines(*ENVELOPE, HELLO, RCPT, MAIL)),
    "too-long": ("", "", lines("EHLO " + "a" * 600, HELLO)), "too-many-errors": ("", "", lines(*(["FROB"] * 20))), "flood": ("0" * 43 + "7z", "", lines(*(["NOOP"] * 60))),
    "refusals": ("", "0JKLM0NO", lines(HELLO, MAIL, MAIL, MAIL, RCPT, RCPT, MAIL, RCPT)), "too-many-recipients": ("0" * 40 + "5", "", lines(*ENVELOPE, *([RCPT] * 6))),
    "no-recipients": (GROUPS, "00LL", lines(*ENVELOPE, RCPT, "DATA", "BDAT 3 LAST") + b"abc" + lines("QUIT")), "bare-lf": ("", "", b"EHLO c\nMAIL FROM:<>\n"), "bare-lf-lenient": (LENIENT, "", b"EHLO c\nMAIL FROM:<>\nRSET\n"),
    "lenient-forms": (LENIENT, "", lines("EHLO my_host", "MAIL FROM: a@b.example", "RCPT TO: <c@d.example>")), "utf8": ("", "", lines(HELLO, "MAIL FROM:<\u00e9@b.example> SMTPUTF8", "RCPT TO:<\u20ac@d.example>")),
    "binary": ("", "", lines(HELLO, MAIL + " BODY=BINARYMIME", RCPT, "DATA")), "binary-chunks": ("", "", lines(HELLO, MAIL + " BODY=BINARYMIME", RCPT, "BDAT 4 LAST") + b"a\nb\0" + lines("QUIT")),
    "at-the-limit": (SEVEN, "", lines(*ENVELOPE, "DATA") + b"abcde\r\n.\r\n" + lines(MAIL, RCPT, "BDAT 7 LAST") + b"abcde\r\n" + lines("QUIT")),
    "above-the-limit": (SEVEN, "", lines(*ENVELOPE, "DATA") + b"abcdef\r\n.\r\n" + lines(MAIL, RCPT, "BDAT 8 LAST") + b"abcdef\r\n" + lines("QUIT")),
    "auth-inside-tls-alone": (GROUPS[:30] + "3" + GROUPS[31:], "", lines(HELLO, "AUTH PLAIN AGEAYg==")),
    "auth-not-offered": (GROUPS[:14] + "3" + GROUPS[15:30] + "3" + GROUPS[31:], "", lines(HELLO, "AUTH PLAIN AGEAYg==")), "auth-unknown": (GROUPS, "", lines(HELLO, "AUTH X-THIRD")),
    "verb-not-offered": (GROUPS[:31] + "3" + GROUPS[32:], "", lines(HELLO, "XCLIENT NAME=a")), "parameter-not-offered": (GROUPS[:32] + "3" + GROUPS[33:], "", lines(HELLO, MAIL + " XTRACE=1")),
    "sender-not-ascii": ("", "", lines(HELLO, "MAIL FROM:<\u00e9@b.example>")), "sender-unreadable": ("", "", lines(HELLO, "MAIL FROM:<a b@c.example>")),
    "recipient-after-helo": ("", "", lines("HELO c", MAIL, RCPT + " NOTIFY=NEVER")), "chunk-unclean": ("", "", lines(*ENVELOPE, "BDAT 7 LAST") + b"a\nb\0c\r\n" + lines("QUIT")),
    "chunk-long-line": ("0" * 38 + "x", "", lines(*ENVELOPE, "BDAT 60 LAST") + b"x" * 58 + b"\r\n" + lines("QUIT")),
    "turned-away": ("0" * 52 + ">", "", lines(HELLO, "BDAT 6", "QUIT")), "shut-down": ("0" * 53 + "3", "", lines(*ENVELOPE, "BDAT 10") + b"abc"), "http": ("", "", lines("GET / HTTP/1.1", "Host: x", "")),
    "tls-hello": ("", "", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "trailing-spaces": ("", "", lines("EHLO c  ", "RSET ", "QUIT\t")), "too-big": ("", "", lines(HELLO, MAIL + " SIZE=99999", MAIL, RCPT, "BDAT 5000 LAST") + b"x" * 100),
}
CHUNK = {  # name: (settings, answers, plan, content)
    "one": ("", "", "", b"Subject: x\r\n\r\ntext\r\n"), "many": ("", "", "0500500600", b"Subject: x\r\n\r\ntext\r\n"), "commands-inside": ("", "", "00:0:0:6:", b"QUIT\r\nRSET\r\nMAIL FROM:<>\r\nBDAT 5 LAST\r\n"),
    "refused": ("", "00000L", "00005050606", b"QUIT\r\nQUIT\r\nQUIT\r\nQUIT\r\n"), "reset-between": ("", "", "00005858590006", b"abcdefghijklmnopqrstuvwxyz"), "lmtp": ("1", "", "0000505067", b"a\r\nb\r\nc\r\n"), "lmtp-refused": ("1", "0000000LK", "000050607", b"a\r\nb\r\nc\r\n"),
    "bare-endings": ("", "", "00006", b"a\nb\rc"), "binary": ("", "", "3000060", b"a\nb\0c\r"), "out-of-sequence": ("", "", "26066", b"QUIT\r\nNOOP\r\n"), "stuffed": ("", "", "00005060", b"\r\n.\r\n..\r\n"),
}
GREETING, EHLO_REPLY = "220 mx.example.org ESMTP", ("250-mx.example.org", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250-DSN", "250-STARTTLS", "250-AUTH PLAIN", "250 CHUNKING")
CLIENT = {  # name: (settings, script, octets)
    "message": ("", "", lines(GREETING, *EHLO_REPLY, "250 2.1.0 Ok", "250 2.1.5 Ok", "354 Go", "250 2.0.0 Queued")), "no-pipelining": ("", "", lines(GREETING, "250 mx", "250 Ok", "250 Ok", "354 Go", "250 Ok")),
    "lmtp": ("1", "", lines(GREETING, *EHLO_REPLY, "250 Ok", "250 Ok", "250 Ok", "354 Go", "250 Ok", "450 4.2.1 Later")), "turned-away": ("", "", lines("554 5.7.1 No")), "busy": ("", "", lines("421 4.3.2 Busy")),
    "shutting-down": ("", "", lines(GREETING, *EHLO_REPLY, "250 Ok", "421 4.3.2 Bye")), "unsolicited": ("", "", lines(GREETING, "250 a", "250 b")), "garbage": ("", "", lines(GREETING, "hello")), "code-changed": ("", "", lines(GREETING, "250-a", "550 b")),
    # CVE-2021-38371: a reply in clear behind the 220 to STARTTLS.
    "starttls": ("", "0000008", lines(GREETING, *EHLO_REPLY, "220 Go")), "starttls-injection": ("", "60000008" + "0" * 20, lines(GREETING, *EHLO_REPLY, "220 Go", "250-evil", "250 AUTH PLAIN")), "auth-line": ("", "0000060900000", lines(GREETING, *EHLO_REPLY, "334 ", "235 2.7.0 Ok")),
    "auth-given-up": ("", "0000060900B", lines(GREETING, *EHLO_REPLY, "334 ", "501 5.7.0 Given up")), "auth-no-base64": ("", "0000060900C00", lines(GREETING, *EHLO_REPLY, "334 ", "235 2.7.0 Ok")), "auth": ("", "00000090", lines(GREETING, *EHLO_REPLY, "334 ", "235 2.7.0 Ok")),
    "all-refused": ("", "", lines(GREETING, *EHLO_REPLY, "550 5.7.1 No", "503 5.5.1 No", "503 5.5.1 No")), "early-verdict": ("", "", lines(GREETING, *EHLO_REPLY, "250 Ok", "250 Ok", "354 Go", "552 5.3.4 Too big")), "intermediate": ("", "", lines(GREETING, *EHLO_REPLY, "354 What")),
    "chunks": ("", "000000000D0D0E", lines(GREETING, *EHLO_REPLY, "250 Ok", "250 Ok", "250 Ok", "250 Ok", "250 Ok")), "words": ("", "", bytes([0, 4, 1, 3, 7, 1])),
}
CONVERSATION = {  # name: (settings, answers, network, actions)
    "plain": ("", "", "", ""), "messages": ("", "", "", "3" + "0" * 40), "lmtp": ("1", "", "", "2" + "0" * 30), "refusals": ("", "0JKL0M0NO0", "", "300000"), "cuts": ("", "", "055555555577777777", "200000"),
    "chunks": ("", "", "", "2000000100002" + "5" * 20), "tls": ("", "", "", "00M0000"), "resets": ("", "", "", "0H0H00H000"), "breaks": ("", "", "7" + "1" * 6, "3" + "0" * 20), "helo": ("", "L", "", ""), "small-limits": ("0" * 40 + "6::", "", "", "3" + "1" * 40),
    "delays": ("", "", "04447654321" * 4, "3" + "0" * 30), "noise": ("", "", "", "2" + "0123456789:;<=>?@ABCDEFGHIJKLMNO" * 3),
}

# Mechanisms by their place in fuzz/targets/sasl_server_fuzz.cc: PLAIN LOGIN SCRAM SCRAM-PLUS EXTERNAL XOAUTH2 OAUTHBEARER;
# then whether there is an initial response (0: yes), then the answers.
SASL_PROOF = "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts0TAAAAAAAAAAAAAA="
SASL_SERVER = {  # name: (settings, lines)
    "plain": ("0000", "\0tim\0tanstaaf"), "plain-base64": ("0000", "AHRpbQB0YW5zdGFhZg=="), "plain-asked": ("0100", "\0tim\0tanstaaf"), "plain-other": ("0000", "Ursel\0Kurt\0xipj3plmq"),
    "plain-refused": ("0010", "\0tim\0x"), "plain-nul": ("0000", "\0tim\0x\0y"), "plain-cut": ("0000", "\0tim"), "empty": ("0000", "="), "bad-base64": ("0000", "AHRpbQB0YW5zdGFhZg"),
    "login": ("1100", "tim\npencil"), "login-initial": ("1000", "tim\npencil"), "login-empty": ("1100", "\n\n"), "login-controls": ("1100", "tim\x01\np\x7f"),
    "scram": ("20000", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO\nc=biws,r=rOprNGfwEbeRWgbNEkqO,p=" + SASL_PROOF), "scram-y": ("20000", "y,,n=user,r=abc"), "scram-other": ("20000", "n,a=other,n=user,r=abc"),
    "scram-escapes": ("20000", "n,a==2C=3D,n==2C=3D,r=abc,x=y"), "scram-mandatory": ("20000", "n,,m=x,n=user,r=abc"), "scram-no-nonce": ("20000", "n,,n=user"), "scram-no-name": ("20000", "n,,r=abc"), "scram-bad-escape": ("20000", "n,,n==41,r=abc"),
    "scram-bad-binding": ("20000", "n,,n=user,r=abc\nc=!,r=$,p=%"), "scram-bad-proof": ("20000", "n,,n=user,r=abc\nc=biws,r=$,p=AAAA"), "scram-no-proof": ("20000", "n,,n=user,r=abc\nc=biws,r=$"), "scram-unknown": ("20100", "n,,n=nobody,r=abc\nc=biws,r=abc,p=" + SASL_PROOF),
    "scram-plus": ("30000", "p=tls-exporter,,n=user,r=abc\nc=cD10bHMtZXhwb3J0ZXIsLGNoYW5uZWw=,r=abc,p=" + SASL_PROOF), "scram-plus-unique": ("30000", "p=tls-unique,,n=user,r=abc"), "scram-plus-unbound": ("30000", "n,,n=user,r=abc"),
    "scram-proven": ("20000", "n,,n=user,r=abc\nc=biws,r=$,p=%\n"), "scram-proven-more": ("20000", "n,,n=user,r=abc\nc=biws,r=$,p=%\nmore"), "scram-proven-bound": ("20000", "n,,n=user,r=abc\nc=eSws,r=$,p=%"),
    "scram-proven-unknown": ("20100", "n,,n=user,r=abc\nc=biws,r=$,p=%"), "scram-proven-plus": ("30000", "p=tls-exporter,,n=user,r=abc\nc=cD10bHMtZXhwb3J0ZXIsLGNoYW5uZWw=,r=$,p=%\n"),
    "login-by-verifier": ("1130", "tim\npencil"), "plain-by-verifier": ("0030", "\0tim\0pen"),
    "external": ("4000", "="), "external-name": ("4000", "fred"), "external-nobody": ("4001", ""), "xoauth2": ("5000", "user=fred@example.org\x01auth=Bearer t0ken\x01\x01"), "xoauth2-refused": ("5010", "user=fred\x01auth=Bearer t\x01\x01\n"),
    "oauthbearer": ("6000", "n,a=fred@example.org,\x01host=h\x01port=587\x01auth=Bearer t0ken\x01\x01"), "oauthbearer-refused": ("6010", "n,,\x01auth=Bearer t\x01\x01\n\x01"), "oauthbearer-bound": ("6000", "p=tls-exporter,,\x01auth=Bearer t\x01\x01"),
}
SASL_CLIENT = {  # name: (settings, lines); 0 SCRAM, 1 SCRAM-PLUS, 2 EXTERNAL, 3 CRAM-MD5, 4 LOGIN, 5 PLAIN, 6 XOAUTH2, 7 OAUTHBEARER
    "scram": ("0", "r=$abc,s=QUJD,i=4096\nv=" + SASL_PROOF), "scram-error": ("0", "r=$abc,s=QUJD,i=4096\ne=invalid-proof"), "scram-other-nonce": ("0", "r=abc,s=QUJD,i=4096"), "scram-same-nonce": ("0", "r=$,s=QUJD,i=4096"),
    "scram-proven": ("0", "r=$abc,s=c2FsdA==,i=4096\nv=%"), "scram-proven-more": ("0", "r=$abc,s=c2FsdA==,i=4096\nv=%\nv=%"),
    "scram-proven-plus": ("1", "r=$abc,s=c2FsdA==,i=4096\nv=%"), "scram-cheap": ("0", "r=$abc,s=QUJD,i=1"), "scram-dear": ("0", "r=$abc,s=QUJD,i=999999999"), "scram-at-once": ("0", "v=" + SASL_PROOF), "scram-plus": ("1", "r=$abc,s=QUJD,i=4096\nv=" + SASL_PROOF), "external": ("2", ""),
    "scram-no-salt": ("0", "r=$abc,i=4096"), "scram-bad-salt": ("0", "r=$abc,s=!,i=4096"), "scram-no-iterations": ("0", "r=$abc,s=c2FsdA=="), "scram-no-signature": ("0", "r=$abc,s=c2FsdA==,i=4096\nx=1"),
    "scram-unbound": ("03", "r=$abc,s=c2FsdA==,i=4096\nv=%"), "cram-md5": ("3", "<1896.697170952@postoffice.reston.mci.net>"), "cram-md5-empty": ("3", ""), "login": ("4", "Username:\nPassword:"), "plain": ("5", "unasked"), "xoauth2": ("6", '{"status":"401"}'), "oauthbearer": ("7", '{"status":"invalid_token"}'), "bad-base64": ("4", "VXNlcm5hbWU"),
}

STS_POLICY = {
    "policy": "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n",
    "crlf": "version: STSv1\r\nmode: testing\r\nmx: a\r\nmax_age: 86400\r\n", "none": "version: STSv1\nmode: none\nmax_age: 0",
    "extension": "version: STSv1\nmode: enforce\nfuture: a: b\nmx: a.b\nmax_age: 31557600\n", "age": "version: STSv1\nmode: none\nmax_age: 9999999999\n",
    "twice": "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: 2\n", "no-mx": "version: STSv1\nmode: enforce\nmax_age: 1\n",
    "two-wildcards": "version: STSv1\nmode: enforce\nmx: *.*.b\nmax_age: 1\n", "html": "<!DOCTYPE html>\n<html>\n", "bare-cr": "version: STSv1\rmode: none\r",
    "record": "v=STSv1; id=20160831085700Z;", "record-extension": "v=STSv1; a.b=c; id=1", "record-no-id": "v=STSv1;", "record-long-id": "v=STSv1; id=" + "a" * 33,
}


def write(target, name, octets):
    if isinstance(octets, str):
        octets = octets.encode("utf-8", "surrogateescape")
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(octets)


def with_choices(*parts):
    *choices, octets = parts
    tail = octets if isinstance(octets, bytes) else octets.encode()
    return b"".join(choice.encode() + b"\n" for choice in choices) + tail


def main():
    texts = {"command_line": COMMAND_LINE, "mailbox": MAILBOX, "host": HOST, "paths": PATHS, "xtext": XTEXT, "base64": BASE64,
             "esmtp_parameters": PARAMETERS, "enhanced_status": STATUS, "capabilities": CAPABILITIES, "sts_policy": STS_POLICY}
    for target, seeds in texts.items():
        for name, text in seeds.items():
            write(target, name, text)
    for name, octets in SMUGGLING.items():
        write("dot_codec", name, with_choices("", octets))
        for policy, settings in {"refused": GROUPS, "converted": LENIENT}.items():
            write("server_session", f"smuggling-{name}-{policy}", with_choices(settings, "", lines(*ENVELOPE, "DATA") + octets + END))
    for target, seeds in {"line_scanner": LINES, "reply_reader": REPLIES}.items():
        for name, octets in seeds.items():
            write(target, name, with_choices("", octets))
    for target, seeds in {"server_session": SERVER, "chunk": CHUNK, "client_session": CLIENT, "conversation": CONVERSATION,
                          "sasl_server": SASL_SERVER, "sasl_client": SASL_CLIENT}.items():
        for name, parts in seeds.items():
            write(target, name, with_choices(*parts))
    for target, name, octets in (*tls_seeds.all_seeds(), *dns_seeds.all_seeds(), *queue_seeds.all_seeds(),
                                 *text_seeds.all_seeds()):
        write(target, name, octets)


if __name__ == "__main__":
    main()
