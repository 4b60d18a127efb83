// The path of a `maildir:` destination with its placeholders: "/var/mail/{domain}/{local}".
//
// What a peer writes into an address ends up in a file name here, so this is where it is stopped: a value
// that could leave the folder or make a name that nobody can handle does not expand, and the recipient is
// refused (550 5.1.3). Domains and local parts are folded to lower case (ASCII alone): Bob@ and bob@ are one
// mailbox.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::agent {

// Whether `value` may stand for {local} or {domain}: not empty, no '/', no control octet (NUL with them), no
// leading
// '.' (which covers "." and ".."), and no longer than a file name may be.
bool is_safe_in_path(std::string_view value) noexcept;

// Lower case of the ASCII letters; other octets as they are.
std::string folded(std::string_view text);

class MaildirPath {
 public:
  // Refuses an empty path and any placeholder but {local} and {domain}.
  static std::expected<MaildirPath, std::string> parse(std::string_view text);

  // Relative paths are taken from `folder` from now on.
  void resolve_in(const std::filesystem::path& folder);

  // The mailbox of local@domain, where `local` is without quotes and backslashes. nullopt when either value
  // that the path uses is not safe, or when a component gets longer than a file name may be.
  std::optional<std::filesystem::path> expand(std::string_view local, std::string_view domain) const;

  // Every folder that exists and that expand() could have given, for clean-up at start. Does not follow
  // symbolic links in the place of a placeholder.
  std::vector<std::filesystem::path> existing() const;

  const std::string& text() const noexcept { return text_; }
  friend bool operator==(const MaildirPath&, const MaildirPath&) = default;

 private:
  explicit MaildirPath(std::string_view text) : text_(text) {}

  std::string text_;
};

}  // namespace postrider::agent
