// What the MIME fields of a header say, RFC 2045: Content-Type, Content-Transfer-Encoding.
//
//   for (HeaderFields fields(header); fields.next();) {
//     if (fields.is("CONTENT-TYPE")) type = read_content_type(fields.value());
//   }
//
// Written by anybody, so read with patience: comments, odd white space, missing quotes. Nothing here fails;
// what cannot be read is empty.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace postrider::queue {

// The fields of a header, whose lines end in CRLF, one after the other. Lines that are no field belong to the
// one before.
class HeaderFields {
 public:
  // `header` outlives this.
  explicit HeaderFields(std::string_view header) noexcept : rest_(header) {}

  bool next() noexcept;

  // Of the current field: all of it with its line ends, its name, what stands behind the colon with its
  // folds.
  std::string_view whole() const noexcept { return whole_; }
  std::string_view name() const noexcept { return name_; }
  std::string_view value() const noexcept { return value_; }
  // `name` in any case.
  bool is(std::string_view name) const noexcept;

 private:
  std::string_view rest_;
  std::string_view whole_;
  std::string_view name_;
  std::string_view value_;
};

// A value as one line: without line ends, and without white space around it. At most `bound` octets.
std::string unfolded(std::string_view value, std::size_t bound);

struct ContentType {
  std::string type;     // in lower case, "text"; empty: not given or not readable
  std::string subtype;  // in lower case, "plain"
  std::string boundary;

  bool is(std::string_view a, std::string_view b) const noexcept { return type == a && subtype == b; }
};
ContentType read_content_type(std::string_view value);

// The first word in lower case: "8bit".
std::string read_transfer_encoding(std::string_view value);

}  // namespace postrider::queue
