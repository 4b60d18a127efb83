#include "postrider/resolver/backend/system_backend.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include <ares.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/time.h>

#include "postrider/resolver/backend/borrowed_descriptor.h"
#include "postrider/transport/signal.h"

namespace postrider::resolver {

using transport::Endpoint;
using transport::SteadyTime;

namespace {

constexpr std::uint16_t kUdpPayload = 1232;
constexpr std::uint16_t kPort = 53;
constexpr std::size_t kMaxServers = 16;
// Channels kept between questions: as many as a Resolver has in flight.
constexpr std::size_t kSpareChannels = 64;

constexpr std::size_t kHeader = 12;  // RFC 1035 4.1.1
constexpr unsigned char kAuthenticData = 0x20;

std::optional<std::string> start_library() {
  static const int status = ::ares_library_init(ARES_LIB_INIT_ALL);
  if (status == ARES_SUCCESS) return std::nullopt;
  return ::ares_strerror(status);
}

// RFC 5452 9.1
std::uint16_t unpredictable_id() noexcept {
  std::uint16_t id = 0;
  while (::getrandom(&id, sizeof id, 0) != sizeof id) {
  }
  return id;
}

std::string join(const std::vector<Endpoint>& servers) {
  std::string text;
  for (const Endpoint& server : servers) text.append(text.empty() ? "" : ", ").append(server.to_string());
  return text;
}

Endpoint to_endpoint(const ::ares_addr_port_node& node) {
  const std::uint16_t port = node.udp_port == 0 ? kPort : static_cast<std::uint16_t>(node.udp_port);
  if (node.family == AF_INET6) {
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &node.addr.addr6, octets.size());
    return Endpoint::ipv6(octets, port);
  }
  std::array<std::uint8_t, 4> octets{};
  std::memcpy(octets.data(), &node.addr.addr4, octets.size());
  return Endpoint::ipv4(octets, port);
}

::ares_addr_port_node to_node(const Endpoint& server) {
  ::ares_addr_port_node node{};
  node.family = server.family() == Endpoint::Family::ipv6 ? AF_INET6 : AF_INET;
  if (node.family == AF_INET6) {
    std::memcpy(&node.addr.addr6, server.address().data(), sizeof node.addr.addr6);
  } else {
    std::memcpy(&node.addr.addr4, server.address().data(), sizeof node.addr.addr4);
  }
  node.udp_port = node.tcp_port = server.port();
  return node;
}

std::optional<std::string> why_not(const SystemBackendOptions& options) {
  if (options.servers.size() > kMaxServers) return "more than 16 name servers";
  if (options.patience <= std::chrono::milliseconds(0) || options.rounds <= 0) return "no time to answer";
  for (const Endpoint& server : options.servers) {
    if (!server.is_ip() || server.port() == 0)
      return "name server " + server.to_string() + " has no address and port";
    if (server.scope() != 0) return "name server " + server.to_string() + ": c-ares knows no scopes";
  }
  return std::nullopt;
}

// What c-ares makes of servers that would not answer, as one of them had said it.
std::optional<ResponseCode> refusal(int status) noexcept {
  switch (status) {
    case ARES_ESERVFAIL: return ResponseCode::server_failure;
    case ARES_ENOTIMP: return ResponseCode::not_implemented;
    case ARES_EREFUSED: return ResponseCode::refused;
    default: return std::nullopt;
  }
}

std::string bare_response(const Question& question, ResponseCode code) {
  Message message;
  message.response = message.recursion_desired = true;
  message.code = code;
  message.questions.push_back(question);
  return write_message(message);
}

// One question at a time. Its sockets are closed when the question has ended.
class Channel {
 public:
  static std::expected<std::unique_ptr<Channel>, std::string> make(transport::Loop& loop,
                                                                   const SystemBackendOptions& options) {
    auto channel = std::make_unique<Channel>(loop);
    if (auto fault = channel->open(options)) return std::unexpected(std::move(*fault));
    return channel;
  }

