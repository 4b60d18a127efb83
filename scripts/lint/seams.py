"""Only transport/ knows clocks, timers and sockets, so that everything else runs in virtual time on a simulated network.
Tests, benchmarks and examples may use what they like."""

import re

from _source import Finding, blank, files, main

FREE = {"transport", "tests", "bench", "examples", "fuzz", "scripts"}
EXEMPT = {
    "agent/send/host_lookup.cc",  # asks the system for a host that a user typed, once, before anything is connected
}
RULES = [
    (re.compile(r"_clock\s*::\s*now\s*\("), "asks a clock; take transport::Clock"),
    (re.compile(r"\b(clock_gettime|gettimeofday|usleep|nanosleep)\s*\(|\bthis_thread\s*::\s*sleep"), "asks a clock or sleeps"),
    (re.compile(r"\b(?:std\s*::\s*)?time\s*\(\s*(nullptr|NULL|0)\s*\)"), "asks a clock; take transport::Clock"),
    (re.compile(r"\babsl\s*::\s*(Now|GetCurrentTimeNanos|SleepFor)\s*\("), "asks a clock; take transport::Clock"),
    (re.compile(r"\b(steady_timer|system_timer|high_resolution_timer|deadline_timer)\b"), "arms a timer; take the one of transport"),
    (re.compile(r"(?<![\w>])::\s*(socket|connect|bind|listen|accept|accept4|recv|recvmsg|sendmsg|getaddrinfo)\s*\("), "touches a socket"),
    (re.compile(r"\bip\s*::\s*(tcp|udp)\b|\blocal\s*::\s*stream_protocol\b"), "touches a socket"),
]
INCLUDES = re.compile(
    r"#\s*include\s*<(sys/socket\.h|sys/un\.h|sys/epoll\.h|netinet/tcp\.h|netdb\.h|poll\.h|"
    r"boost/asio/ip/(tcp|udp)\.hpp|boost/asio/local/.*|boost/asio/\w*timer\.hpp)>")


def check(root):
    for path in files(root, ".h", ".cc"):
        name = path.relative_to(root)
        if name.parts[0] in FREE or str(name) in EXEMPT:
            continue
        text = path.read_text()
        for number, line in enumerate(text.splitlines(), 1):
            if INCLUDES.match(line):
                yield Finding(name, number, "includes sockets or timers; they stay in transport/")
        for number, line in enumerate(blank(text).splitlines(), 1):
            for pattern, message in RULES:
                if pattern.search(line):
                    yield Finding(name, number, message)


if __name__ == "__main__":
    main(check)
