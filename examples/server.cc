// A mail server that takes everything and prints it.
#include "postrider/server/server.h"

#include <iostream>
using namespace postrider;
using namespace postrider::server;

struct Printer : MessageSink {
  Soon<void> write(std::string_view octets) override { return std::cout << octets, Soon<void>(); }
  Answer finish(const protocol::ev::BodyEnd&, std::size_t) override { return std::cout.flush(), kOk; }
};
struct Session : Handler {
  Answer on_rcpt(const protocol::ev::Rcpt&) override { return kOk; }
  Soon<Opened> on_data() override { return Opened(std::make_unique<Printer>()); }
};
struct Factory : HandlerFactory {
  std::unique_ptr<Handler> make(const ConnectionInfo&) override { return std::make_unique<Session>(); }
};
int main() {
  Factory factory;
  Admission admission({});
  transport::Loops loops(1);
  Server server(loops, ServerConfig(), factory, admission);
  if (server.listen(transport::Endpoint::parse("127.0.0.1:2525").value())) loops.run();
}
