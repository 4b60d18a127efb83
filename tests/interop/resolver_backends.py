"""Every backend of the resolver, asked for the same names at a real NSD and a real unbound: records, aliases, denials,
DNSSEC that holds, is absent and is broken; and at servers that are silent, absent, slow, forging or failing."""

import contextlib
import os
import pathlib
import subprocess
import tempfile

from _doh_server import DohServer
from _name_servers import Forger, Misbehaving, Zone, failing, nsd, silent, slow, unbound
from _peers import free_port

CONFORMANCE = os.environ["RESOLVER_CONFORMANCE"]

PARENT = """@ IN MX 10 mx1
@ IN MX 20 mx2
@ IN TXT "one"
@ IN TXT "two"
mx1 IN A 192.0.2.1
mx1 IN AAAA 2001:db8::1
mx2 IN A 192.0.2.2
mx2 IN A 192.0.2.3
_25._tcp.mx1 IN TLSA 3 1 1 {tlsa}
nomail IN MX 0 .
txt IN TXT "v=spf1 include:" "example.test" " -all"
long IN TXT {long}
octets IN TXT "\\000\\001\\255\\\\\\""
odd IN TYPE65280 \\# 4 01020304
*.wild IN A 192.0.2.9
a\\.b IN A 192.0.2.10
x\\000\\255\\032y IN A 192.0.2.11
{longest} IN A 192.0.2.12
alias1 IN CNAME mx1
alias2 IN CNAME alias1
alias3 IN CNAME alias2
out IN CNAME host.plain
away IN CNAME host.elsewhere.test.
nowhere IN CNAME missing
tampered IN A 192.0.2.66
tampered IN MX 10 mx1
plain IN NS ns.plain
ns.plain IN A 127.0.0.1
forged IN NS ns.forged
ns.forged IN A 127.0.0.1
expired IN NS ns.expired
ns.expired IN A 127.0.0.1
{many}
{delegations}
"""


def parent_records(delegations):
    many = [f"many IN MX {number} a-rather-long-name-{number}.many" for number in range(1, 301)]
    return PARENT.format(tlsa="2a" * 32, long=" ".join(['"' + "x" * 250 + '"'] * 8), longest="l" * 63,
                         many="\n".join(many), delegations="\n".join(delegations))


def make_zones(folder):
    """The files by the names of their zones, and the trust anchor."""
    plain = Zone(folder, "plain.example.test", "host IN A 192.0.2.20\n")
    reverse = Zone(folder, "2.0.192.in-addr.arpa", "1 IN PTR mx1.example.test.\n")
    forged = Zone(folder, "forged.example.test", "host IN A 192.0.2.67\n")
    its_own, another = forged.make_key(), forged.make_key()
    forged.sign(another)
    expired = Zone(folder, "expired.example.test", "host IN A 192.0.2.68\n")
    expired_key = expired.make_key()
    expired.sign(expired_key, "-i", "20200101000000", "-e", "20200201000000")
    parent = Zone(folder, "example.test", parent_records([forged.ds(its_own), expired.ds(expired_key)]))
    key = parent.make_key()
    parent.sign(key)
    parent.tamper("tampered.example.test.")
    zones = {zone.name: zone.file for zone in (parent, plain, reverse, forged, expired)}
    zones["broken.test"] = folder / "not-there.zone"
    return zones, parent.ds(key)


def main():
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postrider-dns-")))
        zones, anchor = make_zones(folder)
        real = stack.enter_context(nsd(folder, zones))
        validating = stack.enter_context(unbound(folder, real, anchor, "example.test"))
        ports = [real, validating, stack.enter_context(Misbehaving(silent)), free_port()]
        ports += [stack.enter_context(Misbehaving(answer, real)) for answer in (slow, Forger(), failing)]
        ports += [stack.enter_context(DohServer(port)).port for port in (real, validating)]
        command = [CONFORMANCE, *(f"127.0.0.1:{port}" for port in ports), anchor]
        done = subprocess.run(command, timeout=280, check=False)
        assert done.returncode == 0, f"{CONFORMANCE} ended with {done.returncode}"


if __name__ == "__main__":
    main()
