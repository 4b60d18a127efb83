"""Writes package-lock.json anew from package.json, for whoever changes a version there. What is optional stays out: Haraka
names some two hundred packages that its plugins might need, and one that has to be compiled. So does where packages came
from, which is no business of a checkout. `overrides` in package.json holds back what Debian 12's node is too old for."""

import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"


def main():
    LOCK.unlink(missing_ok=True)
    subprocess.run(["npm", "install", "--prefix", HERE, "--package-lock-only", "--omit=optional", "--ignore-scripts",
                    "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"], check=True)
    lock = json.loads(LOCK.read_text())
    lock["packages"] = {name: package for name, package in lock["packages"].items() if not package.get("optional")}
    for package in lock["packages"].values():
        for key in ("optionalDependencies", "funding"):
            package.pop(key, None)
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")


main()
