// Asks a backend and makes of what comes back what a resolver without a cache would.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/resolver/answer.h"
#include "postrider/resolver/backend.h"
#include "postrider/tests/interop/resolver_conformance/report.h"
#include "postrider/tests/interop/resolver_conformance/setup.h"
#include "postrider/transport/loop.h"

namespace postrider::tests {

resolver::Question question(std::string_view name, resolver::RecordType type);

resolver::Answer to_answer(const resolver::Question& question, const resolver::AskResult& result);

// Waits for the answer.
resolver::Answer ask(transport::Loop& loop, resolver::Backend& backend, const resolver::Question& question,
                     std::chrono::milliseconds patience);

// What is wrong with `answer`: a line each.
std::vector<std::string> differences(const Case& wanted, const Setup& setup, const resolver::Answer& answer);

// Every case of the list.
void try_cases(const Setup& setup, Report& report);
// Servers that do not answer, or wrongly; deadlines; many questions at once; an end amid questions.
void try_behaviour(const Setup& setup, const Servers& servers, Report& report);
// What the options of the backends do, and which are refused.
void try_settings(const Servers& servers, Report& report);

}  // namespace postrider::tests
