// Changes to octets of SMTP that know where it hurts: at line ends, dots, limits and encodings.
//
//   std::string octets = "DATA\r\n";
//   mutate(choices, octets);                                  // any of them
//   mutate(choices, octets, Mutation::line_end);              // "DATA\r\r\n"
//   mutate(choices, replies, kMostGenerated, Side::server);   // what goes in is a reply, not a command
//
// An empty string stays one for those that need something to change. No result is longer than `most`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "postrider/fuzz/generator/grammar.h"
#include "postrider/fuzz/support/choices.h"

namespace postrider::fuzz {

// Who says the octets.
enum class Side : std::uint8_t { client, server };

enum class Mutation : std::uint8_t {
  line_end,     // one CRLF becomes CR, LF, LF CR, CR CR LF, CR NUL LF, nothing ...
  dot,          // a dot is added to, or taken from, the beginning of a line
  end_of_data,  // one of the ends that some reader takes for CRLF . CRLF goes in
  octet,        // one octet becomes another: NUL, 8-bit, DEL, a space
  repeat_line,  // as "repeated commands"
  drop_line,    // as "missing commands"
  swap_lines,   // as "swapped commands"
  insert_line,  // a command of chance goes in, or a reply
  to_limit,     // a line is made as long as a limit of RFC 5321 4.5.3.1, one less, or one more
  number,       // a number becomes another
  utf8,         // a word becomes UTF-8, cut or overlong
  letter_case,  // of one line
  truncate,     // what follows is missing
  duplicate,    // a piece comes twice
};
inline constexpr std::size_t kMutationCount = static_cast<std::size_t>(Mutation::duplicate) + 1;

std::string_view to_string(Mutation mutation) noexcept;

// The ends of data that readers have been seen to take for the one of RFC 5321 4.5.2, which is the first.
inline constexpr std::array<std::string_view, 12> kEndsOfData{{{"\r\n.\r\n", 5},
                                                               {"\n.\n", 3},
                                                               {"\n.\r\n", 4},
                                                               {"\r\n.\n", 4},
                                                               {"\r.\r", 3},
                                                               {"\r.\r\n", 4},
                                                               {"\r\n.\r", 4},
                                                               {"\n.\r", 3},
                                                               {"\r\r\n.\r\r\n", 7},
                                                               {"\r\n\0.\r\n", 6},
                                                               {"\r\n.\0\r\n", 6},
                                                               {"\r\n.\r\r\n", 6}}};

void mutate(Choices& choices, std::string& octets, Mutation mutation, std::size_t most = kMostGenerated,
            Side side = Side::client);
// One by chance.
Mutation mutate(Choices& choices, std::string& octets, std::size_t most = kMostGenerated,
                Side side = Side::client);

}  // namespace postrider::fuzz
