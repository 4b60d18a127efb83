#include "postrider/agent/send/send_command.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "postrider/agent/accounts/sasl_primitives.h"
#include "postrider/agent/command_line/print_problems.h"
#include "postrider/agent/config/config_reader.h"
#include "postrider/agent/record/session_records.h"
#include "postrider/agent/send/compose.h"
#include "postrider/agent/send/delivery_outcome.h"
#include "postrider/agent/send/host_lookup.h"
#include "postrider/agent/send/mx_send.h"
#include "postrider/agent/send/send_security.h"
#include "postrider/agent/send/transcript.h"
#include "postrider/client/client.h"
#include "postrider/transport/loop.h"
#include "postrider/transport/socket_network.h"

namespace postrider::agent {
namespace {

constexpr std::uint16_t kSmtpPort = 25;
constexpr std::uint16_t kLmtpPort = 24;
constexpr std::uint16_t kSubmissionPort = 587;           // RFC 6409 3.1
constexpr std::uint16_t kEncryptedSubmissionPort = 465;  // RFC 8314 3.3
// What is read into memory: stdin, and files that get header lines. A file alone is streamed.
constexpr std::size_t kMostInMemory = std::size_t{1} << 30;

ExitCode fail(ExitCode code, std::string_view what) {
  std::cerr << "postrider send: " << what << '\n';
  return code;
}

using Failed = SendProblem;

std::uint16_t usual_port(const SendOptions& options) {
  if (options.lmtp) return kLmtpPort;
  if (options.tls == client::TlsUse::implicit) return kEncryptedSubmissionPort;
  return options.user ? kSubmissionPort : kSmtpPort;
}

bool suits(const Listener& listener, const SendOptions& options) {
  const Role role = options.lmtp ? Role::lmtp : options.user ? Role::submission : Role::mx;
  const bool implicit = effective_tls(listener) == ListenerTls::implicit;
  return listener.role == role && implicit == (options.tls == client::TlsUse::implicit);
}

// The listener of our own agent that takes messages of this kind.
std::expected<HostPort, Failed> server_of(const SendOptions& options, const Config& config) {
  if (options.server) {
    auto server = parse_host_port(*options.server, usual_port(options));
    if (server) return *std::move(server);
    return std::unexpected(Failed{ExitCode::usage, "--server: '" + *options.server + "' " + server.error()});
  }
  const auto listener = std::ranges::find_if(
      config.listeners, [&](const Listener& each) { return suits(each, options) && each.address.port != 0; });
  if (listener == config.listeners.end()) {
    return std::unexpected(
        Failed{ExitCode::usage, "the configuration has no listener that suits; name a --server"});
  }
  HostPort server = listener->address;
  if (server.host == "0.0.0.0") server.host = "127.0.0.1";
  if (server.host == "::") server.host = "::1";
  return server;
}

std::string_view without_brackets(std::string_view address) {
  if (address.starts_with('<') && address.ends_with('>')) return address.substr(1, address.size() - 2);
  return address;
}

std::expected<client::Envelope, Failed> envelope_of(const SendOptions& options) {
  auto envelope = client::Envelope::from(without_brackets(options.from));
  if (!envelope)
    return std::unexpected(Failed{ExitCode::usage, "--from: '" + options.from + "' is no address"});
  for (const std::string& each : options.to) {
    if (!envelope->add(without_brackets(each))) {
      return std::unexpected(Failed{ExitCode::usage, "--to: '" + each + "' is no address"});
    }
  }
  return *std::move(envelope);
}

std::expected<std::string, Failed> read_all(std::istream& in, const std::string& name) {
  std::string text;
  std::string block(std::size_t{64} << 10, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kMostInMemory)
      return std::unexpected(Failed{ExitCode::bad_input, name + " is larger than 1 GiB"});
  }
  if (in.bad()) return std::unexpected(Failed{ExitCode::bad_input, name + " cannot be read"});
  return text;
}

// A message and what it stands on.
struct Message {
  std::string text;
  std::unique_ptr<client::MessageSource> source;
};

std::expected<void, Failed> take(Message& message, std::string text) {
  message.text = std::move(text);
  message.source = std::make_unique<client::MemoryMessage>(message.text);
  return {};
}

std::expected<void, Failed> make_message(const SendOptions& options, const Config& config, Message& message) {
  if (options.subject || options.body) {
    Draft draft{std::string(without_brackets(options.from)),
                options.to,
                options.subject.value_or(""),
                options.body.value_or(""),
                options.headers,
                config.hostname,
                transport::RealClock::instance().system_now()};
    auto text = compose(draft);
    if (!text) return std::unexpected(Failed{ExitCode::usage, text.error()});
    return take(message, *std::move(text));
  }
  auto header = header_lines(options.headers);
  if (!header) return std::unexpected(Failed{ExitCode::usage, "--header: " + header.error()});
  const std::string name = options.file.value_or("-");
  if (name == "-") {
    auto text = read_all(std::cin, "stdin");
    if (!text) return std::unexpected(text.error());
    return take(message, *header + client::with_crlf(*text));
  }
  if (!header->empty()) {
    std::ifstream in(name, std::ios::binary);
    if (!in) return std::unexpected(Failed{ExitCode::bad_input, name + " cannot be opened"});
    auto text = read_all(in, name);
    if (!text) return std::unexpected(text.error());
    return take(message, *header + client::with_crlf(*text));
  }
  auto file = client::FileMessage::open(name, client::LineEnds::convert);
  if (!file) return std::unexpected(Failed{ExitCode::bad_input, name + ": " + file.error().message()});
  message.source = std::make_unique<client::FileMessage>(*std::move(file));
  return {};
}

struct Delivery {
  std::optional<client::Failure> not_connected;
  client::DeliveryReport report;
};

// Tries the server's addresses until one answers. Where TLS is welcome and not needed, and does not come
// about, the same address is tried once more in clear (RFC 7435).
client::Task<void> run(transport::Loop& loop, transport::Network& network, client::ClientConfig config,
                       const std::vector<transport::Endpoint>& addresses, const client::Envelope& envelope,
                       client::MessageSource& message, Delivery& delivery) {
  for (std::size_t at = 0; at < addresses.size();) {
    client::Client client(loop, config);
    const client::Outcome<void> connected = co_await client.connect(network, addresses[at]);
    if (!connected) {
      delivery.not_connected = connected.error();
      const bool answered = connected.error().reply.has_value();
      if (answered) co_await client.quit();
      const bool in_clear = config.tls.use == client::TlsUse::opportunistic &&
                            connected.error().phase == client::Phase::start_tls;
      if (in_clear) {
        std::cerr << "postrider send: in clear, since TLS did not come about: " << connected.error().text()
                  << '\n';
        config.tls.use = client::TlsUse::none;
        continue;
      }
      const bool hopeless = connected.error().phase == client::Phase::authentication;
      if (hopeless) break;
      ++at;
      continue;
    }
    delivery.not_connected.reset();
    delivery.report = co_await client.send(envelope, message);
    co_await client.quit();
    break;
  }
  loop.stop();
}

ExitCode report_no_connection(const SendOptions& options, const HostPort& server,
                              const client::Failure& failure) {
  for (const std::string& each : options.to) {
    std::cout << each << ": " << to_text(server) << ": " << failure.text() << '\n';
  }
  std::cout.flush();
  // Whom the server does not let in, another try does not help.
  const bool refused =
      failure.phase == client::Phase::authentication && (!failure.reply || failure.reply->code().permanent());
  return refused ? ExitCode::permission : ExitCode::unavailable;
}

ExitCode send_to_server(const SendOptions& options, const Config& loaded, client::ClientConfig config,
                        const client::Envelope& envelope, client::MessageSource& message,
                        TranscriptPrinter& transcript, const SessionRecords* records) {
  const auto server = server_of(options, loaded);
  if (!server) return fail(server.error().code, server.error().text);
  const auto addresses = look_up(*server, loaded);
  if (!addresses) return fail(addresses.error().code, addresses.error().text);
  const SaslPrimitives primitives;
  if (const auto good = secure(options, loaded.tls.backend, *server, primitives, config); !good) {
    return fail(good.error().code, good.error().text);
  }
  Delivery delivery;
  transport::Loop loop;
  transport::SocketNetwork network(loop);
  const auto watched = recording(loop, network, records);
  transport::Network& used = watched ? static_cast<transport::Network&>(*watched) : network;
  loop.spawn(run(loop, used, config, *addresses, envelope, message, delivery));
  loop.run();
  transcript.flush();
  if (delivery.not_connected) return report_no_connection(options, *server, *delivery.not_connected);
  for (const std::string& refusal : refusals(delivery.report, options.to)) std::cout << refusal << '\n';
  std::cout.flush();
  return exit_code_of(delivery.report);
}

}  // namespace

