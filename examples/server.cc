// A mail server that takes everything and prints it.
#include <iostream>

#include "postrider/server/server.h"
using namespace postrider;

struct Printer : server::MessageSink {
  server::Soon<void> write(std::string_view octets) override { return std::cout << octets, server::Soon<void>(); }
  server::Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return std::cout.flush(), server::kOk; }
};
struct Session : server::Handler {
  server::Answer on_rcpt(const protocol::ev::Rcpt&) override { return server::kOk; }
  server::Soon<server::Opened> on_data() override { return server::Opened(std::make_unique<Printer>()); }
};
struct Sessions : server::HandlerFactory {
  std::unique_ptr<server::Handler> make(const server::ConnectionInfo&) override { return std::make_unique<Session>(); }
};
int main() {
  Sessions sessions;
  server::Admission admission({});
  transport::Loops loops(1);
  server::Server server(loops, server::ServerConfig(), sessions, admission);
  if (!server.listen(*transport::Endpoint::parse("127.0.0.1:2525"))) return 1;
  loops.run();
}
