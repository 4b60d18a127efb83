// The libraries by themselves, without our engines: what these are measured against. Client and server in
// memory, the same ciphers, groups and verification.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace postrider::bench {

// A server's certificate, and the root that has signed it.
struct Identity {
  std::string certificate_pem;
  std::string key_pem;
  std::string root_pem;
};

class RawLoop {
 public:
  virtual ~RawLoop() = default;
  // A new connection, with the tickets behind it; resumes the one before if told to.
  virtual void connect(bool resume) = 0;
  virtual bool resumed() const = 0;
  // From the client to the server, where it is decrypted.
  virtual void carry(std::string_view text) = 0;
};

std::unique_ptr<RawLoop> raw_openssl(const Identity& identity);
std::unique_ptr<RawLoop> raw_wolfssl(const Identity& identity);

}  // namespace postrider::bench
