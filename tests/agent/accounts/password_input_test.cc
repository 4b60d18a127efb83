#include "postrider/agent/accounts/password_input.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

std::string read(const std::string& text) {
  std::istringstream in(text);
  const PasswordResult password = read_password_line(in);
  return password ? std::string(password->view()) : "error: " + password.error();
}

TEST(ReadPasswordLine, TakesTheFirstLine) {
  EXPECT_EQ(read("pencil\nmore\n"), "pencil");
  EXPECT_EQ(read("pencil\r\n"), "pencil");
  EXPECT_EQ(read("pencil"), "pencil");
  EXPECT_EQ(read(" with spaces \n"), " with spaces ");
  EXPECT_EQ(read(std::string(1024, 'p') + "\n"), std::string(1024, 'p'));
}

TEST(ReadPasswordLine, SaysWhatIsWrong) {
  EXPECT_EQ(read(""), "error: there is no password on stdin");
  EXPECT_EQ(read("\n"), "error: the password is empty");
  EXPECT_EQ(read(std::string(1025, 'p')), "error: the password is longer than 1024 octets");
  EXPECT_NE(read("a\tb\n").find("error: the password is no UTF-8"), std::string::npos);
  EXPECT_NE(read("\xff\n").find("error: "), std::string::npos);
}

}  // namespace
}  // namespace postrider::agent
