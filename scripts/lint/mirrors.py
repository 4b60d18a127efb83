"""Every source of the protocol core has a test of the same stem: protocol/A/b.cc and tests/protocol/A/b_test.cc.
A source without a header of its own, as b_more.cc beside b.h, is a part of b and covered by its test."""

from _source import Finding, files, main


def check(root):
    if not (root / "protocol").exists():
        return
    for path in files(root / "protocol", ".cc"):
        inside = path.relative_to(root / "protocol")
        stems = [inside.stem]
        while not path.with_name(stems[-1] + ".h").exists() and "_" in stems[-1]:
            stems.append(stems[-1].rpartition("_")[0])
        tests = [root / "tests" / "protocol" / inside.with_name(stem + "_test.cc") for stem in stems]
        if not any(test.exists() for test in tests):
            test = tests[0]
            yield Finding(path.relative_to(root), 1, f"has no test {test.relative_to(root)}")


if __name__ == "__main__":
    main(check)