  explicit Channel(transport::Loop& loop) : loop_(loop) {}
  ~Channel() {
    if (channel_ != nullptr) ::ares_destroy(channel_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  std::vector<Endpoint> servers() const;

  // Notifies `ended` when there is an answer, and when there will be none.
  void send(const std::string& query, transport::Signal& ended) {
    status_.reset();
    answer_.clear();
    ended_ = &ended;
    ::ares_send(channel_, reinterpret_cast<const unsigned char*>(query.data()),
                static_cast<int>(query.size()), &Channel::on_end, this);
  }
  void give_up() noexcept {
    ended_ = nullptr;
    ::ares_cancel(channel_);
  }

  // ARES_SUCCESS: there is an answer().
  std::optional<int> status() const noexcept { return status_; }
  std::string& answer() noexcept { return answer_; }

  // When a server has been waited for long enough.
  SteadyTime next_timeout() const {
    ::timeval room{};
    const ::timeval* wait = ::ares_timeout(channel_, nullptr, &room);
    if (wait == nullptr) return transport::kNever;
    const auto span = std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec);
    return transport::later(loop_.now(), span);
  }
  void look_at_timeouts() { ::ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

 private:
  std::optional<std::string> open(const SystemBackendOptions& options);
  static void on_end(void* self, int status, int timeouts, unsigned char* octets, int size) noexcept;
  static void on_socket(void* self, ::ares_socket_t socket, int readable, int writable) noexcept;
  void watch(::ares_socket_t socket, bool readable, bool writable);

  transport::Loop& loop_;
  std::vector<std::unique_ptr<BorrowedDescriptor>> sockets_;  // outlives channel_, which empties it
  ::ares_channel channel_ = nullptr;
  transport::Signal* ended_ = nullptr;
  std::optional<int> status_;
  std::string answer_;
};

std::optional<std::string> Channel::open(const SystemBackendOptions& options) {
  ::ares_options ares{};
  // An answer of more than 512 octets by UDP is none that was cut off: the question had EDNS.
  ares.flags = ARES_FLAG_EDNS;
  ares.ednspsz = kUdpPayload;
  ares.timeout = static_cast<int>(options.patience.count());
  ares.tries = options.rounds;
  ares.sock_state_cb = &Channel::on_socket;
  ares.sock_state_cb_data = this;
  std::array<char, 2> lookups{"b"};  // DNS alone, and no look into /etc/nsswitch.conf
  ares.lookups = lookups.data();
  // A lone server's SERVFAIL is the answer; of several, the next is asked.
  if (options.servers.size() == 1) ares.flags |= ARES_FLAG_NOCHECKRESP;
  const int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                   ARES_OPT_SOCK_STATE_CB | ARES_OPT_LOOKUPS;
  int status = ::ares_init_options(&channel_, &ares, mask);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return std::string("c-ares: ") + ::ares_strerror(status);
  }
  if (options.servers.empty()) return std::nullopt;
  std::vector<::ares_addr_port_node> nodes;
  for (const Endpoint& server : options.servers) nodes.push_back(to_node(server));
  for (std::size_t index = 0; index + 1 < nodes.size(); ++index) nodes[index].next = &nodes[index + 1];
  status = ::ares_set_servers_ports(channel_, nodes.data());
  if (status == ARES_SUCCESS) return std::nullopt;
  return std::string("c-ares: ") + ::ares_strerror(status);
}

std::vector<Endpoint> Channel::servers() const {
  ::ares_addr_port_node* nodes = nullptr;
  std::vector<Endpoint> found;
  if (::ares_get_servers_ports(channel_, &nodes) != ARES_SUCCESS) return found;
  for (const ::ares_addr_port_node* node = nodes; node != nullptr && found.size() < kMaxServers;
       node = node->next) {
    found.push_back(to_endpoint(*node));
  }
  ::ares_free_data(nodes);
  return found;
}

void Channel::on_end(void* self, int status, int /*timeouts*/, unsigned char* octets, int size) noexcept {
  auto& channel = *static_cast<Channel*>(self);
  channel.status_ = status;
  if (status == ARES_SUCCESS && octets != nullptr && size > 0) {
    channel.answer_.assign(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
  }
  if (transport::Signal* ended = std::exchange(channel.ended_, nullptr)) ended->notify();
}

void Channel::on_socket(void* self, ::ares_socket_t socket, int readable, int writable) noexcept {
  static_cast<Channel*>(self)->watch(socket, readable != 0, writable != 0);
}

void Channel::watch(::ares_socket_t socket, bool readable, bool writable) {
  auto found = std::ranges::find(sockets_, socket, [](const auto& each) { return each->descriptor(); });
  if (!readable && !writable) {
    if (found != sockets_.end()) sockets_.erase(found);  // c-ares closes it next
    return;
  }
  if (found == sockets_.end()) {
    auto ready = [this, socket](BorrowedDescriptor::Event event) {
      const bool reads = event == BorrowedDescriptor::Event::readable;
      ::ares_process_fd(channel_, reads ? socket : ARES_SOCKET_BAD, reads ? ARES_SOCKET_BAD : socket);
    };
    sockets_.push_back(std::make_unique<BorrowedDescriptor>(loop_, socket, std::move(ready)));
    found = std::prev(sockets_.end());
  }
  (*found)->want(readable, writable);
}

}  // namespace

class SystemBackend::Channels {
 public:
  Channels(transport::Loop& loop, SystemBackendOptions options, std::vector<Endpoint> servers, bool trust_ad)
      : loop_(loop), options_(std::move(options)), servers_(std::move(servers)), trust_ad_(trust_ad) {}

  transport::Loop& loop() noexcept { return loop_; }
  const std::vector<Endpoint>& servers() const noexcept { return servers_; }
  bool trusts_ad() const noexcept { return trust_ad_; }

  std::expected<std::unique_ptr<Channel>, std::string> take() {
    if (idle_.empty()) return Channel::make(loop_, options_);
    auto channel = std::move(idle_.back());
    idle_.pop_back();
    return channel;
  }
  void give_back(std::unique_ptr<Channel> channel) {
    if (idle_.size() < kSpareChannels) idle_.push_back(std::move(channel));
  }

