#include "postrider/agent/serve/trace_header.h"

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

TraceInfo example() {
  TraceInfo info;
  info.sender = "alice@example.net";
  info.hello = "client.example";
  info.peer = *transport::Endpoint::parse("192.0.2.1:4711");
  info.hostname = "mx.example.org";
  info.id = "abc-1";
  info.recipient = "bob@example.org";
  info.time = transport::SystemTime(std::chrono::seconds(1795300264));
  return info;
}

TEST(TraceHeader, IsReturnPathAndReceived) {
  EXPECT_EQ(trace_header(example()),
            "Return-Path: <alice@example.net>\r\n"
            "Received: from client.example ([192.0.2.1])\r\n"
            "\tby mx.example.org with ESMTP id abc-1\r\n"
            "\tfor <bob@example.org>; Sat, 21 Nov 2026 22:31:04 +0000\r\n");
}

TEST(TraceHeader, NamesNobodyWhereThereAreSeveralRecipients) {
  TraceInfo info = example();
  info.sender = "";
  info.recipient.reset();
  EXPECT_EQ(trace_header(info),
            "Return-Path: <>\r\n"
            "Received: from client.example ([192.0.2.1])\r\n"
            "\tby mx.example.org with ESMTP id abc-1;\r\n"
            "\tSat, 21 Nov 2026 22:31:04 +0000\r\n");
}

TEST(TraceHeader, SaysWhatAGatewayToldOfTheClient) {
  TraceInfo info = example();
  info.peer_name = "spike.example";
  EXPECT_NE(trace_header(info).find("Received: from client.example (spike.example [192.0.2.1])\r\n"),
            std::string::npos);
  info.hello = "";
  EXPECT_NE(trace_header(info).find("Received: from spike.example ([192.0.2.1])\r\n"), std::string::npos);
  info.peer = transport::Endpoint();  // [UNAVAILABLE]
  EXPECT_NE(trace_header(info).find("Received: from unknown\r\n"), std::string::npos);
}

TEST(TraceHeader, NamesTheProtocol) {
  struct Case {
    protocol::Flavor flavor;
    bool extended;
    bool utf8;
    std::string_view word;
  };
  for (const Case& each : {Case{protocol::Flavor::smtp, true, false, " with ESMTP id "},
                           Case{protocol::Flavor::smtp, false, false, " with SMTP id "},
                           Case{protocol::Flavor::smtp, true, true, " with UTF8SMTP id "},
                           Case{protocol::Flavor::lmtp, true, false, " with LMTP id "},
                           Case{protocol::Flavor::lmtp, true, true, " with UTF8LMTP id "}}) {
    TraceInfo info = example();
    info.flavor = each.flavor;
    info.extended_hello = each.extended;
    info.smtputf8 = each.utf8;
    EXPECT_NE(trace_header(info).find(each.word), std::string::npos) << each.word;
  }
}

// RFC 3848, RFC 6531 4.3
TEST(TraceHeader, SaysHowTheMessageWasProtected) {
  struct Case {
    bool tls, login, utf8, extended, lmtp;
    std::string_view word;
  };
  for (const Case& each : {Case{true, false, false, true, false, " with ESMTPS id "},
                           Case{true, true, false, true, false, " with ESMTPSA id "},
                           Case{false, true, false, true, false, " with ESMTPA id "},
                           Case{true, true, true, true, false, " with UTF8SMTPSA id "},
                           Case{true, false, false, false, false, " with SMTP id "},
                           Case{true, false, false, true, true, " with LMTPS id "}}) {
    TraceInfo info = example();
    info.tls_version = each.tls ? "TLSv1.3" : "";
    info.tls_cipher = each.tls ? "TLS_AES_128_GCM_SHA256" : "";
    info.authenticated = each.login;
    info.smtputf8 = each.utf8;
    info.extended_hello = each.extended;
    info.flavor = each.lmtp ? protocol::Flavor::lmtp : protocol::Flavor::smtp;
    const std::string header = trace_header(info);
    EXPECT_NE(header.find(each.word), std::string::npos) << header;
    EXPECT_EQ(header.find("\r\n\ttls TLS_AES_128_GCM_SHA256 (TLSv1.3);") != std::string::npos, each.tls)
        << header;
  }
}

TEST(TraceHeader, SaysThatTheClientsCertificateWasVerified) {
  TraceInfo info = example();
  info.tls_version = "TLSv1.3";
  info.tls_cipher = "TLS_AES_128_GCM_SHA256";
  info.client_verified = true;
  EXPECT_NE(
      trace_header(info).find("\r\n\ttls TLS_AES_128_GCM_SHA256 (TLSv1.3, client certificate verified);"),
      std::string::npos);
}

TEST(TraceHeader, NamesTheClient) {
  struct Case {
    std::string_view hello;
    std::string_view peer;
    bool utf8;
    std::string_view from;
  };
  for (const Case& each :
       {Case{"c.example", "[2001:db8::1]:1", false, "from c.example ([IPv6:2001:db8::1])\r\n"},
        Case{"[192.0.2.9]", "192.0.2.1:1", false, "from [192.0.2.9] ([192.0.2.1])\r\n"},
        Case{"", "192.0.2.1:1", false, "from [192.0.2.1]\r\n"},
        Case{"b\xc3\xbc.example", "192.0.2.1:1", false, "from [192.0.2.1]\r\n"},
        Case{"b\xc3\xbc.example", "192.0.2.1:1", true, "from b\xc3\xbc.example ([192.0.2.1])\r\n"},
        Case{"c.example", "unix:/run/x", false, "from c.example\r\n"},
        Case{"", "unix:/run/x", false, "from localhost\r\n"}}) {
    TraceInfo info = example();
    info.hello = each.hello;
    info.peer = *transport::Endpoint::parse(each.peer);
    info.smtputf8 = each.utf8;
    EXPECT_NE(trace_header(info).find(each.from), std::string::npos) << trace_header(info);
  }
}

TEST(TraceHeader, WritesDatesAsMailHasThem) {
  EXPECT_EQ(mail_date(transport::SystemTime()), "Thu, 01 Jan 1970 00:00:00 +0000");
  EXPECT_EQ(mail_date(transport::SystemTime(std::chrono::seconds(1709208000))),
            "Thu, 29 Feb 2024 12:00:00 +0000");
}

}  // namespace
}  // namespace postrider::agent
