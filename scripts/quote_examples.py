"""README.md quotes examples/: between `<!-- quote examples/X.cc, at most N lines -->` and `<!-- end of quote -->` stands
the file as it is, and the file keeps to its N lines. Without arguments this is checked; --write brings README.md up to
date."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
QUOTE = re.compile(r"(<!-- quote (\S+), at most (\d+) lines -->\n)(.*?)(<!-- end of quote -->)", re.S)


def main():
    complaints = []

    def block(match):
        opening, name, most, _, closing = match.groups()
        path = ROOT / name
        if not path.exists():
            complaints.append(f"{name} does not exist")
            return match.group()
        text = path.read_text()
        if text.count("\n") > int(most):
            complaints.append(f"{name} has {text.count(chr(10))} lines; README promises at most {most}")
        return f"{opening}```cpp\n{text}```\n{closing}"

    before = README.read_text()
    after, quotes = QUOTE.subn(block, before)
    if quotes == 0:
        complaints.append("README.md quotes nothing")
    if "--write" in sys.argv:
        README.write_text(after)
    elif after != before:
        complaints.append("README.md quotes an example that has changed since; run ./dev format")
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


main()
