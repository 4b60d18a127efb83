// What a configuration may ask for and this version does not do yet.
//
// Every key is read and checked, so that a file written for later versions is valid; but an agent that would
// quietly leave out what its owner asked for must not start. Only the embedded defaults are let through:
// nobody wrote them.
#pragma once

#include <string>
#include <vector>

#include "postrider/agent/config/config_reader.h"

namespace postrider::agent {

// A "not built yet: …" problem for each key of the file that asks for something that is not there.
std::vector<ConfigProblem> not_built_yet(const LoadedConfig& loaded);

// What serve does not do of what the defaults ask for, in words for the log. Empty when nothing is left out.
std::vector<std::string> left_out_of_defaults(const LoadedConfig& loaded);

// The configuration as this version can run it. To be called once not_built_yet() found nothing.
Config without_what_is_not_built(const LoadedConfig& loaded);

}  // namespace postrider::agent
