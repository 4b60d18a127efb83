// The values of the MAIL and RCPT parameters that the core knows, each with its grammar. Not for use outside
// of protocol/. `value` is an esmtp-value. Errors: bad_parameter, parameter_not_implemented, bad_xtext.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "postrider/protocol/grammar/parameters.h"
#include "postrider/protocol/grammar/verdict.h"

namespace postrider::protocol {

Verdict read_size(std::string_view value, std::optional<std::uint64_t>& out) noexcept;
Verdict read_body(std::string_view value, std::optional<BodyType>& out) noexcept;
Verdict read_deliver_by(std::string_view value, std::optional<DeliverBy>& out) noexcept;
Verdict read_holdfor(std::string_view value, std::optional<FutureRelease>& out) noexcept;
Verdict read_holduntil(std::string_view value, std::optional<FutureRelease>& out) noexcept;
Verdict read_envid(std::string_view value, LineText& out) noexcept;
Verdict read_auth(std::string_view value, Utf8 utf8, LineText& out) noexcept;
Verdict read_ret(std::string_view value, std::optional<DsnReturn>& out) noexcept;
Verdict read_mt_priority(std::string_view value, std::optional<std::int8_t>& out) noexcept;
Verdict read_notify(std::string_view value, DsnNotify& out) noexcept;
Verdict read_orcpt(std::string_view value, LineText& type, LineText& address) noexcept;

}  // namespace postrider::protocol
