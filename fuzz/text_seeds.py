"""Seeds for what operators, gateways and proxies write: configurations, aliases, accounts, XCLIENT, the control socket,
PROXY headers, and the fields of a MIME header.

Kept beside make_seeds.py, which writes them.
"""

import socket

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def proxy(command, family, behind):
    return SIGNATURE + bytes([0x20 | command, family]) + len(behind).to_bytes(2, "big") + behind


V4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.1") + b"\xdc\x04\x00\x19"
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "2001:db8::2") + b"\xdc\x04\x00\x19"

PROXY_HEADER = {
    "tcp4": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\nEHLO x\r\n",
    "tcp6": b"PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 56324 65535\r\n",
    "unknown": b"PROXY UNKNOWN ffff:f...f:ffff 65535 65535\r\n",
    "longest": b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n",
    "too-long": b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n",
    "leading-zero": b"PROXY TCP4 192.0.2.1 198.51.100.1 0056 25\r\n",
    "two-spaces": b"PROXY TCP4  192.0.2.1 198.51.100.1 56324 25\r\n",
    "bare-lf": b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\n",
    "v2-local": proxy(0, 0, b""),
    "v2-tcp4": proxy(1, 0x11, V4) + b"EHLO x\r\n",
    "v2-tcp6": proxy(1, 0x21, V6),
    "v2-unix": proxy(1, 0x31, b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0")),
    "v2-extension": proxy(1, 0x11, V4 + b"\x04\x00\x03abc"),
    "v2-short": proxy(1, 0x11, V4[:11]),
    "v2-unspecified": proxy(1, 0x00, V4),
    "v2-too-long": SIGNATURE + b"\x21\x11\xff\xff",
    "v2-version-1": SIGNATURE + b"\x11\x11\x00\x0c" + V4,
}

MIME_HEADER = {
    "plain": "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nSubject: x\r\n",
    "folded": "Content-Type: multipart/mixed;\r\n boundary=\"a\r\n b\"\r\nTo: bob\r\n",
    "comments": "Content-Type: (a (nested\\)) one) Text(x)/(y)HTML ; (z) Boundary = \"q\\\"q\" (end\r\n",
    "quoted-type": "Content-Type: \"\"/\"x\"\r\nContent-Transfer-Encoding: \"a b\"\r\n",
    "no-field": "From alice Mon Sep 21\r\nSubject : old\r\n: nameless\r\n",
    "several-boundaries": "Content-Type: multipart/mixed; boundary=a; boundary=b; boundary=\r\n",
    "white": "Content-Type:\t\r\n \r\n\t\r\nX:\r\n",
    "bare": "A: b\rc\nd\r\n",
}

ALIASES = {
    "usual": "# who\npostmaster: root@example.org\ninfo@example.org: alice,\n  bob@example.net # two\n@example.org: carol\n",
    "quoted": "\"d o\"@example.org: \"a,b:c\"@example.net, \"x\\\"y\"\n",
    "literal": "root@[192.0.2.1]: a@[IPv6:2001:db8::1]\n",
    "others": "a: |/bin/x\nb: /var/mail/b\nc: :include:/etc/list\nd: \\d\n",
    "faults": "  x\nno colon\n: nobody\na:\na: b\na: c\nb: @example.org\n",
    "utf8": "j\u00f6rg@b\u00fccher.example: alice\n",
    "crlf": "a: b\r\nc: d\r\n",
    "number-sign": "a:#b\nc: d#e #f\n",
    "long-number-sign": "a:#" + "b" * 63 + "\n",
    "nobody": "a: \"\"\n\"\": b\nc: \"\"@example.org, \"\"\n",
}

KEY = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="
ACCOUNT = f'[[account]]\nname = "fred"\nsalt = "MTIzNDU2"\niterations = 50000\nstored_key = "{KEY}"\nserver_key = "{KEY}"\n'
ACCOUNTS = {
    "one": f'decoy_key = "{KEY}"\n{ACCOUNT}',
    "twice": ACCOUNT + ACCOUNT.replace("fred", "Fred"),
    "faults": '[[account]]\nname = "a b"\nsalt = ""\niterations = 0\nstored_key = "x"\npassword = "y"\n',
    "line-ok": "OK\t1\tuser=fred\tnologin",
    "line-fail": "FAIL\t2\tuser=fred\ttemp",
    "line-mech": "MECH\tPLAIN\tplaintext",
    "line-private": "MECH\tX\tprivate",
    "line-version": "VERSION\t1\t2",
    "line-continue": "CONT\t3\tZm9v",
    "line-escaped": "OK\t1\tuser=a\x01tb\x01n",
}

CONFIGURATION = {
    "empty": "",
    "usual": """hostname = "mail.example.org"
state = "state"
threads = 2
[[listen]]
address = "127.0.0.1:2525"
role = "mx"
tls = "starttls"
proxy_protocol = ["127.0.0.1/32"]
relay_from = ["10.0.0.0/8", "::1/128"]
[tls]
backend = "openssl"
minimum = "1.3"
[resolver]
backend = "system"
servers = ["127.0.0.1:5300"]
[queue]
store = "memory"
retry = ["1m", "5m"]
expire = "5d"
warn = "4h"
[[route]]
domains = ["example.org"]
deliver = "maildir:/var/mail/{domain}/{local}"
[[route]]
domains = ["*"]
deliver = "smtp://relay.example:587"
tls = "verify"
[limits]
message_size = "50MiB"
idle = "5m"
[console]
address = ""
[log]
format = "json"
level = "debug"
""",
    "faults": 'hostname = 1\nthreads = -1\n[[listen]]\naddress = "x"\nrole = "y"\n[unknown]\na = 1\n[limits]\nidle = "5"\nmessage_size = "1EiB"\n',
    "syntax": 'hostname = "a\nstate = \n[[listen\nx = [1,\n',
    "twice": 'hostname = "a"\nhostname = "b"\n',
    "controls": 'hostname = "a\\u0000\\u001b[31m"\n"k\\u0007" = 1\n',
    "dates": "state = 1979-05-27T07:32:00Z\nthreads = 1e3\n",
    "not-utf8": b"hostname = \"a\"\n\xff\xff\xff\xff\xff\xa9\n",
    "deep": "a = " + "[" * 60 + "]" * 60 + "\n",
}

XCLIENT = {
    "usual": "NAME=spike.example.org ADDR=192.0.2.1 PORT=2525 PROTO=ESMTP HELO=spike LOGIN=fred",
    "unavailable": "NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] LOGIN=[UNAVAILABLE] HELO=[TEMPUNAVAIL]",
    "ipv6": "ADDR=IPV6:2001:db8::1 DESTADDR=192.0.2.9 DESTPORT=25 REVERSE_NAME=a_b.example",
    "xtext": "HELO=a+2Eb LOGIN=fred+40example.org",
    "injection": "HELO=a+0D+0AX NAME=b",
    "faults": "NAME=",
    "unknown": "FOO=bar",
}

CONTROL = {
    "list": '{"do":"list","after":"0000000000000"}',
    "show": '{"do":"show","id":"0f3q000000000"}',
    "content": '{"do":"content","limit":100,"id":"0f3q000000000"}',
    "hold": '{"do":"hold","id":"0f3q000000000"}',
    "retry-all": '{"do":"retry-all","domain":"example.org","after":"0000000000000","until":"0000000000000"}',
    "entry": '{"entry":{"id":"0f3q000000000","sender":"a@example.org","size":10,"arrived":"2026-11-21T22:31:04.120Z","state":"deferred",'
             '"recipients":[{"address":"b@example.org","state":"deferred","attempts":1,"next_attempt":"2026-11-21T22:36:04.120Z",'
             '"last_reply":"450 later","last_host":"mx","command":"RCPT TO:<b@example.org>","original":"","destination":"mx:example.org",'
             '"delay_reported":false}],"why":"","command":"MAIL FROM:<a@example.org>","expires":"2026-11-26T22:31:04.120Z",'
             '"deliver_by":"2026-11-22T22:31:04.120Z","returned_then":true,"priority":0,'
             '"report":false,"user":""}}',
    "recipients": '{"recipients":[{"address":"b@example.org","state":"held","attempts":0,"next_attempt":null,"last_reply":""}]}',
    "part": '{"content":"aGVsbG8="}',
    "done": '{"done":{"changed":true,"seen":3,"now_due":2,"last":"0f3q000000000","until":"0f3q000000000","end":false}}',
    "error": '{"error":{"kind":"damaged","text":"cannot be read"}}',
    "surrogate": '{"error":{"kind":"store","text":"\\ud800\\u0000\\u001b"}}',
    "deep": "[" * 40 + "]" * 40,
    "number": '{"do":"content","limit":18446744073709551616,"id":"0f3q000000000"}',
}


def all_seeds():
    targets = {"proxy_header": PROXY_HEADER, "mime_header": MIME_HEADER, "aliases": ALIASES, "accounts": ACCOUNTS,
               "configuration": CONFIGURATION, "xclient": XCLIENT, "queue_control": CONTROL}
    for target, seeds in targets.items():
        for name, text in seeds.items():
            yield target, name, text if isinstance(text, bytes) else text.encode()
