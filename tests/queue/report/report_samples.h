// Reports as other programs write them, with LF ends.
#pragma once

#include <string_view>

namespace postrider::queue {

inline constexpr std::string_view kPostfixReport = R"(Return-Path: <>
Received: by mail.example.com (Postfix)
	id 4F2C11F9A7; Mon, 21 Sep 2026 14:13:25 +0000 (UTC)
Date: Mon, 21 Sep 2026 14:13:25 +0000 (UTC)
From: MAILER-DAEMON@mail.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: alice@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="0D8171F9A4.1790000005/mail.example.com"
Content-Transfer-Encoding: 8bit
Message-Id: <20260921141325.4F2C11F9A7@mail.example.com>

This is a MIME-encapsulated message.

--0D8171F9A4.1790000005/mail.example.com
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mail.example.com.

--0D8171F9A4.1790000005/mail.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com
X-Postfix-Queue-ID: 0D8171F9A4
X-Postfix-Sender: rfc822; alice@example.com
Arrival-Date: Mon, 21 Sep 2026 14:13:20 +0000 (UTC)

Final-Recipient: rfc822; bob@example.org
Original-Recipient: rfc822;bob+tag@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <bob@example.org>: Recipient address rejected:
    User unknown in local recipient table

--0D8171F9A4.1790000005/mail.example.com
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 8bit

Return-Path: <alice@example.com>
Received: from localhost (localhost [127.0.0.1])
	by mail.example.com (Postfix) with ESMTP id 0D8171F9A4
From: alice@example.com
To: bob+tag@example.org
Subject: hello
Message-Id: <1@example.com>

--0D8171F9A4.1790000005/mail.example.com--
)";

inline constexpr std::string_view kEximReport = R"(Return-path: <>
Received: from Debian-exim by mail.example.com with local (Exim 4.96)
	id 1tABCD-000123-2x
	for alice@example.com;
	Mon, 21 Sep 2026 14:13:25 +0000
X-Failed-Recipients: bob@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.com>
To: alice@example.com
References: <1@example.com>
Content-Type: multipart/report; report-type=delivery-status; boundary=1790000005-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1tABCD-000123-2x@mail.example.com>
Date: Mon, 21 Sep 2026 14:13:25 +0000

--1790000005-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

  bob@example.org
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<bob@example.org>:
    550 5.1.1 No such user

--1790000005-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Action: failed
Final-Recipient: rfc822;bob@example.org
Status: 5.0.0
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 No such user

--1790000005-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <alice@example.com>
Received: from localhost ([127.0.0.1])
	by mail.example.com with esmtp (Exim 4.96)
	(envelope-from <alice@example.com>)
	id 1tABCD-000121-1y
	for bob@example.org;
	Mon, 21 Sep 2026 14:13:20 +0000
From: alice@example.com
To: bob@example.org
Subject: hello
Message-Id: <1@example.com>

The text.

--1790000005-eximdsn-1804289383--
)";

inline constexpr std::string_view kSendmailReport = R"(Return-Path: <MAILER-DAEMON>
Received: from localhost (localhost)
	by mail.example.com (8.17.1/8.17.1) id 38LEDPab001234;
	Mon, 21 Sep 2026 14:13:25 GMT
Date: Mon, 21 Sep 2026 14:13:25 GMT
From: Mail Delivery Subsystem <MAILER-DAEMON>
Message-Id: <202609211413.38LEDPab001234@mail.example.com>
To: <alice@example.com>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="38LEDPab001234.1790000005/mail.example.com"
Subject: Warning: could not send message for past 4 hours
Auto-Submitted: auto-generated (warning-timeout)

This is a MIME-encapsulated message

--38LEDPab001234.1790000005/mail.example.com

    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

--38LEDPab001234.1790000005/mail.example.com
Content-Type: message/delivery-status

Original-Envelope-Id: QQ+314
Reporting-MTA: dns; mail.example.com
Received-From-MTA: DNS; localhost
Arrival-Date: Mon, 21 Sep 2026 10:13:20 -0400 (EDT)

Original-Recipient: rfc822;bob@example.org
Final-Recipient: RFC822; bob@example.org
Action: delayed
Status: 4.4.1 (no answer from host)
Remote-MTA: DNS; mx.example.org
Diagnostic-Code: SMTP; 451 4.4.1 reply: read error from mx.example.org.
Last-Attempt-Date: Mon, 21 Sep 2026 14:13:24 GMT
Will-Retry-Until: Sat, 26 Sep 2026 10:13:20 -0400

Final-Recipient: X-Unix; carol
X-Actual-Recipient: rfc822; carol@mail.example.com
Action: expanded (to multi-recipient alias)
Status: 2.0.0

