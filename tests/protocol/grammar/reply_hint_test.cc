#include "postrider/protocol/grammar/reply_hint.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace postrider::protocol {
namespace {

std::string written(Errc why) {
  std::string out;
  write_reply(reply_hint(why), WriteEnhanced::yes, out);
  return out;
}

TEST(ReplyHint, HasAProperReplyForEverything) {
  for (std::size_t i = 0; i < kErrcCount; ++i) {
    const auto why = static_cast<Errc>(i);
    const ReplyView reply = reply_hint(why);
    EXPECT_TRUE(reply.code.transient() || reply.code.permanent()) << to_string(why);
    EXPECT_TRUE(reply.status.has_value()) << to_string(why);
    EXPECT_FALSE(reply.text.empty()) << to_string(why);
    EXPECT_TRUE(all(reply.text, kPrintable)) << to_string(why);
    // One short line: it is sent for every mistake, and shown to people.
    EXPECT_LE(written(why).size(), 80u) << written(why);
  }
}

TEST(ReplyHint, AnswersAsTheRfcsSay) {
  struct Case {
    Errc why;
    const char* beginning;
  };
  const Case cases[] = {
      {Errc::line_too_long, "500 5.5.2 "},   // RFC 5321 4.5.3.1.9
      {Errc::bare_line_feed, "500 5.5.2 "},  // RFC 5321 2.3.8
      {Errc::bare_carriage_return, "500 5.5.2 "},
      {Errc::nul_octet, "500 5.5.2 "},
      {Errc::unknown_verb, "500 5.5.1 "},          // RFC 5321 4.2.4
      {Errc::verb_not_allowed_now, "503 5.5.1 "},  // RFC 5321 4.1.4
      {Errc::hello_required, "503 5.5.1 "},
      {Errc::bad_syntax, "501 5.5.4 "},  // RFC 5321 4.2.3
      {Errc::missing_argument, "501 5.5.4 "},
      {Errc::unexpected_argument, "501 5.5.4 "},
      {Errc::bad_path, "553 5.1.3 "},  // RFC 5321 4.2.3
      {Errc::bad_domain, "553 5.1.3 "},
      {Errc::bad_address_literal, "553 5.1.3 "},
      {Errc::local_part_too_long, "553 5.1.3 "},
      {Errc::domain_too_long, "553 5.1.3 "},
      {Errc::path_too_long, "553 5.1.3 "},
      {Errc::non_ascii_without_smtputf8, "553 5.6.7 "},  // RFC 6531 3.5
      {Errc::bad_parameter, "501 5.5.4 "},
      {Errc::duplicate_parameter, "501 5.5.4 "},
      {Errc::unknown_parameter, "555 5.5.4 "},  // RFC 5321 4.1.1.11
      {Errc::parameter_not_offered, "555 5.5.4 "},
      {Errc::parameter_value_missing, "501 5.5.4 "},
      {Errc::parameter_value_unexpected, "501 5.5.4 "},
      {Errc::parameter_not_implemented, "504 5.5.4 "},  // RFC 5321 4.2.3
      {Errc::bad_xtext, "501 5.5.4 "},
      {Errc::message_too_big_declared, "552 5.3.4 "},  // RFC 1870 6.1
      {Errc::bad_base64, "501 5.5.2 "},                // RFC 4954 4
      {Errc::auth_line_too_long, "500 5.5.6 "},        // RFC 4954 4
      {Errc::already_authenticated, "503 5.5.1 "},     // RFC 4954 4
      {Errc::unknown_mechanism, "504 5.5.4 "},         // RFC 4954 4
      {Errc::encryption_required, "538 5.7.11 "},      // RFC 4954 6
      {Errc::not_implemented, "502 5.5.1 "},           // RFC 5321 4.2.4
      {Errc::bad_chunk_size, "501 5.5.4 "},
      {Errc::chunk_out_of_sequence, "503 5.5.1 "},  // RFC 3030 2
      {Errc::message_too_big, "552 5.3.4 "},        // RFC 1870 6.3
      {Errc::bare_ending_in_data, "550 5.5.2 "},
      {Errc::nul_in_data, "554 5.6.0 "},
      {Errc::text_line_too_long, "554 5.6.0 "},
      {Errc::binary_needs_chunking, "503 5.5.1 "},  // RFC 3030 3
      {Errc::no_valid_recipients, "554 5.5.1 "},    // RFC 5321 3.3
      {Errc::too_many_recipients, "452 4.5.3 "},    // RFC 5321 4.5.3.1.10
      {Errc::bad_reply_code, "451 4.3.0 "},
      {Errc::reply_code_changed, "451 4.3.0 "},
      {Errc::reply_too_long, "451 4.3.0 "},
      {Errc::unsolicited_reply, "451 4.3.0 "},
      {Errc::plaintext_after_starttls, "554 5.5.1 "},  // RFC 3207 4.2
      {Errc::pipelining_violation, "503 5.5.0 "},      // RFC 2920 3.1
      {Errc::early_talker, "554 5.5.1 "},              // RFC 5321 4.3.1
      {Errc::extension_not_offered, "451 4.3.0 "},
      {Errc::too_many_errors, "421 4.7.0 "},
      {Errc::too_many_commands, "421 4.7.0 "},
      {Errc::misuse, "451 4.3.0 "},
  };
  std::set<Errc> seen;
  for (const Case& c : cases) {
    seen.insert(c.why);
    EXPECT_EQ(written(c.why).substr(0, std::string_view(c.beginning).size()), c.beginning)
        << to_string(c.why);
  }
  EXPECT_EQ(seen.size(), kErrcCount) << "an Errc without a case";
}

}  // namespace
}  // namespace postrider::protocol
