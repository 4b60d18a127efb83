#include "postrider/agent/accounts/password_input.h"

#include <iostream>
#include <utility>

#include <termios.h>
#include <unistd.h>

#include "postrider/protocol/sasl/bounds.h"
#include "postrider/protocol/sasl/prepare.h"

namespace postrider::agent {
namespace {

namespace sasl = protocol::sasl;

// The terminal shows nothing while this lives.
class NoEcho {
 public:
  NoEcho() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!changed_) return;
    struct termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= static_cast<tcflag_t>(ECHONL);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  struct termios before_{};
  bool changed_;
};

}  // namespace

std::expected<void, std::string> check_password(std::string_view password) {
  if (password.empty()) return std::unexpected("the password is empty");
  if (password.size() > sasl::kMaxPassword) return std::unexpected("the password is longer than 1024 octets");
  if (!sasl::is_prepared(password)) {
    return std::unexpected("the password is no UTF-8, or holds a character that no password may have");
  }
  return {};
}

PasswordResult read_password_line(std::istream& in) {
  // One octet more than is allowed, so that a longer line is seen to be one.
  std::string line;
  line.reserve(sasl::kMaxPassword + 2);  // so that it does not move, and leaves nothing behind
  char c = 0;
  bool any = false;
  while (line.size() <= sasl::kMaxPassword && in.get(c)) {
    any = true;
    if (c == '\n') break;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  sasl::Secret password(line);
  sasl::wipe(line);
  if (!any) return std::unexpected("there is no password on stdin");
  if (const auto good = check_password(password.view()); !good) return std::unexpected(good.error());
  return password;
}

PasswordResult ask_for_password() {
  if (::isatty(STDIN_FILENO) == 0) return read_password_line(std::cin);
  const NoEcho quiet;
  std::cerr << "Password: " << std::flush;
  PasswordResult first = read_password_line(std::cin);
  if (!first) return first;
  std::cerr << "Once more: " << std::flush;
  const PasswordResult second = read_password_line(std::cin);
  if (!second || second->view() != first->view())
    return std::unexpected("these were two different passwords");
  return first;
}

}  // namespace postrider::agent
