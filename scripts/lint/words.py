"""No path of somebody's machine, and no promise to finish later, in anything we publish."""

import re

from _source import Finding, files, main

RULES = [
    (re.compile(r"(?<![\w.$}])/(work|root|Users|home/\w+)/"), "a path of one machine"),
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "finish it or file an issue"),
    (re.compile(r"\bGTEST_SKIP\b|\bDISABLED_\w"), "a test that does not run"),
]
BINARY = {".png", ".ico", ".gz", ".pem", ".der"}


def check(root):
    for path in files(root):
        name = path.relative_to(root)
        if path.suffix in BINARY or name.parts[:2] in (("fuzz", "corpus"), ("scripts", "lint")) or name.name == "LICENSE":
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            for pattern, message in RULES:
                match = pattern.search(line)
                if match:
                    yield Finding(name, number, f"{message}: {match.group()}")


if __name__ == "__main__":
    main(check)
