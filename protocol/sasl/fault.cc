#include "postrider/protocol/sasl/fault.h"

#include <array>

namespace postrider::protocol::sasl {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames = {
    "bad_base64",          "malformed",           "too_long",
    "forbidden_octets",    "out_of_order",        "unknown_extension",
    "bad_nonce",           "bad_iterations",      "binding_mismatch",
    "binding_unknown",     "downgraded",          "refused",
    "not_authorized",      "unavailable",         "server_not_proven",
    "server_refused",      "no_common_mechanism", "unknown_mechanism",
    "encryption_required", "no_credentials",      "misuse",
};
static_assert(!kNames.back().empty());

}  // namespace

std::string_view to_string(Fault fault) noexcept { return kNames[static_cast<std::size_t>(fault)]; }

}  // namespace postrider::protocol::sasl
