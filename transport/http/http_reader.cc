// The one file that knows Beast.

#include "postrider/transport/http/http_reader.h"

#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace postrider::transport {
namespace {

namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;

// A line with the size of a chunk, RFC 9112 7.1: what is not parsed yet is bounded by it or by the header.
constexpr std::size_t kMaxChunkLine = 4096;

std::unique_ptr<Parser> make_parser(const HttpLimits& limits) {
  auto parser = std::make_unique<Parser>();
  parser->eager(true);
  parser->header_limit(static_cast<std::uint32_t>(limits.header_octets));
  parser->body_limit(limits.body_octets);
  return parser;
}

HttpFailure failure_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit)
    return HttpFailure(HttpFailure::Kind::too_large, "the header of the response is too large");
  if (error == http::error::body_limit)
    return HttpFailure(HttpFailure::Kind::too_large, "the body of the response is too large");
  if (error == http::error::partial_message || error == http::error::end_of_stream)
    return HttpFailure(HttpFailure::Kind::broken_off, "the connection ended before the response did");
  return HttpFailure(HttpFailure::Kind::malformed, "no HTTP response: " + error.message());
}

}  // namespace

struct HttpReader::State {
  explicit State(const HttpLimits& given) : limits(given), parser(make_parser(given)) {}

  bool is_interim() const { return parser->is_done() && parser->get().result_int() / 100 == 1; }

  HttpLimits limits;
  std::unique_ptr<Parser> parser;
  std::string pending;  // of a line that is not whole yet
  int interim = 0;
  bool begun = false;
  bool ended = false;
  bool surplus = false;
};

HttpReader::HttpReader(const HttpLimits& limits) : state_(std::make_unique<State>(limits)) {}
HttpReader::~HttpReader() = default;

std::optional<HttpFailure> HttpReader::give(std::string_view octets) {
  State& state = *state_;
  if (octets.empty()) return std::nullopt;
  state.begun = true;
  state.pending += octets;
  std::size_t used = 0;
  while (!state.parser->is_done() && used < state.pending.size()) {
    boost::system::error_code error;
    const std::size_t taken = state.parser->put(
        boost::asio::const_buffer(state.pending.data() + used, state.pending.size() - used), error);
    used += taken;
    if (error == http::error::need_more) break;
    if (error) return failure_of(error);
    if (state.is_interim()) {
      // RFC 9110 15.2.2: nobody asked for another protocol.
      if (state.parser->get().result_int() == 101 || ++state.interim > kMaxInterim)
        return HttpFailure(HttpFailure::Kind::malformed, "the server sends interim responses alone");
      state.parser = make_parser(state.limits);
    } else if (taken == 0 && !state.parser->is_done()) {
      break;
    }
  }
  state.pending.erase(0, used);
  if (state.parser->is_done()) {
    state.surplus = !state.pending.empty();
    state.pending.clear();
  } else if (state.pending.size() > state.limits.header_octets + kMaxChunkLine) {
    return HttpFailure(HttpFailure::Kind::too_large, "a line of the response is too long");
  }
  return std::nullopt;
}

std::optional<HttpFailure> HttpReader::end_of_input() {
  State& state = *state_;
  state.ended = true;
  if (state.parser->is_done()) return std::nullopt;
  boost::system::error_code error;
  if (state.parser->got_some() && state.pending.empty()) state.parser->put_eof(error);
  if (error) return failure_of(error);
  if (!state.parser->is_done())
    return HttpFailure(HttpFailure::Kind::broken_off, "the connection ended before the response did");
  return std::nullopt;
}

bool HttpReader::done() const noexcept { return state_->parser->is_done(); }
bool HttpReader::begun() const noexcept { return state_->begun; }

bool HttpReader::keeps_connection() const noexcept {
  return done() && !state_->ended && !state_->surplus && state_->parser->keep_alive();
}

HttpResponse HttpReader::take() {
  auto message = state_->parser->release();
  HttpResponse response;
  response.status = message.result_int();
  for (const auto& field : message) {
    const auto name = field.name_string();
    const auto value = field.value();
    response.headers.emplace_back(std::string(name.data(), name.size()),
                                  std::string(value.data(), value.size()));
  }
  response.body = std::move(message.body());
  return response;
}

}  // namespace postrider::transport
