"""Every citation reads `RFC 5321`, `RFC 5321 4.5.3.1.4`, `RFC 5321 section 4.2` or `RFC 5321 appendix D`, and every RFC
that is cited stands in docs/rfc-index.md with Yes, Partial or No and, unless No, with a place that exists."""

import re
from pathlib import Path

from _source import Finding, blank, files, main

INDEX = Path("docs/rfc-index.md")
ROW = re.compile(r"\|\s*(\d{3,5})\s*\|\s*(.+?)\s*\|\s*(.+?)\s*\|\s*(.*?)\s*\|$")
MENTION = re.compile(r"\bRFCs?[\s-]*§?(\d{3,5})\b(?P<rest>[^\n]{0,24})", re.I)
PLACE = re.compile(r"`([a-z_]+/[^`]*)`")
# After a number: nothing, a section, or a word that is no attempt at one.
BAD_REST = re.compile(r"\s*(§|sec\.|sect\.|\(\s*§|#|,?\s+Section\b)")


def index_rows(root):
    path = root / INDEX
    rows = {}
    if not path.exists():
        return rows, [Finding(INDEX, 1, "the index of RFCs is missing")]
    findings = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = ROW.match(line)
        if not match:
            continue
        rfc, _, support, where = match.groups()
        if rfc in rows:
            findings.append(Finding(INDEX, number, f"RFC {rfc} is listed twice"))
        rows[rfc] = support
        if support not in ("Yes", "Partial", "No"):
            findings.append(Finding(INDEX, number, f"support is Yes, Partial or No, not '{support}'"))
        places = PLACE.findall(where)
        if support != "No" and not places:
            findings.append(Finding(INDEX, number, f"where is RFC {rfc} in the code? name a `folder/file`"))
        for place in places:
            if not (root / place).exists():
                findings.append(Finding(INDEX, number, f"{place} does not exist"))
    return rows, findings


def check(root):
    rows, findings = index_rows(root)
    yield from findings
    for path in files(root, ".h", ".cc", ".py", ".sh", ".cmake", ".toml", ".dict"):
        name = path.relative_to(root)
        if name.parts[:2] in (("scripts", "lint"), ("tests", "lint")):
            continue
        text = path.read_text(errors="replace")
        if path.suffix in (".h", ".cc"):
            text = blank(text, keep_comments=True)  # rfc822 in a string is an address type, RFC 3461 4.2
        for number, line in enumerate(text.splitlines(), 1):
            for match in MENTION.finditer(line.replace("rfc822", "")):
                rfc, rest = match.group(1), match.group("rest")
                if not re.match(rf"(RFC {rfc}|RFCs {rfc})\b", match.group()):
                    yield Finding(name, number, f"write 'RFC {rfc}', not '{match.group()[:len(match.group()) - len(rest)]}'")
                elif BAD_REST.match(rest):
                    yield Finding(name, number, f"write 'RFC {rfc} 4.2' or 'RFC {rfc} section 4.2', not 'RFC {rfc}{rest[:12]}'")
                if rfc not in rows:
                    yield Finding(name, number, f"RFC {rfc} is not listed in {INDEX}")


if __name__ == "__main__":
    main(check)
