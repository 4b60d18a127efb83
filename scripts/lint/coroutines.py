"""g++ 12 miscompiles some expressions that contain co_await (a temporary is destroyed twice); these are the shapes we
do not write. One co_await a statement, its result bound to a named variable, and within that statement no braces, no
capturing lambda, no && || ?:. A lambda with captures is never a coroutine: the captures may die before the frame."""

from _source import OPENING, CLOSING, Finding, files, is_block, is_lambda, main, pairs, statement_start, tokens

SUSPENDS = ("co_await", "co_yield")
BOUND_BY = ("=", "co_return", "return", ";", "{", "}", ":", "else", "do")


def statement_end(stream, partner, start, index):
    """One past the last token of the full expression that contains index: its ; or the block that follows."""
    at = start
    depth = 0
    while at < len(stream):
        text = stream[at].text
        if text == "{" and is_block(stream, partner, at):
            if depth == 0:
                return at
            at = partner.get(at, at)  # the body of a lambda that is an argument
        elif text in OPENING:
            depth += 1
        elif text in CLOSING:
            depth -= 1
            if depth < 0:
                return at
        elif text == ";" and at > index:
            return at
        at += 1
    return at


def lambda_body(stream, partner, index):
    """The index of the { of the lambda whose [ is at index, or None."""
    at = partner.get(index, index) + 1
    while at < len(stream) and stream[at].text not in ("{", ";", ","):
        if stream[at].text in ("(", "["):
            at = partner.get(at, at)
        at += 1
    return at if at < len(stream) and stream[at].text == "{" else None


def own_tokens(stream, partner, start, end):
    """The indices of a statement without the bodies of its lambdas."""
    at = start
    while at < end:
        yield at
        if stream[at].text == "{" and is_block(stream, partner, at):
            at = partner.get(at, at)
        at += 1


def is_reference(stream, index):
    """Whether the && at index belongs to a declaration: auto&& name, Type&&>."""
    before = stream[index - 1].text if index else ""
    after = stream[index + 1].text if index + 1 < len(stream) else ""
    return before in ("auto", ">") and stream[index].text == "&&" and (after[:1].isalpha() or after in ("[", "_"))


def statement_findings(stream, partner, index):
    start = statement_start(stream, partner, index)
    end = statement_end(stream, partner, start, index)
    own = list(own_tokens(stream, partner, start, end))
    texts = [stream[i].text for i in own]
    if sum(text in SUSPENDS for text in texts) > 1:
        yield "more than one co_await in a statement"
    if "&&" in (stream[i].text for i in own if not is_reference(stream, i)) or "||" in texts:
        yield "&& or || in a statement with co_await"
    if "?" in texts:
        yield "?: in a statement with co_await"
    if any(stream[i].text == "{" and not is_block(stream, partner, i) for i in own):
        yield "braces in a statement with co_await"
    for i in own:
        if is_lambda(stream, partner, i) and partner.get(i, i) > i + 1:
            yield "capturing lambda in a statement with co_await"
    keyword = condition_of(stream, partner, index)
    if keyword and stream[index - 1].text not in ("=", ":"):
        yield f"co_await in the condition of {keyword}; bind its result to a name first"
    elif not bound(stream, partner, start, index):
        yield "the result of co_await is not bound to a name before it is used"


def condition_of(stream, partner, index):
    """The keyword whose brackets contain index, or None."""
    at = index - 1
    while at >= 0:
        text = stream[at].text
        if text in (")", "]"):
            at = partner.get(at, at)
        elif text in ("{", "}"):
            return None
        elif text == "(":
            keyword = stream[at - 1].text if at else ""
            if keyword in ("if", "while", "switch", "for"):
                return keyword
        at -= 1
    return None


def bound(stream, partner, start, index):
    """co_await x; · name = co_await x; · co_return co_await x; · (void)co_await x; · for (auto& v : co_await x)"""
    if index == start or stream[index - 1].text in BOUND_BY:
        return all_balanced(stream, start, index)
    void = [token.text for token in stream[index - 3:index]]
    return void == ["(", "void", ")"]


def all_balanced(stream, start, index):
    """Whether index stands outside all brackets that opened since start, except those of for ( and if (."""
    depth = 0
    for at in range(start, index):
        text = stream[at].text
        if text in OPENING and not (at > start and stream[at - 1].text in ("for", "if", "switch", "constexpr")):
            depth += 1
        elif text in CLOSING:
            depth -= 1
    return depth <= 0


def check(root):
    for path in files(root, ".h", ".cc"):
        stream = tokens(path.read_text())
        partner = pairs(stream)
        name = path.relative_to(root)
        for index, token in enumerate(stream):
            if token.text in SUSPENDS:
                for message in statement_findings(stream, partner, index):
                    yield Finding(name, token.line, message)
            if is_lambda(stream, partner, index) and partner.get(index, index) > index + 1:
                body = lambda_body(stream, partner, index)
                if body is not None and coroutine_body(stream, partner, body):
                    yield Finding(name, token.line, "a lambda with captures is a coroutine; make it a named function")


def coroutine_body(stream, partner, body):
    """Whether the { at body is that of a coroutine; lambdas within it do not count."""
    at = body + 1
    end = partner.get(body, body)
    while at < end:
        if stream[at].text in (*SUSPENDS, "co_return"):
            return True
        if is_lambda(stream, partner, at):
            inner = lambda_body(stream, partner, at)
            at = partner.get(inner, at) if inner is not None else at
        at += 1
    return False


if __name__ == "__main__":
    main(check)
