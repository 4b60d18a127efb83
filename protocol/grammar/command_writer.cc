// The other direction of command.h: write_command.
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "postrider/protocol/grammar/command.h"
#include "postrider/protocol/grammar/recognise.h"

namespace postrider::protocol {
namespace {

// No command comes near this; it keeps a mistaken argument from filling the memory.
constexpr std::size_t kMaxLine = 64 * 1024;

// Appends to a string, up to kMaxLine octets.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) noexcept : out_(out), begin_(out.size()) {}

  LineWriter& put(std::string_view text) {
    too_long_ = too_long_ || text.size() > kMaxLine - (out_.size() - begin_);
    if (!too_long_) out_.append(text);
    return *this;
  }
  template <class Integer>
  LineWriter& put_number(Integer number) {
    char digits[24];
    const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
    return put({digits, static_cast<std::size_t>(end.ptr - digits)});
  }
  [[nodiscard]] bool too_long() const noexcept { return too_long_; }
  // What was appended.
  [[nodiscard]] std::string_view line() const noexcept { return std::string_view(out_).substr(begin_); }
  void undo() { out_.resize(begin_); }

 private:
  std::string& out_;
  std::size_t begin_;
  bool too_long_ = false;
};

std::string_view to_text(BodyType body) noexcept {
  switch (body) {
    case BodyType::seven_bit: return "7BIT";
    case BodyType::eight_bit_mime: return "8BITMIME";
    case BodyType::binary_mime: return "BINARYMIME";
  }
  return "";
}

void put_registered(const RegisteredParameters& registered, LineWriter& line) {
  std::string_view list = registered.text;
  Parameter parameter;
  while (recognise::next_parameter(list, parameter)) {
    if (recognise::is_core_parameter(parameter.keyword)) continue;
    line.put(" ").put(parameter.keyword);
    if (parameter.value) line.put("=").put(*parameter.value);
  }
}

void put_parameters(const MailParameters& p, LineWriter& line) {
  if (p.size) line.put(" SIZE=").put_number(*p.size);
  if (p.body) line.put(" BODY=").put(to_text(*p.body));
  if (p.smtputf8) line.put(" SMTPUTF8");
  if (p.require_tls) line.put(" REQUIRETLS");
  if (p.ret) line.put(*p.ret == DsnReturn::full ? " RET=FULL" : " RET=HDRS");
  if (!p.envid.empty()) line.put(" ENVID=").put(p.envid);
  if (!p.auth.empty()) line.put(" AUTH=").put(p.auth);
  if (p.mt_priority) line.put(" MT-PRIORITY=").put_number(static_cast<int>(*p.mt_priority));
  if (p.deliver_by) {
    line.put(" BY=").put_number(p.deliver_by->seconds);
    line.put(p.deliver_by->mode == DeliverBy::Mode::notify ? ";N" : ";R").put(p.deliver_by->trace ? "T" : "");
  }
  if (p.future_release && !p.future_release->until.empty()) {
    line.put(" HOLDUNTIL=").put(p.future_release->until);
  } else if (p.future_release) {
    line.put(" HOLDFOR=").put_number(p.future_release->seconds);
  }
  put_registered(p.registered, line);
}

void put_parameters(const RcptParameters& p, LineWriter& line) {
  if (p.notify.never) line.put(" NOTIFY=NEVER");
  if (p.notify.success || p.notify.failure || p.notify.delay) {
    std::string_view separator = " NOTIFY=";
    const auto element = [&](bool wanted, std::string_view word) {
      if (!wanted) return;
      line.put(separator).put(word);
      separator = ",";
    };
    element(p.notify.success, "SUCCESS");
    element(p.notify.failure, "FAILURE");
    element(p.notify.delay, "DELAY");
  }
  if (!p.orcpt_type.empty()) line.put(" ORCPT=").put(p.orcpt_type).put(";").put(p.orcpt_address);
  put_registered(p.registered, line);
}

void put_argument(std::string_view argument, LineWriter& line) {
  if (!argument.empty()) line.put(" ").put(argument);
}

// One overload for each alternative of Command. None of them checks anything: the line is read back
// afterwards.
struct Put {
  LineWriter& line;

  void operator()(const Plain& c) const { put_argument(c.argument, line.put(to_string(c.verb))); }
  void operator()(const Hello& c) const { line.put(to_string(c.verb)).put(" ").put(c.name.text()); }
  void operator()(const Mail& c) const {
    line.put("MAIL FROM:<").put(c.from.null ? std::string_view() : c.from.mailbox.text()).put(">");
    put_parameters(c.parameters, line);
  }
  void operator()(const Rcpt& c) const {
    line.put("RCPT TO:<").put(c.to.postmaster ? "Postmaster" : c.to.mailbox.text()).put(">");
    put_parameters(c.parameters, line);
  }
  void operator()(const Bdat& c) const { line.put("BDAT ").put_number(c.size).put(c.last ? " LAST" : ""); }
  void operator()(const Auth& c) const {
    line.put("AUTH ").put(c.mechanism);
    if (c.initial) line.put(" ").put(*c.initial);
  }
  void operator()(const Extended& c) const {
    if (c.verb != nullptr) put_argument(c.argument, line.put(c.verb->name));
  }
};

}  // namespace

Result<void> write_command(const Command& command, std::string& out, const ExtensionTable* extensions) {
  LineWriter line(out);
  std::visit(Put{line}, command);
  if (line.too_long()) {
    line.undo();
    return fail(Errc::line_too_long);
  }
  // The proof that the line says this command and nothing else: whatever an argument smuggled in (a second
  // parameter, a bracket, an octet that breaks lines) makes it read back as another command, or as none.
  const Syntax syntax{.utf8 = Utf8::yes, .leniency = {}, .extensions = extensions};
  const ParsedLine read_back = parse_command(line.line(), syntax);
  if (!read_back.command || *read_back.command != command) {
    line.undo();
    return fail(Errc::bad_syntax);
  }
  out.append("\r\n");
  return {};
}

}  // namespace postrider::protocol
