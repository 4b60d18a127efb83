"""`postrider fuzz` finds each fault of a server that is broken on purpose, finds none in a right one and none in ourselves,
shows where two servers disagree, and says all that as text, JSON, JUnit XML and exit status."""

import concurrent.futures
import contextlib
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

from _broken_server import FAULTS
from _peers import make_certificate
from _support import POSTRIDER, agent, run

NOTHING, FOUND, USAGE, UNAVAILABLE = 0, 65, 64, 69
SERVER = pathlib.Path(__file__).with_name("_broken_server.py")


@contextlib.contextmanager
def broken(fault, certificate):
    process = subprocess.Popen([sys.executable, str(SERVER), fault, *map(str, certificate)], stdout=subprocess.PIPE)
    try:
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def sink():
    process = subprocess.Popen([POSTRIDER, "sink", "--listen", "127.0.0.1:0", "--tls", "starttls"], stderr=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, text=True, cwd=tempfile.gettempdir())
    try:
        for line in process.stderr:
            if "127.0.0.1:" in line:
                yield "127.0.0.1:" + line.split("127.0.0.1:")[1].split()[0].strip(",;.")
                break
        else:
            raise AssertionError("the sink did not start")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def fuzz(*words, status):
    return run(POSTRIDER, "fuzz", *words, status=status, timeout=600).stdout.decode()


def kinds(report):
    return [(each["fault"], each["clause"]) for each in report["findings"]]


def one_fault(fault, certificate, folder):
    wanted, clause, sessions = FAULTS[fault]
    with broken(fault, certificate) as server:
        words = ("--seed", "3", "--sessions", str(sessions), "--timeout", "2", "--connections", "16", "--findings",
                 folder / fault)
        report = json.loads(fuzz(server, "--json", *words, status=FOUND))
        found = [(a, b) for a, b in kinds(report) if a == wanted and clause in (None, b)]
        assert found, f"{fault} was found as {kinds(report)}"
        for each in report["findings"]:
            assert each["transcript"].startswith("postrider-transcript 1\n"), each
            assert pathlib.Path(each["file"]).read_text() == each["transcript"], each
            assert f"--seed 3 --session {each['session']}" in each["replay"], each
        if fault in ("nested-mail", "recipient-first"):
            # It shows again from its number alone, and is short.
            finding = next(each for each in report["findings"] if (each["fault"], each["clause"]) == found[0])
            again = json.loads(fuzz(server, "--json", "--seed", "3", "--session", str(finding["session"]), "--timeout", "2",
                                    status=FOUND))
            assert found[0] in kinds(again), (fault, kinds(again))
            sent = [line for line in finding["transcript"].splitlines() if " C: " in line]
            assert finding["shortened"] and len(sent) <= 8, sent


def each_fault(certificate, folder):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(one_fault, fault, certificate, folder) for fault in FAULTS]:
            done.result()


def nothing_in_the_right_ones(certificate):
    with broken("none", certificate) as server:
        text = fuzz(server, "--seed", "5", "--sessions", "200", "--connections", "24", status=NOTHING)
        assert text.endswith(": no findings\n") and text.startswith("200 sessions"), text
    with sink() as server:
        fuzz(server, "--seed", "5", "--sessions", "200", "--connections", "24", status=NOTHING)
    with agent() as postrider:
        fuzz(f"127.0.0.1:{postrider.mx}", "--seed", "5", "--sessions", "200", "--connections", "24", "--recipient",
             "bob@example.net", status=NOTHING)


def reports(certificate, folder):
    junit = folder / "fuzz.xml"
    with broken("nested-mail", certificate) as server:
        text = fuzz(server, "--sessions", "100", "--timeout", "2", "--connections", "24", "--junit", junit, status=FOUND)
        assert "out-of-sequence  RFC 5321 4.1.4" in text and f"postrider fuzz {server} --seed 1 --session" in text, text
        suite = xml.etree.ElementTree.parse(junit).getroot()
        failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
        assert suite.get("failures") == str(len(failed)) and "out-of-sequence RFC 5321 4.1.4" in failed, failed
        with broken("none", certificate) as other:
            report = json.loads(fuzz("--compare", server, other, "--sessions", "100", "--timeout", "2", "--connections", "24",
                                     "--json", status=FOUND))
            clusters = {(each["command"], each["state"], tuple(each["answers"])) for each in report["disagreements"]}
            assert clusters and all(command == "MAIL" for command, _, _ in clusters), clusters
            assert any(answers == ("2xx", "5xx") for _, _, answers in clusters), clusters
            assert all(each["clause"] == "RFC 5321 4.1.1.2" for each in report["disagreements"]), report
    with broken("none", certificate) as server, broken("none", certificate) as other:
        assert fuzz("--compare", server, other, "--sessions", "100", "--timeout", "2", "--connections", "24",
                    status=NOTHING).endswith(": no disagreements\n")


def refusals():
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    fuzz(f"127.0.0.1:{port}", status=UNAVAILABLE)
    fuzz("192.0.2.1:25", status=USAGE)
    fuzz(status=USAGE)
    fuzz("127.0.0.1:1", "127.0.0.1:2", status=USAGE)
    fuzz("--compare", "127.0.0.1:1", status=USAGE)
    fuzz("127.0.0.1:1", "--recipient", "nobody", status=USAGE)
    fuzz("127.0.0.1:1", "--corpus", "/nonexistent", status=USAGE)


def main():
    with tempfile.TemporaryDirectory(prefix="postrider-interop-") as folder:
        folder = pathlib.Path(folder)
        certificate = make_certificate(folder)
        refusals()
        # Most of the time is waiting.
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            parts = [pool.submit(nothing_in_the_right_ones, certificate), pool.submit(each_fault, certificate, folder)]
            for done in parts:
                done.result()
        reports(certificate, folder)


main()