ExitCode send(const SendOptions& options) {
  const ConfigResult loaded = load_config(options.config);
  if (!loaded) return print_problems(loaded.error());
  const auto envelope = envelope_of(options);
  if (!envelope) return fail(envelope.error().code, envelope.error().text);
  Message message;
  if (const auto made = make_message(options, loaded->config, message); !made) {
    return fail(made.error().code, made.error().text);
  }
  std::optional<SessionRecords> records;
  if (options.record) {
    auto opened =
        SessionRecords::open(*options.record, SessionRecords::Files::one, transport::RealClock::instance());
    if (!opened) return fail(ExitCode::bad_input, "--record: " + opened.error());
    records = *std::move(opened);
  }
  TranscriptPrinter transcript(std::cout);
  client::ClientConfig config;
  config.hello_name = loaded->config.hostname;
  config.flavor = options.lmtp ? protocol::Flavor::lmtp : protocol::Flavor::smtp;
  if (options.transcript) {
    config.transcript = [&transcript](client::Direction direction, std::string_view octets) {
      transcript.print(direction, octets);
    };
  }
  if (options.mx) {
    const ExitCode sent = send_by_mx(options, loaded->config, std::move(config), *envelope, *message.source,
                                     records ? &*records : nullptr);
    transcript.flush();
    return sent;
  }
  return send_to_server(options, loaded->config, std::move(config), *envelope, *message.source, transcript,
                        records ? &*records : nullptr);
}

}  // namespace postrider::agent