  static Task<AskResult> ask(std::shared_ptr<Channels> channels, Question question, SteadyTime deadline);

 private:
  AskResult result(Channel& channel, const Question& question) const;
  LookupFailure silence() const {
    return LookupFailure(LookupFault::timed_out, "no answer from " + join(servers_));
  }

  transport::Loop& loop_;
  SystemBackendOptions options_;
  std::vector<Endpoint> servers_;
  bool trust_ad_;
  std::vector<std::unique_ptr<Channel>> idle_;
};

namespace {

// A channel at work; whatever becomes of the Task, its question ends with it.
template <class Channels>
class Lease {
 public:
  Lease(Channels& channels, std::unique_ptr<Channel> channel)
      : channels_(channels), channel_(std::move(channel)) {}
  ~Lease() {
    if (!channel_->status()) channel_->give_up();
    channels_.give_back(std::move(channel_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  Channel& operator*() noexcept { return *channel_; }
  Channel* operator->() noexcept { return channel_.get(); }

 private:
  Channels& channels_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace

Task<AskResult> SystemBackend::Channels::ask(std::shared_ptr<Channels> channels, Question question,
                                             SteadyTime deadline) {
  transport::Loop& loop = channels->loop_;
  if (loop.now() >= deadline) co_return std::unexpected(channels->silence());
  auto taken = channels->take();
  if (!taken) co_return std::unexpected(LookupFailure(LookupFault::unreachable, std::move(taken.error())));
  transport::Signal ended(loop);
  Lease<Channels> channel(*channels, std::move(*taken));
  QueryOptions options;
  options.udp_payload = kUdpPayload;
  channel->send(write_query(question, unpredictable_id(), options), ended);
  while (!channel->status()) {
    const SteadyTime until = std::min(deadline, channel->next_timeout());
    const transport::error_code woken = co_await ended.wait(until);
    if (channel->status()) break;
    if (woken == transport::error::operation_aborted) {
      co_return std::unexpected(LookupFailure(LookupFault::cancelled, "given up"));
    }
    if (loop.now() >= deadline) co_return std::unexpected(channels->silence());
    channel->look_at_timeouts();
  }
  co_return channels->result(*channel, question);
}

AskResult SystemBackend::Channels::result(Channel& channel, const Question& question) const {
  const int status = *channel.status();
  if (const auto code = refusal(status))
    return Response(bare_response(question, *code), Security::indeterminate);
  std::string& answer = channel.answer();
  switch (status) {
    case ARES_SUCCESS: {
      if (answer.size() < kHeader)
        return std::unexpected(LookupFailure(LookupFault::malformed, "no DNS message"));
      const bool validated = (static_cast<unsigned char>(answer[3]) & kAuthenticData) != 0;
      return Response(std::move(answer), validated && trust_ad_ ? Security::secure : Security::indeterminate);
    }
    case ARES_ETIMEOUT: return std::unexpected(silence());
    case ARES_EBADRESP:
      return std::unexpected(LookupFailure(LookupFault::malformed, "no DNS message from " + join(servers_)));
    case ARES_ECONNREFUSED:
      return std::unexpected(LookupFailure(LookupFault::unreachable, "cannot reach " + join(servers_)));
    default:
      return std::unexpected(
          LookupFailure(LookupFault::unreachable, std::string("c-ares: ") + ::ares_strerror(status)));
  }
}

std::expected<std::unique_ptr<SystemBackend>, std::string> SystemBackend::make(transport::Loop& loop,
                                                                               SystemBackendOptions options) {
  if (auto fault = why_not(options)) return std::unexpected(std::move(*fault));
  if (auto fault = start_library()) return std::unexpected("c-ares: " + *fault);
  if (options.servers.empty()) {
    const auto probe = Channel::make(loop, options);
    if (!probe) return std::unexpected(probe.error());
    options.servers = (*probe)->servers();
    if (options.servers.empty()) return std::unexpected("c-ares: no name servers");
  }
  auto first = Channel::make(loop, options);
  if (!first) return std::unexpected(first.error());
  std::vector<Endpoint> servers = options.servers;
  const bool here = std::ranges::all_of(servers, &Endpoint::is_loopback);
  const bool trust_ad = options.trust_ad.value_or(here);
  auto channels = std::make_shared<Channels>(loop, std::move(options), std::move(servers), trust_ad);
  channels->give_back(std::move(*first));
  return std::unique_ptr<SystemBackend>(new SystemBackend(std::move(channels)));
}

SystemBackend::SystemBackend(std::shared_ptr<Channels> channels) : channels_(std::move(channels)) {}
SystemBackend::~SystemBackend() = default;

Task<AskResult> SystemBackend::ask(Question question, SteadyTime deadline) {
  return Channels::ask(channels_, std::move(question), deadline);
}

const std::vector<Endpoint>& SystemBackend::servers() const noexcept { return channels_->servers(); }
bool SystemBackend::trusts_ad() const noexcept { return channels_->trusts_ad(); }

}  // namespace postrider::resolver
