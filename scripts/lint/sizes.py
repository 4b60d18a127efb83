"""No file over 600 lines, no function over 80: what does not fit is two things."""

from _source import CONTROL, Finding, files, is_block, main, pairs, statement_start, tokens

FILE_LINES = 600
FUNCTION_LINES = 80
SCOPES = {"namespace", "class", "struct", "union", "enum", "extern"}


def function_bodies(stream, partner):
    """(first line, last line) of every function; a lambda counts as lines of the function around it."""
    at = 0
    while at < len(stream):
        if stream[at].text == "{":
            start = statement_start(stream, partner, at)
            head = [token.text for token in stream[start:at]]
            close = partner.get(at, at)
            is_scope = "(" not in head and SCOPES & set(head)
            if not is_block(stream, partner, at):
                at = close
            elif "(" in head and not is_scope and head[0] not in CONTROL:
                yield stream[start].line, stream[close].line
                at = close
        at += 1


def check(root):
    for path in files(root, ".h", ".cc", ".py", ".sh"):
        name = path.relative_to(root)
        text = path.read_text()
        lines = text.count("\n")
        if lines > FILE_LINES:
            yield Finding(name, FILE_LINES + 1, f"the file has {lines} lines; {FILE_LINES} is the most")
        if path.suffix not in (".h", ".cc"):
            continue
        stream = tokens(text)
        for first, last in function_bodies(stream, pairs(stream)):
            if last - first + 1 > FUNCTION_LINES:
                yield Finding(name, first, f"the function has {last - first + 1} lines; {FUNCTION_LINES} is the most")


if __name__ == "__main__":
    main(check)
