"""stands_alone.py BUILD_FOLDER SOURCE_FOLDER: which headers did the compiler read for the protocol core? Ours of
protocol/, the C++ and C libraries', the compiler's, and no other; and it was compiled without exceptions and RTTI."""

import json
import re
import subprocess
import sys
from pathlib import Path

build, source = (Path(argument).resolve() for argument in sys.argv[1:3])
COMPILER = re.compile(r"/usr/(local/)?lib/(gcc|llvm-\d+|clang)[/-].*")
C_LIBRARY = re.compile(r"/usr/include/(c\+\+/.*|(\w+-linux-gnu/)?(c\+\+|bits|sys|gnu|asm|asm-generic|linux)/.*|[\w-]+\.h)")
OF_LIBC = set(subprocess.run(["dpkg-query", "-L", "libc6-dev"], capture_output=True, text=True, check=False).stdout.split())


def allowed(header):
    path = (build / header).resolve()
    if path.is_relative_to(source / "protocol"):
        return True
    text = str(path)
    if COMPILER.fullmatch(text):
        return True
    if not C_LIBRARY.fullmatch(text):
        return False
    # Other packages put headers straight into /usr/include too.
    return path.parent != Path("/usr/include") or not OF_LIBC or text in OF_LIBC


log = subprocess.run(["ninja", "-C", str(build), "-t", "deps"], capture_output=True, text=True, check=True).stdout
objects, strangers, ours = 0, [], False
for line in log.splitlines():
    if line and not line.startswith((" ", "ninja:")):
        ours = line.startswith("protocol/CMakeFiles/postrider_protocol.dir/") and "(VALID)" in line
        objects += ours
    elif ours and line.strip() and not allowed(line.strip()):
        strangers.append(line.strip())

commands = [entry["command"] for entry in json.loads((build / "compile_commands.json").read_text())
            if "/postrider_protocol.dir/" in entry["command"]]
unflagged = [c for c in commands if "-fno-exceptions" not in c or "-fno-rtti" not in c]
for stranger in sorted(set(strangers)):
    print(f"the protocol core includes {stranger}")
for command in unflagged:
    print(f"compiled with exceptions or RTTI: {command}")
print(f"{objects} objects, {len(commands)} compile commands looked at")
sys.exit(0 if objects and commands and not strangers and not unflagged else 1)
