"""Who may include whom (docs/architecture.md, "Who may know whom"), and which foreign library is seen where."""

import re

from _source import Finding, files, main

EVERYTHING = {"queue", "mailauth", "server", "client", "resolver", "crypto", "transport", "protocol"}
MAY_INCLUDE = {
    "protocol": set(),
    "crypto": set(),
    "transport": {"protocol"},
    "resolver": {"transport"},
    "client": {"resolver", "transport", "protocol"},
    "server": {"transport", "protocol"},
    "mailauth": {"resolver", "crypto", "protocol"},
    "queue": {"protocol"},
    "agent": EVERYTHING | {"fuzz"},
    "examples": EVERYTHING - {"crypto"} | {"fuzz"},
    "fuzz": EVERYTHING - {"crypto", "mailauth"},
}
# The fuzz targets are programs: they also hold to account what the agent reads.
TARGETS = ("fuzz", "targets")
# Tiers of a folder: each knows only the ones before it, and the headers of the folder itself.
TIERS = {"protocol": ["grammar", "framing", "sasl", "session"]}

LIBRARIES = [
    (re.compile(r"boost/"), {"transport", "resolver", "client", "server", "agent", "examples", "fuzz"}, (".h", ".cc")),
    (re.compile(r"absl/"), set(MAY_INCLUDE) - {"protocol"}, (".h", ".cc")),
    (re.compile(r"(toml\+\+|CLI|spdlog|fmt)/"), {"agent"}, (".h", ".cc")),
    (re.compile(r"(wolfssl|openssl)/"), {"transport", "crypto"}, (".cc",)),
    (re.compile(r"(ares|unbound|idn2)\.h|ares_"), {"resolver"}, (".cc",)),
    (re.compile(r"rocksdb/|libpq|postgresql/"), {"queue"}, (".cc",)),
]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD = re.compile(r"[a-z_0-9]+")  # <vector>, <cstdint>; a path or an ending is not the standard library


def foreign(folder, suffix, included):
    for pattern, folders, suffixes in LIBRARIES:
        if pattern.match(included):
            if folder not in folders:
                return f"{folder} may not know <{included}>"
            if suffix not in suffixes:
                return f"<{included}> belongs in the .cc of its backend, never in a header"
            return None
    if folder == "protocol" and not STANDARD.fullmatch(included) and not included.endswith("intrin.h"):
        return f"protocol knows the standard library alone, not <{included}>"
    return None


def own(parts, included):
    """parts: of the including file; included: what follows postrider/."""
    folder, target = parts[0], included.split("/")
    if target[0] != folder:
        if target[0] in MAY_INCLUDE[folder] or (target[0] == "agent" and parts[:2] == TARGETS):
            return None
        return f"{folder} may not include {target[0]}"
    tiers = TIERS.get(folder, [])
    if len(target) > 2 and target[1] in tiers and len(parts) > 2 and parts[1] in tiers:
        if tiers.index(target[1]) > tiers.index(parts[1]):
            return f"{folder}/{parts[1]} may not include {folder}/{target[1]}"
    return None


def check(root):
    for path in files(root, ".h", ".cc"):
        name = path.relative_to(root)
        if name.parts[0] not in MAY_INCLUDE:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            quoted, included = match.groups()
            if quoted == "<":
                message = foreign(name.parts[0], path.suffix, included)
            elif included.startswith("postrider/"):
                message = own(name.parts, included[len("postrider/"):])
            else:
                message = f'write "postrider/…" from the root, not "{included}"'
            if message:
                yield Finding(name, number, message)


if __name__ == "__main__":
    main(check)
