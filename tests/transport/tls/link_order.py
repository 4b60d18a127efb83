#!/usr/bin/env python3
"""Whether a program that links both TLS libraries has OpenSSL's before wolfSSL's.

libwolfssl exports six names of libssl, and the dynamic linker takes whichever library it meets first: with wolfSSL in
front, libssl would call into it. usage: link_order.py PROGRAM
"""

import subprocess
import sys

needed = [line.split("[")[1].split("]")[0]
          for line in subprocess.run(["readelf", "-d", sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
          if "(NEEDED)" in line]
order = [next((index for index, name in enumerate(needed) if name.startswith(prefix)), None)
         for prefix in ("libssl.", "libwolfssl.")]
if None in order:
    sys.exit(f"{sys.argv[1]} does not link both libraries: {needed}")
if order[0] > order[1]:
    sys.exit(f"{sys.argv[1]} has libwolfssl before libssl: {needed}")
