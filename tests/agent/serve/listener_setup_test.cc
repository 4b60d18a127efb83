#include "postrider/agent/serve/listener_setup.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace postrider::agent {
namespace {

std::string said(std::uint16_t port, int error) {
  return why_not_listening({"127.0.0.1", port},
                           transport::error_code(error, boost::system::system_category()));
}

TEST(WhyNotListening, SaysWhatToDoNext) {
  EXPECT_EQ(said(2525, EADDRINUSE),
            "cannot listen on 127.0.0.1:2525: Address already in use; is another postrider or mail server "
            "running? `ss -ltnp` shows it; or choose another address under [[listen]] (sink: --listen)");
  EXPECT_EQ(
      said(25, EACCES),
      "cannot listen on 127.0.0.1:25: Permission denied; ports below 1024 need CAP_NET_BIND_SERVICE: "
      "`setcap cap_net_bind_service=+ep /path/to/postrider`, or AmbientCapabilities= in a systemd unit");
  EXPECT_EQ(said(2525, EACCES), "cannot listen on 127.0.0.1:2525: Permission denied");
  EXPECT_EQ(said(2525, EADDRNOTAVAIL), "cannot listen on 127.0.0.1:2525: Cannot assign requested address");
}

}  // namespace
}  // namespace postrider::agent
