// The one object that each backend is seen as. Only provider.cc includes this.
#pragma once

#include "postrider/crypto/provider.h"

namespace postrider::crypto {

const Provider& openssl_provider();  // backend/openssl.cc
const Provider& wolfssl_provider();  // backend/wolfssl.cc

}  // namespace postrider::crypto