--38LEDPab001234.1790000005/mail.example.com
Content-Type: text/rfc822-headers

From: alice@example.com
Message-Id:
 <1@example.com>

--38LEDPab001234.1790000005/mail.example.com--
)";

inline constexpr std::string_view kExchangeReport = R"(From: <postmaster@example.com>
To: <alice@example.com>
Date: Mon, 21 Sep 2026 14:13:25 +0000
Content-Type: multipart/report; report-type=delivery-status;
	boundary="90fd5b35-7f0a-4b62-a0b9-3c1d2e4f5a6b"
Content-Language: en-US
Message-ID: <5d0e1f2a-0001@EX01.example.com>
In-Reply-To: <1@example.com>
Subject: Undeliverable: hello
Auto-Submitted: auto-replied
MIME-Version: 1.0

--90fd5b35-7f0a-4b62-a0b9-3c1d2e4f5a6b
Content-Type: multipart/alternative; differences=Content-Type;
	boundary="2b1c0d9e-6a5f-4e3d-8c7b-1a2b3c4d5e6f"

--2b1c0d9e-6a5f-4e3d-8c7b-1a2b3c4d5e6f
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Delivery has failed to these recipients or groups:

--2b1c0d9e-6a5f-4e3d-8c7b-1a2b3c4d5e6f
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Delivery has failed</body></html>

--2b1c0d9e-6a5f-4e3d-8c7b-1a2b3c4d5e6f--

--90fd5b35-7f0a-4b62-a0b9-3c1d2e4f5a6b
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.example.com
Received-From-MTA: dns;EX02.example.com
Arrival-Date: Mon, 21 Sep 2026 14:13:20 +0000

Original-Recipient: rfc822;bob@example.org
Final-Recipient: rfc822;bob@example.org
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: Bob

--90fd5b35-7f0a-4b62-a0b9-3c1d2e4f5a6b
Content-Type: message/rfc822

Received: from EX02.example.com ([192.0.2.7]) by EX01.example.com
From: Alice <alice@example.com>
To: Bob <bob@example.org>
Subject: hello
Message-ID: <1@example.com>
Content-Type: text/plain; charset="us-ascii"
MIME-Version: 1.0

The text.

--90fd5b35-7f0a-4b62-a0b9-3c1d2e4f5a6b--
)";

inline constexpr std::string_view kGmailReport =
    R"(From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
To: alice@example.com
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: <1@example.com>
In-Reply-To: <1@example.com>
X-Failed-Recipients: bob@example.org
Message-ID: <68d00001.050a0220.1a2b3c.4d5e@mx.google.com>
Content-Type: multipart/report; boundary="0000000000001a2b3c0618d4e5f6"; report-type=delivery-status
Date: Mon, 21 Sep 2026 07:13:25 -0700 (PDT)

--0000000000001a2b3c0618d4e5f6
Content-Type: multipart/related; boundary="0000000000001a2b430618d4e5f7"

--0000000000001a2b430618d4e5f7
Content-Type: text/plain; charset="UTF-8"

** Address not found **

--0000000000001a2b430618d4e5f7--
--0000000000001a2b3c0618d4e5f6
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Received-From-MTA: dns; alice@example.com
Arrival-Date: Mon, 21 Sep 2026 07:13:20 -0700 (PDT)
X-Original-Message-ID: <1@example.com>

Final-Recipient: rfc822; bob@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.org. (192.0.2.1, the server for the domain example.org.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
 550-5.1.1 Please try double-checking the recipient's address.
 550 5.1.1 Learn more
Last-Attempt-Date: Mon, 21 Sep 2026 07:13:24 -0700 (PDT)

--0000000000001a2b3c0618d4e5f6
Content-Type: message/rfc822

From: Alice <alice@example.com>
Date: Mon, 21 Sep 2026 14:13:20 +0000
Message-ID: <1@example.com>
Subject: hello
To: bob@example.org

The text.

--0000000000001a2b3c0618d4e5f6--
)";

inline constexpr std::string_view kSloppyReport = R"(Content-Type: multipart/mixed; boundary=a (a comment)

--a
Content-Type: message/delivery-status
Content-Transfer-Encoding: quoted-printable

Reporting-MTA: mail.example.com
Final-Recipient: <bob@example.org>
Action: FAILED
Status: 5=2E1.1(unknown)
Diagnostic-Code: no type here
Final-Recipient: RFC822;carol@example.org
Status: 5.2

Original-Recipient: utf-8; d\x{E9}j\x{E0}@example.org
Action: delivered
--a
Content-Type: text/rfc822-headers; charset=us-ascii
Content-Transfer-Encoding: base64

TWVzc2FnZS1JRDogMUBleGFtcGxlLmNvbQ0K
)";

}  // namespace postrider::queue
