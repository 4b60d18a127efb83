"""Every source of the protocol core has a test of the same stem: protocol/A/b.cc and tests/protocol/A/b_test.cc."""

from _source import Finding, files, main


def check(root):
    if not (root / "protocol").exists():
        return
    for path in files(root / "protocol", ".cc"):
        inside = path.relative_to(root / "protocol")
        test = root / "tests" / "protocol" / inside.with_name(inside.stem + "_test.cc")
        if not test.exists():
            yield Finding(path.relative_to(root), 1, f"has no test {test.relative_to(root)}")


if __name__ == "__main__":
    main(check)
