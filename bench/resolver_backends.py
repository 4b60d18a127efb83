#!/usr/bin/env python3
"""Lookups a second from the resolver's cache and of every backend; c-ares and libunbound ask an NSD with a signed zone that
is started for it, DNS over HTTPS a server of our own:

    bench/resolver_backends.py [PROGRAM] [ARGUMENTS OF GOOGLE BENCHMARK]

PROGRAM is build/release/bin/resolver_bench."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/interop"))
sys.dont_write_bytecode = True

from _name_servers import Zone, nsd  # noqa: E402


def main():
    arguments = sys.argv[1:]
    program = arguments.pop(0) if arguments and not arguments[0].startswith("-") else ROOT / "build/release/bin/resolver_bench"
    with tempfile.TemporaryDirectory(prefix="postrider-dns-") as name:
        folder = pathlib.Path(name)
        zone = Zone(folder, "example.test", "*.wild IN A 192.0.2.9\n")
        key = zone.make_key()
        zone.sign(key)
        with nsd(folder, {zone.name: zone.file}) as port:
            settings = {"POSTRIDER_BENCH_DNS": f"127.0.0.1:{port}", "POSTRIDER_BENCH_WILDCARD": "wild.example.test",
                        "POSTRIDER_BENCH_ANCHOR": zone.ds(key)}
            sys.exit(subprocess.run([program, *arguments], env=os.environ | settings, check=False).returncode)


if __name__ == "__main__":
    main()
