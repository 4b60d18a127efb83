// What somebody writes who has only the installed core: reads a command and a reply, and writes a command.
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>

#include <postrider/protocol/framing/reply_reader.h>
#include <postrider/protocol/grammar/command.h>
#include <postrider/protocol/grammar/reply.h>
#include <postrider/protocol/limits.h>

namespace smtp = postrider::protocol;

namespace {

bool complain(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  return false;
}

bool command_round_trip() {
  const std::string_view line = "MAIL FROM:<fido@kennel.example> SIZE=512";
  const smtp::ParsedLine parsed = smtp::parse_command(line, smtp::Syntax());
  if (!parsed.command) return complain("a good command was refused");
  if (!std::holds_alternative<smtp::Mail>(*parsed.command))
    return complain("MAIL was read as something else");
  std::string wire;
  if (!smtp::write_command(*parsed.command, wire)) return complain("the command cannot be written");
  if (wire != std::string(line) + "\r\n") return complain("the command was written differently");
  std::printf("command: %s", wire.c_str());
  return !smtp::parse_command("MAIL FROM:<fido@kennel.example", smtp::Syntax()).command ||
         complain("a bad command was accepted");
}

bool reply_is_read() {
  const smtp::Limits limits;
  smtp::ReplyReader reader(limits);
  const std::string_view wire = "550-5.1.1 No such user\r\n550 5.1.1 Ask the postmaster\r\n";
  const smtp::ReplyReader::Read half = reader.next(wire.substr(0, 9));
  if (half.reply) return complain("half a line was taken for a reply");
  std::string_view rest = wire.substr(half.consumed);
  while (!rest.empty()) {
    const smtp::ReplyReader::Read read = reader.next(rest);
    rest.remove_prefix(read.consumed);
    if (!read.reply) continue;
    if (!*read.reply) return complain("a good reply was refused");
    std::printf("reply: %s\n", smtp::to_log_line(**read.reply).c_str());
    return (*read.reply)->code.value() == 550 && rest.empty();
  }
  return complain("the reply never ended");
}

}  // namespace

int main() { return command_round_trip() && reply_is_read() ? 0 : 1; }
