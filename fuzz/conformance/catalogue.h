// All checks, in the order of their RFCs. Each file rfcNNNN.cc has the ones of that RFC.
#pragma once

#include <span>
#include <vector>

#include "postrider/fuzz/conformance/check.h"

namespace postrider::fuzz {

const std::vector<Check>& catalogue();
// nullptr: there is none of this id.
const Check* find_check(std::string_view id) noexcept;

namespace conformance {
// The parts of the catalogue.
std::span<const Check> session_checks();
std::span<const Check> argument_checks();
std::span<const Check> content_checks();
std::span<const Check> size_checks();
std::span<const Check> status_checks();
std::span<const Check> pipelining_checks();
std::span<const Check> chunking_checks();
std::span<const Check> starttls_checks();
std::span<const Check> dsn_checks();
std::span<const Check> auth_checks();
std::span<const Check> eight_bit_checks();
std::span<const Check> utf8_checks();
}  // namespace conformance

}  // namespace postrider::fuzz
