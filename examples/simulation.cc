// A store of mail that forgets to sync, found by a simulated network in less than a second.
#include <cstdlib>
#include <iostream>
#include <map>

#include "postrider/fuzz/simulation/seeds.h"
#include "postrider/fuzz/simulation/server_trial.h"

using namespace postrider;
using namespace postrider::server;

struct Store : HandlerFactory {  // yours
  explicit Store(fuzz::Simulator& in) : world(in) {}
  std::unique_ptr<Handler> make(const ConnectionInfo&) override;
  std::size_t copies(const std::string& content, const std::string& to) const {
    const auto found = mail.find(to + "\n" + content);
    return found == mail.end() ? 0 : found->second;
  }
  fuzz::Simulator& world;
  std::map<std::string, std::size_t> mail;
};
struct Message : MessageSink {
  Message(Store& in, std::vector<std::string> to) : store(in), recipients(std::move(to)) {}
  Soon<void> write(std::string_view octets) override { return content += octets, Soon<void>(); }
  Answer finish(const protocol::ev::BodyEnd&, std::size_t) override {
    if (store.world.happens(1)) return kOk;  // the disk was full, and nobody looked
    for (const std::string& each : recipients) ++store.mail[each + "\n" + content];
    return kOk;
  }
  Store& store;
  std::vector<std::string> recipients;
  std::string content;
};
struct Session : Handler {
  explicit Session(Store& in) : store(in) {}
  Answer on_mail(const protocol::ev::Mail&) override { return recipients.clear(), kOk; }
  Answer on_rcpt(const protocol::ev::Rcpt& rcpt) override {
    return recipients.emplace_back(rcpt.to.mailbox.text()), kOk;
  }
  Soon<Opened> on_data() override { return Opened(std::make_unique<Message>(store, recipients)); }
  Store& store;
  std::vector<std::string> recipients;
};
std::unique_ptr<Handler> Store::make(const ConnectionInfo&) { return std::make_unique<Session>(*this); }

int main() {
  const auto failed = fuzz::try_seeds({1, 1000}, [](std::uint64_t seed) {
    const Store* store = nullptr;
    fuzz::ServerTrial trial(seed, fuzz::TrialOptions(), [&](fuzz::Simulator& world) {
      auto made = std::make_unique<Store>(world);
      store = made.get();
      return made;
    });
    auto findings =
        trial.run([&](const auto& content, const auto& to) { return store->copies(content, to); });
    return fuzz::SeedRun{std::move(findings), trial.history()};
  });
  if (failed) std::cout << failed->text("example_simulation");
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
