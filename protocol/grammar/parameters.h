// The ESMTP parameters of MAIL and RCPT, read into typed values in one pass.
//
// Four refusals are kept apart, because the RFCs answer them differently: a keyword that nobody knows or that
// was not offered (555 5.5.4, RFC 5321 4.1.1.11), one that comes twice or has a bad value (501 5.5.4), and a
// well-formed value that we do not implement (504 5.5.4, RFC 5321 4.2.2). What was *offered* is checked by
// the session, from `used`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "postrider/protocol/error.h"
#include "postrider/protocol/grammar/address.h"
#include "postrider/protocol/grammar/extension.h"
#include "postrider/protocol/grammar/extension_table.h"
#include "postrider/protocol/grammar/line_text.h"

namespace postrider::protocol {

// BODY=, RFC 6152 2 and RFC 3030 3.
enum class BodyType : std::uint8_t { seven_bit, eight_bit_mime, binary_mime };

// RET=, RFC 3461 4.3.
enum class DsnReturn : std::uint8_t { full, headers };

// NOTIFY=, RFC 3461 4.1. NEVER stands alone.
struct DsnNotify {
  bool given : 1 = false;
  bool never : 1 = false;
  bool success : 1 = false;
  bool failure : 1 = false;
  bool delay : 1 = false;

  friend constexpr bool operator==(const DsnNotify&, const DsnNotify&) noexcept = default;
};

// BY=, RFC 2852 4: by-time ";" by-mode [by-trace].
struct DeliverBy {
  enum class Mode : std::uint8_t { notify, return_mail };  // "N", "R"
  std::int32_t seconds = 0;  // -999999999 to +999999999; mode R needs a positive one, RFC 2852 4
  Mode mode = Mode::notify;
  bool trace = false;  // "T"

  friend constexpr bool operator==(const DeliverBy&, const DeliverBy&) noexcept = default;
};

// HOLDFOR= or HOLDUNTIL=, RFC 4865 3; never both (4.2).
struct FutureRelease {
  std::uint32_t seconds = 0;  // HOLDFOR: 1 to 999999999
  LineText until;             // HOLDUNTIL: date-time of RFC 3339 as written; empty when HOLDFOR was given

  friend constexpr bool operator==(const FutureRelease&, const FutureRelease&) noexcept = default;
};

// A keyword and its value as they stand in the line.
struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

// esmtp-param = esmtp-keyword ["=" esmtp-value], RFC 5321 4.1.2. Errors: bad_parameter.
Result<Parameter> esmtp_param(Cursor& cursor, Utf8 utf8) noexcept;

// Parameters of an ExtensionTable, kept as written: `text` is the whole parameter list of the command (empty
// when none of them is a registered one), in which `find` looks. When writing, every keyword of `text` that
// the core does not know itself is written.
struct RegisteredParameters {
  LineText text;

  // The value of a keyword (any case), "" when it came without one, nullopt when it did not come.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view keyword) const noexcept;
};

struct MailParameters {
  std::optional<std::uint64_t> size;            // SIZE=, RFC 1870 5: at most 20 digits
  std::optional<DeliverBy> deliver_by;          // BY=
  std::optional<FutureRelease> future_release;  // HOLDFOR=, HOLDUNTIL=
  LineText envid;                // ENVID=, RFC 3461 4.4: xtext as written, 1 to 100 octets; empty: not given
  LineText auth;                 // AUTH=, RFC 4954 5: xtext of a mailbox, or "<>"; empty: not given
  std::optional<BodyType> body;  // BODY=
  std::optional<DsnReturn> ret;  // RET=
  std::optional<std::int8_t> mt_priority;  // MT-PRIORITY=, RFC 6710 3: -9 to 9
  bool smtputf8 = false;                   // SMTPUTF8, RFC 6531 3.4
  bool require_tls = false;                // REQUIRETLS, RFC 8689 2
  ExtensionSet used;                       // the extensions that the above belong to
  RegisteredParameters registered;
};
// `used` follows from the rest and is not compared; of `registered` what counts is the parameters that the
// core does not know, in their order.
bool operator==(const MailParameters& a, const MailParameters& b) noexcept;

struct RcptParameters {
  DsnNotify notify;        // NOTIFY=
  LineText orcpt_type;     // ORCPT=, RFC 3461 4.2: addr-type as written, "rfc822"; empty: not given
  LineText orcpt_address;  // xtext as written (RFC 6533 3 forms when the type is utf-8)
  ExtensionSet used;
  RegisteredParameters registered;
};
bool operator==(const RcptParameters& a, const RcptParameters& b) noexcept;

// The extensions that the values belong to, for parameters that were put together by hand; what was parsed
// has the same set in `used`. Registered parameters belong to none.
ExtensionSet extensions_of(const MailParameters& parameters) noexcept;
ExtensionSet extensions_of(const RcptParameters& parameters) noexcept;

// Read what follows the path: *( SP esmtp-param ), trailing spaces tolerated (RFC 5321 4.1.1). The cursor
// stands behind the path and ends at the end of the line. `extensions` may be null.
// Errors: bad_parameter, duplicate_parameter, unknown_parameter, parameter_value_missing,
// parameter_value_unexpected, parameter_not_implemented, bad_xtext.
Result<MailParameters> mail_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions) noexcept;
Result<RcptParameters> rcpt_parameters(Cursor& cursor, Utf8 utf8, const ExtensionTable* extensions) noexcept;

}  // namespace postrider::protocol
