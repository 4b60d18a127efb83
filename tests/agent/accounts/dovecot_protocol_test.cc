#include "postrider/agent/accounts/dovecot_protocol.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace postrider::agent::dovecot {
namespace {

std::string shown(std::string_view text) {
  const auto line = parse_line(text);
  if (!line) return "error: " + std::string(line.error());
  if (const auto* version = std::get_if<Version>(&*line)) return "version " + std::to_string(version->major);
  if (const auto* mechanism = std::get_if<Mechanism>(&*line)) {
    return "mechanism " + mechanism->name + (mechanism->anonymous ? " anonymous" : "") +
           (mechanism->hidden ? " hidden" : "");
  }
  if (std::holds_alternative<Done>(*line)) return "done";
  if (const auto* go_on = std::get_if<Continue>(&*line)) {
    return "continue " + std::to_string(go_on->id) + " " + std::string(go_on->base64);
  }
  if (const auto* accepted = std::get_if<Accepted>(&*line)) {
    return "accepted " + std::to_string(accepted->id) + " " + accepted->user;
  }
  if (const auto* refused = std::get_if<Refused>(&*line)) {
    return "refused " + std::to_string(refused->id) + (refused->temporary ? " temporary" : "");
  }
  return "ignored";
}

TEST(DovecotLine, Table) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"VERSION\t1\t2", "version 1"},
      {"VERSION\t2\t0", "version 2"},
      {"VERSION", "error: VERSION without a number"},
      {"VERSION\tx", "error: VERSION without a number"},
      {"MECH\tPLAIN\tplaintext", "mechanism PLAIN"},
      {"MECH\tANONYMOUS\tanonymous", "mechanism ANONYMOUS anonymous"},
      {"MECH\tX\tprivate", "mechanism X hidden"},
      {"MECH", "error: MECH without a name"},
      {"MECH\t", "error: MECH without a name"},
      {"SPID\t12", "ignored"},
      {"CUID\t1", "ignored"},
      {"COOKIE\tabc", "ignored"},
      {"", "ignored"},
      {"DONE", "done"},
      {"CONT\t1\tQUJD", "continue 1 QUJD"},
      {"CONT\t1\t", "continue 1 "},
      {"CONT\t1", "continue 1 "},
      {"CONT\t1\tQU", "error: CONT without base64"},
      {"CONT\t1\t250 Ok\r", "error: CONT without base64"},
      {"CONT", "error: a reply without a number"},
      {"CONT\t-1\tQUJD", "error: a reply without a number"},
      {"CONT\t4294967296\tQUJD", "error: a reply without a number"},
      {"OK\t1\tuser=fred\tx", "accepted 1 fred"},
      {"OK\t1\tuser=a\x01"
       "1b",
       "error: OK without a user"},
      {"OK\t1\tuser=a\x01", "error: OK with a malformed user"},
      {"OK\t1\tuser=a\x01x", "error: OK with a malformed user"},
      {"OK\t1", "error: OK without a user"},
      {"OK\t1\tuser=", "error: OK without a user"},
      {"OK\t1\tuser=a\rb", "error: OK without a user"},
      {"FAIL\t1\tuser=fred", "refused 1"},
      {"FAIL\t1\tuser=fred\ttemp", "refused 1 temporary"},
      {"FAIL\t1\tcode=temp_fail", "refused 1 temporary"},
      {"FAIL", "error: a reply without a number"},
  };
  for (const auto& [line, expected] : rows) EXPECT_EQ(shown(line), expected) << line;
  EXPECT_EQ(shown("OK\t1\tuser=" + std::string(256, 'u')), "error: OK without a user");
}

}  // namespace
}  // namespace postrider::agent::dovecot
