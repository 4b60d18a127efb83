// A command that owns its text, for envelopes that outlive the receive buffer.
//
//   Result<Owned<Mail>> kept = Owned<Mail>::copy(mail);      // one allocation
//   kept->value().from.mailbox.local_part();                 // the same views, into the copy
//
// Made by writing the command and reading it back, so it holds exactly what could go over the wire. Moving
// one keeps its views valid; copying is explicit.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "postrider/protocol/grammar/command.h"

namespace postrider::protocol {

template <class T>  // Mail, Rcpt, Hello, ...
class Owned {
 public:
  static Result<Owned> copy(const T& value, const ExtensionTable* extensions = nullptr) {
    std::string line;
    if (Result<void> written = write_command(Command(value), line, extensions); !written) {
      return std::unexpected(written.error());
    }
    return parse(std::string_view(line).substr(0, line.size() - 2), extensions);
  }
  // From a line without CRLF, such as "MAIL FROM:<a@example.org>".
  static Result<Owned> parse(std::string_view line, const ExtensionTable* extensions = nullptr) {
    auto text = std::make_unique_for_overwrite<char[]>(line.size());
    line.copy(text.get(), line.size());
    const Syntax syntax{.utf8 = Utf8::yes, .leniency = {}, .extensions = extensions};
    ParsedLine parsed = parse_command({text.get(), line.size()}, syntax);
    if (!parsed.command) return std::unexpected(parsed.command.error());
    T* value = std::get_if<T>(&*parsed.command);
    if (value == nullptr) return std::unexpected(Error{Errc::bad_syntax});
    return Owned(std::move(text), line.size(), *value);
  }

  [[nodiscard]] const T& value() const noexcept { return value_; }
  const T* operator->() const noexcept { return &value_; }
  const T& operator*() const noexcept { return value_; }
  // The command line without CRLF.
  [[nodiscard]] std::string_view line() const noexcept { return {text_.get(), size_}; }

 private:
  Owned(std::unique_ptr<char[]> text, std::size_t size, const T& value)
      : text_(std::move(text)), size_(size), value_(value) {}

  std::unique_ptr<char[]> text_;
  std::size_t size_;
  T value_;
};

}  // namespace postrider::protocol
