// The other side of a SCRAM exchange in a script: it knows the password, so that a fuzzer gets behind what no
// guess gets behind.
//
//   ScramScript script(primitives, "pencil", "salt", 4096);
//   script.heard("n,,n=user,r=abc");               // what our side has said
//   line = script.filled("r=$xyz,s=c2FsdA==,i=4096", "v");   // "$": the last nonce of ours, "%": the proof
//
// "%" stands for the ClientProof where the script is a client ("p=%"), for the ServerSignature where it is a
// server
// ("v=%"): RFC 5802 3. Without both first messages it stands for nothing.
#pragma once

#include <string>
#include <string_view>

#include "postrider/protocol/grammar/base64.h"
#include "postrider/protocol/sasl/scram.h"

namespace postrider::fuzz {

class ScramScript {
 public:
  enum class Side : bool { client, server };

  ScramScript(Side side, const protocol::sasl::Primitives& primitives, std::string_view password,
              std::string_view salt, std::uint32_t iterations)
      : side_(side), primitives_(primitives), keys_(primitives, password, salt, iterations) {}

  // The peer's message: octets, not base64.
  void heard(std::string_view message) {
    const std::size_t at = message.find("r=");
    if (at != std::string_view::npos) nonce_ = message.substr(at + 2, message.find(',', at) - at - 2);
    add(side_ == Side::client, message);
  }

  // A line of the script, as it is to be said.
  std::string filled(std::string_view line) {
    std::string out;
    for (const char c : line) {
      if (c == '$') {
        out += nonce_;
      } else if (c == '%') {
        out += side_ == Side::client ? proof(out) : signature();
        proven_ = true;
      } else {
        out += c;
      }
    }
    add(side_ == Side::server, out);
    return out;
  }

  // Has it shown that it knows the password?
  bool proven() const noexcept { return proven_; }

 private:
  // Of the server the first message counts, of the client the first without its GS2 header and the last
  // without its proof.
  void add(bool from_server, std::string_view message) {
    if (from_server) {
      if (server_first_.empty()) server_first_ = message;
    } else if (client_first_bare_.empty()) {
      const std::size_t header = message.find(',', message.find(',') + 1);
      client_first_bare_ = header == std::string_view::npos ? message : message.substr(header + 1);
    } else {
      without_proof_ = message.substr(0, message.find(",p="));
    }
  }
  std::string auth_message() const { return client_first_bare_ + "," + server_first_ + "," + without_proof_; }
  std::string proof(std::string_view so_far) {
    without_proof_ = so_far.substr(0, so_far.find(",p="));
    return base64(client_proof(primitives_, keys_, auth_message()));
  }
  std::string signature() const {
    return base64(server_signature(primitives_, keys_.server_key, auth_message()));
  }
  static std::string base64(const protocol::sasl::Sha256& octets) {
    std::string out;
    protocol::base64_encode(protocol::sasl::view(octets), out);
    return out;
  }

  const Side side_;
  const protocol::sasl::Primitives& primitives_;
  const protocol::sasl::ScramKeys keys_;
  std::string nonce_;
  std::string client_first_bare_;
  std::string server_first_;
  std::string without_proof_;
  bool proven_ = false;
};

}  // namespace postrider::fuzz
