#include "postrider/resolver/backend/unbound_backend.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <unbound.h>

#include "postrider/resolver/backend/borrowed_descriptor.h"
#include "postrider/transport/signal.h"

namespace postrider::resolver {

using transport::Endpoint;
using transport::SteadyTime;

namespace {

constexpr std::size_t kMaxServers = 16;
constexpr int kClassIn = 1;

// Built into libunbound as empty; "localhost.", "invalid." and "onion." stay (RFC 6761 6.3, 6.4; RFC 7686 2).
constexpr std::array kPrivateZones{"test.", "home.arpa."};

std::string bare_response(const Question& question, ResponseCode code) {
  Message message;
  message.response = message.recursion_desired = message.recursion_available = true;
  message.code = code;
  message.questions.push_back(question);
  return write_message(message);
}

// libunbound takes "192.0.2.1@53".
std::string forwarder(const Endpoint& server) {
  return server.address_to_string() + "@" + std::to_string(server.port());
}

bool is_readable(const std::string& file) { return std::ifstream(file).is_open(); }

// A question that libunbound works on; it ends with its owner.
class Asked {
 public:
  Asked(transport::Loop& loop, ::ub_ctx* context) : ended_(loop), context_(context) {}
  ~Asked() {
    if (id_ && !over_) ::ub_cancel(context_, *id_);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  // 0, or why not.
  int start(const Question& question) {
    int id = 0;
    const int fault = ::ub_resolve_async(context_, question.name.text().c_str(),
                                         static_cast<int>(question.type), kClassIn, this, &on_end, &id);
    if (fault == UB_NOERROR) id_ = id;
    return fault;
  }

  transport::Signal& ended() noexcept { return ended_; }
  bool over() const noexcept { return over_; }
  int fault() const noexcept { return fault_; }
  const ::ub_result* result() const noexcept { return result_.get(); }

 private:
  struct Free {
    void operator()(::ub_result* result) const noexcept { ::ub_resolve_free(result); }
  };

  static void on_end(void* self, int fault, ::ub_result* result) noexcept {
    auto& asked = *static_cast<Asked*>(self);
    asked.over_ = true;
    asked.fault_ = fault;
    asked.result_.reset(result);
    asked.ended_.notify();
  }

  transport::Signal ended_;
  ::ub_ctx* context_;
  std::optional<int> id_;
  bool over_ = false;
  int fault_ = UB_NOERROR;
  std::unique_ptr<::ub_result, Free> result_;
};

}  // namespace

class UnboundBackend::Context {
 public:
  explicit Context(transport::Loop& loop) : loop_(loop), context_(::ub_ctx_create()) {}
  ~Context() {
    answers_.reset();
    if (context_ != nullptr) ::ub_ctx_delete(context_);  // waits for its thread
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  std::optional<std::string> set_up(const UnboundBackendOptions& options);
  bool validates() const noexcept { return validates_; }

  static Task<AskResult> ask(std::shared_ptr<Context> context, Question question, SteadyTime deadline);

 private:
  // Answers are looked for only while somebody waits, so that an idle loop can end.
  class Waiting {
   public:
    explicit Waiting(Context& context) : context_(context) {
      if (context_.waiting_++ == 0) context_.answers_->want(true, false);
    }
    ~Waiting() {
      if (--context_.waiting_ == 0) context_.answers_->want(false, false);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Context& context_;
  };

  std::optional<std::string> set(const char* option, const std::string& value);
  std::optional<std::string> set_servers(const UnboundBackendOptions& options);
  std::optional<std::string> set_anchors(const UnboundBackendOptions& options);
  std::optional<std::string> finish(const UnboundBackendOptions& options);
  AskResult result(const Asked& asked, const Question& question) const;

  transport::Loop& loop_;
  ::ub_ctx* context_;
  std::optional<BorrowedDescriptor> answers_;
  std::size_t waiting_ = 0;
  bool validates_ = false;
};

std::optional<std::string> UnboundBackend::Context::set_up(const UnboundBackendOptions& options) {
  if (context_ == nullptr) return "libunbound does not start";
  ::ub_ctx_debugout(context_, nullptr);  // what it has to say comes back with the answers
  if (auto fault = set_servers(options)) return fault;
  if (auto fault = set_anchors(options)) return fault;
  return finish(options);
}

std::optional<std::string> UnboundBackend::Context::set(const char* option, const std::string& value) {
  const int fault = ::ub_ctx_set_option(context_, option, value.c_str());
  if (fault == UB_NOERROR) return std::nullopt;
  return std::string("libunbound: ") + option + " " + value + ": " + ::ub_strerror(fault);
}

std::optional<std::string> UnboundBackend::Context::set_servers(const UnboundBackendOptions& options) {
  // A network that comes back is noticed at once, not when servers that failed are tried again after minutes.
  if (auto fault = set("infra-keep-probing:", "yes")) return fault;
  if (options.servers.size() > kMaxServers) return "more than 16 name servers";
  if (std::ranges::any_of(options.servers, &Endpoint::is_loopback)) {
    if (auto fault = set("do-not-query-localhost:", "no")) return fault;
  }
  if (!options.servers.empty()) {
    if (auto fault = set("unblock-lan-zones:", "yes")) return fault;  // RFC 6303 4
  }
  for (const Endpoint& server : options.servers) {
    if (!server.is_ip() || server.port() == 0) {
      return "name server " + server.to_string() + " has no address and port";
    }
    const int fault = ::ub_ctx_set_fwd(context_, forwarder(server).c_str());
    if (fault != UB_NOERROR) return "name server " + server.to_string() + ": " + ::ub_strerror(fault);
  }
  return std::nullopt;
}

std::optional<std::string> UnboundBackend::Context::set_anchors(const UnboundBackendOptions& options) {
  std::string file = options.trust_anchor_file.value_or(UnboundBackendOptions::kSystemAnchorFile);
  const bool wanted = options.trust_anchor_file.has_value();
  if (!file.empty() && (wanted || is_readable(file))) {
    if (!is_readable(file)) return "cannot read the trust anchor file " + file;
    const int fault = ::ub_ctx_add_ta_file(context_, file.c_str());
    if (fault != UB_NOERROR) return "trust anchor file " + file + ": " + ::ub_strerror(fault);
    validates_ = true;
  }
  for (const std::string& anchor : options.trust_anchors) {
    const int fault = ::ub_ctx_add_ta(context_, anchor.c_str());
    if (fault != UB_NOERROR) return "trust anchor '" + anchor + "': " + ::ub_strerror(fault);
    validates_ = true;
  }
  for (const DomainName& domain : options.insecure_domains) {
    if (auto fault = set("domain-insecure:", domain.text())) return fault;
  }
  return std::nullopt;
}

// Settings are looked at when the first thing is done with them, which removing a zone is.
std::optional<std::string> UnboundBackend::Context::finish(const UnboundBackendOptions& options) {
  int fault = ::ub_ctx_async(context_, 1);
  if (fault == UB_NOERROR) fault = ::ub_ctx_zone_remove(context_, "not-there.invalid.");
  if (fault != UB_NOERROR) {
    return std::string("libunbound does not take its settings or trust anchors: ") + ::ub_strerror(fault);
  }
  for (const char* zone : kPrivateZones) {
    if (options.servers.empty()) break;
    fault = ::ub_ctx_zone_remove(context_, zone);
    if (fault != UB_NOERROR) return std::string("libunbound: ") + zone + ": " + ::ub_strerror(fault);
  }
  answers_.emplace(loop_, ::ub_fd(context_),
                   [this](BorrowedDescriptor::Event /*event*/) { ::ub_process(context_); });
  return std::nullopt;
}

Task<AskResult> UnboundBackend::Context::ask(std::shared_ptr<Context> context, Question question,
                                             SteadyTime deadline) {
  if (context->loop_.now() >= deadline) {
    co_return std::unexpected(LookupFailure(LookupFault::timed_out, "no time to ask"));
  }
  Waiting waiting(*context);
  Asked asked(context->loop_, context->context_);
  const int fault = asked.start(question);
  if (fault != UB_NOERROR) {
    co_return std::unexpected(
        LookupFailure(LookupFault::unreachable, std::string("libunbound: ") + ::ub_strerror(fault)));
  }
  const transport::error_code woken = co_await asked.ended().wait(deadline);
  if (asked.over()) co_return context->result(asked, question);
  if (woken == transport::error::timed_out) {
    co_return std::unexpected(LookupFailure(LookupFault::timed_out, "no answer from the name servers"));
  }
  co_return std::unexpected(LookupFailure(LookupFault::cancelled, "given up"));
}

AskResult UnboundBackend::Context::result(const Asked& asked, const Question& question) const {
  const ::ub_result* result = asked.result();
  if (asked.fault() != UB_NOERROR || result == nullptr) {
    return std::unexpected(
        LookupFailure(LookupFault::unreachable, std::string("libunbound: ") + ::ub_strerror(asked.fault())));
  }
  // Before anything else: what is bogus may carry data.
  if (result->bogus != 0) {
    Response forged(bare_response(question, ResponseCode::server_failure), Security::bogus);
    if (result->why_bogus != nullptr) forged.why_bogus = result->why_bogus;
    return forged;
  }
  Response response;
  // A SERVFAIL of libunbound's own is a header without the question.
  const bool answered = result->rcode == 0 || result->nxdomain != 0;
  if (answered && result->answer_packet != nullptr && result->answer_len > 0) {
    response.message.assign(static_cast<const char*>(result->answer_packet),
                            static_cast<std::size_t>(result->answer_len));
  } else {
    response.message = bare_response(question, static_cast<ResponseCode>(result->rcode & 0xf));
  }
  if (result->secure != 0) {
    response.security = Security::secure;
  } else if (validates_ && answered) {
    response.security = Security::insecure;
  }
  return response;
}

std::expected<std::unique_ptr<UnboundBackend>, std::string> UnboundBackend::make(
    transport::Loop& loop, UnboundBackendOptions options) {
  auto context = std::make_shared<Context>(loop);
  if (auto fault = context->set_up(options)) return std::unexpected(std::move(*fault));
  return std::unique_ptr<UnboundBackend>(new UnboundBackend(std::move(context)));
}

UnboundBackend::UnboundBackend(std::shared_ptr<Context> context) : context_(std::move(context)) {}
UnboundBackend::~UnboundBackend() = default;

Task<AskResult> UnboundBackend::ask(Question question, SteadyTime deadline) {
  return Context::ask(context_, std::move(question), deadline);
}

bool UnboundBackend::validates() const noexcept { return context_->validates(); }

}  // namespace postrider::resolver
