"""The checks of scripts/lint can fail: each is given something wrong and must say so at that line, and nothing else."""

import importlib
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "scripts" / "lint"))


def found(check, tree):
    """(path, line) of what the check finds in a tree given as {path: text}."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in tree.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return sorted({(str(f.path), f.line) for f in importlib.import_module(check).check(root)})


def function(lines):
    return "int f(int a) {\n" + "  a = a + 1;\n" * (lines - 2) + "}\n"


class Coroutines(unittest.TestCase):
    def test_every_marked_line_of_the_sample_is_found_and_no_other(self):
        text = (HERE / "samples" / "coroutines.cc").read_text()
        marked = [("server/x.cc", n) for n, line in enumerate(text.splitlines(), 1) if line.endswith("// bad")]
        self.assertGreater(len(marked), 15)
        self.assertEqual(found("coroutines", {"server/x.cc": text}), marked)


class Sizes(unittest.TestCase):
    def test_function(self):
        tree = {"a.cc": function(80) + function(81), "b.h": "namespace n {\nclass C {\n" + function(81) + "};\n}\n"}
        self.assertEqual(found("sizes", tree), [("a.cc", 81), ("b.h", 3)])

    def test_what_is_no_function(self):
        table = "constexpr int kTable[] = {\n" + "  1,\n" * 100 + "};\n"
        tree = {"a.cc": "namespace n {\n" + table + (function(50)) * 3 + "}\nclass C {\n" + "  int f();\n" * 90 + "};\n"}
        self.assertEqual(found("sizes", tree), [])

    def test_test_bodies_initializer_lists_and_trailing_returns_are_functions(self):
        body = "  ++count;\n" * 80 + "}\n"
        for head in ("TEST(Reply, Parses) {\n", "C::C(int a) : a_(a), b_(2) {\n", "auto f() -> Task<int> {\n",
                     "int C::f() const noexcept {\n", "template <class T> requires(sizeof(T) > 1)\nvoid f(T t) {\n"):
            self.assertEqual(found("sizes", {"a.cc": head + body}), [("a.cc", 1)], head)

    def test_file(self):
        tree = {"a.cc": "\n" * 600, "b.cc": "\n" * 601}
        self.assertEqual(found("sizes", tree), [("b.cc", 601)])


class Layers(unittest.TestCase):
    def test_upward_and_foreign_includes(self):
        tree = {
            "protocol/grammar/a.h": '#include <vector>\n#include "postrider/protocol/session/b.h"\n#include <absl/x.h>\n',
            "protocol/session/b.h": '#include "postrider/protocol/grammar/a.h"\n#include "postrider/transport/c.h"\n',
            "protocol/framing/c.cc": "#include <sys/socket.h>\n#include <immintrin.h>\n#include <cstdint>\n",
            "transport/c.h": '#include "postrider/protocol/error.h"\n#include <boost/asio.hpp>\n#include <openssl/ssl.h>\n',
            "transport/c.cc": "#include <openssl/ssl.h>\n",
            "server/d.cc": '#include "postrider/client/e.h"\n#include "d.h"\n#include <spdlog/spdlog.h>\n',
            "client/e.h": '#include "postrider/server/d.h"\n',
            "agent/f.cc": '#include "postrider/server/d.h"\n#include "postrider/client/e.h"\n#include <spdlog/spdlog.h>\n',
            "tests/server/d_test.cc": '#include "postrider/client/e.h"\n',
        }
        self.assertEqual(found("layers", tree), [
            ("client/e.h", 1), ("protocol/framing/c.cc", 1), ("protocol/grammar/a.h", 2), ("protocol/grammar/a.h", 3),
            ("protocol/session/b.h", 2), ("server/d.cc", 1), ("server/d.cc", 2), ("server/d.cc", 3), ("transport/c.h", 3)])


class Citations(unittest.TestCase):
    INDEX = "| RFC | Title | Support | Where |\n|---|---|---|---|\n| 5321 | SMTP | Yes | `protocol/a.h` |\n"

    def test_form_and_listing(self):
        code = ("// RFC 5321 4.5.3.1.4\n// RFC 5321 section 4.2, RFC 5321 appendix D\n// RFC 5321\n// RFCs 5321 and others\n"
                "// RFC5321 4.2\n// RFC 5321 §4.2\n// RFC 9999 1\n// rfc 5321\n// RFC 5321 sec. 4\n")
        tree = {"docs/rfc-index.md": self.INDEX, "protocol/a.h": code}
        self.assertEqual(found("citations", tree), [("protocol/a.h", n) for n in (5, 6, 7, 8, 9)])

    def test_index(self):
        index = self.INDEX + "| 5321 | twice | Yes | `protocol/a.h` |\n| 821 | a | Maybe | `protocol/a.h` |\n" \
            "| 822 | b | Yes | nowhere |\n| 823 | c | Partial | `protocol/gone.h` |\n| 824 | d | No | |\n"
        tree = {"docs/rfc-index.md": index, "protocol/a.h": ""}
        self.assertEqual(found("citations", tree), [("docs/rfc-index.md", n) for n in (4, 5, 6, 7)])
        self.assertEqual(found("citations", {"protocol/a.h": ""}), [("docs/rfc-index.md", 1)])


class Words(unittest.TestCase):
    def test_machine_paths_and_promises(self):
        path = "/wo" "rk/shared/x"
        inside = "/wo" "rk/"
        promise = "TO" "DO"
        tree = {"a.cc": f"// see {path}\n// {promise}: later\nint work;  // a{inside}b is no path of a machine\n"}
        self.assertEqual(found("words", tree), [("a.cc", 1), ("a.cc", 2)])


class Mirrors(unittest.TestCase):
    def test_a_source_without_its_test(self):
        tree = {"protocol/grammar/a.cc": "", "protocol/grammar/b.cc": "", "tests/protocol/grammar/a_test.cc": ""}
        self.assertEqual(found("mirrors", tree), [("protocol/grammar/b.cc", 1)])


    def test_a_part_of_a_source_is_covered_by_the_test_of_the_whole(self):
        tree = {"protocol/a.h": "", "protocol/a.cc": "", "protocol/a_more.cc": "", "protocol/a_other.cc": "",
                "protocol/a_other.h": "", "tests/protocol/a_test.cc": ""}
        self.assertEqual(found("mirrors", tree), [("protocol/a_other.cc", 1)])


class Seams(unittest.TestCase):
    def test_clocks_timers_and_sockets(self):
        code = ("#include <sys/socket.h>\n#include <boost/asio/ip/tcp.hpp>\nauto a = std::chrono::steady_clock::now();\n"
                "auto b = ::time(nullptr);\nauto c = ::socket(1, 2, 3);\nasio::steady_timer d(e);\nauto f = clock.now();\n"
                '// steady_clock::now() in a comment\nlog("steady_clock::now()");\nvoid Server::listen(int);\n')
        tree = {"server/a.cc": code, "transport/a.cc": code, "tests/server/a_test.cc": code}
        self.assertEqual(found("seams", tree), [("server/a.cc", n) for n in range(1, 7)])


if __name__ == "__main__":
    unittest.main()
