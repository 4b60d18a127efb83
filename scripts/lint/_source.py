"""What the checks share: the files of a tree, C++ as tokens, and the way findings are printed.

Every check is a function (root) -> findings, started by main(). A finding is (path, line, message). A check takes the
tree from its first argument, so that its own test can hand it a tree of samples.
"""

import re
import sys
from bisect import bisect_right
from collections import namedtuple
from pathlib import Path

Finding = namedtuple("Finding", "path line message")
Token = namedtuple("Token", "text line")

SKIPPED = {".git", "build", "__pycache__", "postrider-state"}
SAMPLES = ("tests", "lint", "samples")


def files(root, *suffixes):
    """All files under root with one of the suffixes (none: all), in a fixed order."""
    found = []
    pending = [root]
    while pending:
        folder = pending.pop()
        for path in folder.iterdir():
            relative = path.relative_to(root).parts
            if path.name in SKIPPED or path.is_symlink() or relative == SAMPLES:
                continue
            if path.is_dir():
                pending.append(path)
            elif not suffixes or path.suffix in suffixes:
                found.append(path)
    return sorted(found)


def blank(text, keep_comments=False):
    """C++ text with comments, literals and preprocessor lines made blank; every line keeps its number."""
    pattern = re.compile(
        r'(?P<raw>R"(?P<delimiter>[^\s()\\]{0,16})\(.*?\)(?P=delimiter)")'
        r'|(?P<string>"(?:[^"\\\n]|\\.)*")'
        # An apostrophe between digits separates them.
        r"|(?P<char>(?<![0-9a-fA-F])'(?:[^'\\\n]|\\.)+')"
        r"|(?P<comment>//[^\n]*|/\*.*?\*/)"
        r"|(?P<directive>(?m:^)[ \t]*\#(?:[^\n\\]|\\.|\\\n)*)",
        re.S,
    )

    def replace(match):
        if match.lastgroup == "comment" and keep_comments:
            return match.group()
        lines = "\n" * match.group().count("\n")
        # A literal stays a token, for rules that look at what stands beside it.
        return ('""' if match.lastgroup in ("raw", "string", "char", "delimiter") else "") + lines

    return pattern.sub(replace, text)


TOKEN = re.compile(r'""|[A-Za-z_]\w*|\.?\d(?:[\w.\']|[eEpP][+-])*|::|->|&&|\|\||<=>|[-+*/%&|^=!<>]=|<<|>>(?!>)|\+\+|--|\S')


def tokens(text):
    """The tokens of C++ text, without comments and directives."""
    text = blank(text)
    starts = [0] + [m.end() for m in re.finditer("\n", text)]
    return [Token(m.group(), bisect_right(starts, m.start())) for m in TOKEN.finditer(text)]


OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {close: opening for opening, close in OPENING.items()}


def pairs(stream):
    """For every bracket its partner's index, both ways. Unbalanced input gives what can be had."""
    partner = {}
    open_brackets = []
    for index, token in enumerate(stream):
        if token.text in OPENING:
            open_brackets.append(index)
        elif token.text in CLOSING and open_brackets:
            start = open_brackets.pop()
            partner[start] = index
            partner[index] = start
    return partner


def statement_start(stream, partner, index):
    """Where the statement or head that contains `index` begins: after the last ; or block, or after if (…)."""
    at = index - 1
    while at >= 0:
        text = stream[at].text
        if text == ")":
            opening = partner.get(at, at)
            if opening > 0 and stream[opening - 1].text in ("if", "for", "while", "switch", "constexpr"):
                return at + 1
            at = opening
        elif text == "]":
            at = partner.get(at, at)
        elif text == "}" and at in partner and not is_block(stream, partner, partner[at]):
            at = partner[at]
        elif text in (";", "}", "else", "do") or (text == "{" and is_block(stream, partner, at)):
            return at + 1
        at -= 1
    return 0


CONTROL = {"if", "for", "while", "switch", "catch", "do", "else", "try"}
AFTER_SIGNATURE = {"const", "noexcept", "override", "final", "mutable", "&", "&&"}


def is_block(stream, partner, index):
    """Whether the { at index opens a block, body or scope, and not a braced initializer."""
    known = ("block", index)
    if known not in partner:
        partner[known] = opens_block(stream, partner, index)
    return partner[known]


def opens_block(stream, partner, index):
    if index == 0:
        return True
    before = stream[index - 1].text
    if before in (")", ";", "{", "}", ":", "else", "do", "try", *AFTER_SIGNATURE):
        return before != "}" or index - 1 not in partner or is_block(stream, partner, partner[index - 1])
    start = statement_start(stream, partner, index)
    head = [token.text for token in stream[start:index]]
    if head[:1] and head[0] in ("namespace", "extern", "class", "struct", "union", "enum", "template", "export"):
        if head[0] != "template" or not {"(", "="} & set(head):
            return "=" not in head
    if before == "]":
        return is_lambda(stream, partner, partner.get(index - 1, index - 1))
    # A trailing return type: ) … -> Type {
    depth = 0
    for at in range(index - 1, start - 1, -1):
        text = stream[at].text
        if text in CLOSING:
            depth += 1
        elif text in OPENING:
            depth -= 1
            if depth < 0:
                return False
        elif depth == 0 and text == "->" and at > 0:
            back = at - 1
            while back > start and stream[back].text in AFTER_SIGNATURE:
                back -= 1
            return stream[back].text in (")", "]")
        elif depth == 0 and text in ("=", ",", "return", "co_return", "co_await", "?"):
            return False
    return False


def is_lambda(stream, partner, index):
    """Whether the [ at index introduces a lambda."""
    if stream[index].text != "[" or (index + 1 < len(stream) and stream[index + 1].text == "["):
        return False
    if index == 0:
        return False
    before = stream[index - 1].text
    if before in ("auto", "[") or (before in ("&", "&&") and index > 1 and stream[index - 2].text == "auto"):
        return False
    if before in ("return", "co_return", "co_await", "co_yield"):
        return True
    return not (re.match(r"\w", before) or before in (")", "]", '""'))


def main(check):
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    findings = sorted(set(check(root)))
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.message}")
    sys.exit(1 if findings else 0)
