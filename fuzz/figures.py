#!/usr/bin/env python3
"""Reads logs of libFuzzer (NAME.log, -print_final_stats=1) and puts their figures into the table of fuzz/README.md.

  fuzz/figures.py FOLDER_OF_LOGS
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def figures(log):
    text = log.read_text(errors="replace")
    runs = re.findall(r"^stat::number_of_executed_units:\s*(\d+)", text, re.M)
    seconds = re.findall(r"^Done \d+ runs in (\d+) second", text, re.M)
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", text)
    if not (runs and seconds and covered):
        return None
    edges, features, inputs = covered[-1]
    found = "a finding" if re.search(r"^(==\d+== ?ERROR|SUMMARY:)", text, re.M) else "nothing"
    return f"{int(runs[-1]):,} | {int(seconds[-1]) // 60} | {edges} | {features} | {inputs} | {found}"


def main(folder):
    rows = ["| target | executions | minutes | edges | features | inputs kept | found |", "|---|---:|---:|---:|---:|---:|---|"]
    for target in sorted((HERE / "targets").glob("*_fuzz.cc")):
        name = target.stem.removesuffix("_fuzz")
        log = folder / f"{name}.log"
        row = figures(log) if log.exists() else None
        if row:
            rows.append(f"| {name} | {row} |")
    readme = HERE / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(before + BEGIN + "\n".join(rows) + "\n" + END + after)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
