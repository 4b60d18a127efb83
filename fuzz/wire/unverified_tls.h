// TLS for tests: whoever answers is good enough.
#pragma once

#include <memory>

#include "postrider/transport/tls/provider.h"

namespace postrider::fuzz {

// A context that believes nobody and asks for nothing, of the first backend of this build: with the policy
// `none` any certificate will do. An error says why there is none.
transport::TlsResult<std::shared_ptr<const transport::TlsClientContext>> unverified_tls();

}  // namespace postrider::fuzz
