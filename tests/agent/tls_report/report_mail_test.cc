#include "postrider/agent/tls_report/report_mail.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "postrider/agent/tls_report/gzip.h"
#include "postrider/queue/content_scan.h"

namespace postrider::agent {
namespace {

ReportMail sample() {
  ReportMail mail;
  mail.domain = "example.org";
  mail.submitter = "example.net";
  mail.from = "tls@example.net";
  mail.to = {"reports@example.org", "\"odd one\"@example.com"};
  mail.report_id = "1795824000.example.org.abc";
  mail.message_id = "0123.tls-report@example.net";
  mail.day = ReportCounts::Day(std::chrono::year(2026) / 11 / 28);
  mail.unique_id = "abc";
  mail.date = queue::Time(mail.day) + std::chrono::hours(25);
  mail.gzipped_json = "not looked at";
  return mail;
}

TEST(ReportMail, IsWhatTheRfcAsksFor) {  // RFC 8460 5.3
  EXPECT_EQ(write_report_mail(sample()),
            "Date: Sun, 29 Nov 2026 01:00:00 +0000\r\n"
            "From: <tls@example.net>\r\n"
            "To: <reports@example.org>,\r\n"
            " <\"odd one\"@example.com>\r\n"
            "Subject: Report Domain: example.org Submitter: example.net Report-ID:\r\n"
            " <1795824000.example.org.abc@example.net>\r\n"
            "Message-ID: <0123.tls-report@example.net>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "TLS-Required: No\r\n"
            "TLS-Report-Domain: example.org\r\n"
            "TLS-Report-Submitter: example.net\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n"
            " boundary=\"=_abc\"\r\n"
            "\r\n"
            "--=_abc\r\n"
            "Content-Type: text/plain; charset=us-ascii\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "This is a report by example.net about TLS on the way to the mail servers of\r\n"
            "example.org on Sat, 28 Nov 2026 (UTC), as RFC 8460 describes it. It was\r\n"
            "asked for by the TXT record _smtp._tls.example.org. The report itself is\r\n"
            "attached.\r\n"
            "\r\n"
            "--=_abc\r\n"
            "Content-Type: application/tlsrpt+gzip\r\n"
            "Content-Transfer-Encoding: base64\r\n"
            "Content-Disposition: attachment;\r\n"
            " filename=\"example.net!example.org!1795824000!1795910399!abc.json.gz\"\r\n"
            "\r\n"
            "bm90IGxvb2tlZCBhdA==\r\n"
            "\r\n"
            "--=_abc--\r\n");
}

TEST(ReportMail, AsksToBeSentWithoutRegardToPolicies) {
  queue::ContentScan scan;
  scan.feed(write_report_mail(sample()));
  EXPECT_TRUE(scan.finish().tls_optional);
}

std::string gunzip(std::string_view file) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
  stream.avail_in = static_cast<uInt>(file.size());
  std::string out;
  int end = Z_OK;
  while (end == Z_OK) {
    std::array<char, 1000> part;
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = part.size();
    end = ::inflate(&stream, Z_NO_FLUSH);
    out.append(part.data(), part.size() - stream.avail_out);
  }
  EXPECT_EQ(end, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U);
  ::inflateEnd(&stream);
  return out;
}

TEST(Gzip, GivesAFileThatExpandsToTheSameOctets) {
  std::string mixed;
  for (unsigned i = 0; i < 100'000; ++i) mixed += static_cast<char>((i * i) >> 3);
  for (const std::string& each : {std::string(), std::string("a"), std::string(50'000, '\0'), mixed}) {
    const std::string file = gzip(each);
    EXPECT_EQ(gunzip(file), each);
    EXPECT_EQ(gzip(each), file);
  }
  EXPECT_LT(gzip(std::string(50'000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace postrider::agent
