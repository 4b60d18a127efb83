// A converted message has what its next hop takes, the same parts with the same content, and nothing more to
// convert; where it was cut on its way makes no difference.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/fuzz/support/alphabet.h"
#include "postrider/fuzz/support/fuzz_input.h"
#include "postrider/fuzz/support/require.h"
#include "postrider/queue/content/seven_bit.h"
#include "postrider/queue/content/transfer_decoding.h"

namespace {

using namespace postrider::queue;
using namespace postrider::fuzz;

constexpr std::array<std::string_view, 32> kWords = {"MIME-Version: 1.0\r\n",
                                                     "Content-Type: multipart/mixed; boundary=a\r\n\r\n",
                                                     "Content-Type: multipart/digest; boundary=\"b\"\r\n\r\n",
                                                     "Content-Type: multipart/signed; boundary=c\r\n\r\n",
                                                     "Content-Type: message/rfc822\r\n\r\n",
                                                     "Content-Type: message/partial\r\n\r\n",
                                                     "Content-Type: text/plain; charset=utf-8\r\n",
                                                     "Content-Type: application/octet-stream\r\n",
                                                     "Content-Transfer-Encoding: 8bit\r\n",
                                                     "Content-Transfer-Encoding: binary\r\n",
                                                     "Content-Transfer-Encoding: base64\r\n",
                                                     "Content-Transfer-Encoding: quoted-printable\r\n",
                                                     "--a\r\n",
                                                     "--a--\r\n",
                                                     "--b\r\n",
                                                     "--b--\r\n",
                                                     "--c\r\n",
                                                     "--c--\r\n",
                                                     "\r\n",
                                                     "\r\n\r\n",
                                                     "\r",
                                                     "\n",
                                                     "\xC3\xA9",
                                                     "\xFF",
                                                     " ",
                                                     "=",
                                                     ".",
                                                     "-",
                                                     "From ",
                                                     "text",
                                                     std::string_view("\0", 1),
                                                     "a long text without a line end in it, which takes more "
                                                     "than one line of an encoding, as one can see here"};

// Every leaf with its content decoded, and the message put together again from what the walker tells.
class Leaves final : public MimeVisitor {
 public:
  std::vector<std::string> contents;
  std::vector<std::string> encodings;
  std::string everything;

 private:
  void header(const MimePart& part, bool ended) override {
    everything.append(part.header).append(ended ? "\r\n" : "");
    leaf_ = part.kind == MimePart::Kind::leaf;
    if (!leaf_) return;
    contents.emplace_back();
    encodings.push_back(part.encoding);
  }
  void content(std::string_view octets) override {
    require(leaf_ && !octets.empty() && octets.find("\r\n") == octets.npos, "content is without line ends");
    contents.back() += octets;
    everything += octets;
  }
  void content_line_end() override {
    contents.back() += "\r\n";
    everything += "\r\n";
  }
  void content_end() override {
    require(leaf_, "a leaf ends once");
    leaf_ = false;
  }
  void boundary(std::string_view octets) override { everything += octets; }
  void outside(std::string_view octets, bool) override { everything += octets; }

  bool leaf_ = false;
};

std::optional<std::string> convert(std::string_view message, ContentTarget target, std::size_t longest) {
  SevenBitScan scan(target);
  for (std::size_t at = 0; at < message.size(); at += longest) scan.put(message.substr(at, longest));
  auto plan = scan.finish();
  if (!plan) return std::nullopt;
  const bool identity = plan->is_identity();
  SevenBitConverter converter(std::move(*plan));
  std::string out;
  for (std::size_t at = 0; at < message.size(); at += longest) {
    const ExactCopy slice(message.substr(at, longest));
    converter.put(slice.view(), out);
  }
  converter.finish(out);
  require(!identity || out == message, "what needs no conversion stays");
  return out;
}

Leaves leaves_of(std::string_view message) {
  Leaves leaves;
  MimeWalker walker(leaves);
  require(walker.put(message) && walker.finish(), "no bound is passed");
  require_equal(leaves.everything, message, "every octet is told once");
  return leaves;
}

void check(std::string_view message, ContentTarget target) {
  const auto out = convert(message, target, message.size() + 1);
  for (const std::size_t longest : {std::size_t{1}, std::size_t{50}}) {
    require(convert(message, target, longest) == out, "cuts make no difference");
  }
  if (!out) return;
  if (target == ContentTarget::seven_bit) {
    require(std::ranges::all_of(*out, [](char c) { return static_cast<unsigned char>(c) < 128; }),
            "it is ASCII");
  }
  require(convert(*out, target, out->size() + 1) == out, "nothing is left to convert");
  const Leaves before = leaves_of(message);
  const Leaves after = leaves_of(*out);
  require_equal(after.contents.size(), before.contents.size(), "the same parts");
  for (std::size_t leaf = 0; leaf < before.contents.size(); ++leaf) {
    std::string content = after.contents[leaf];
    if (after.encodings[leaf] != before.encodings[leaf]) {
      if (after.encodings[leaf] == "base64") content = decode_base64(content);
      if (after.encodings[leaf] == "quoted-printable") content = decode_quoted_printable(content);
    }
    require_equal(content, before.contents[leaf], "with the same content");
  }
}

void run(std::string_view message) {
  check(message, ContentTarget::seven_bit);
  check(message, ContentTarget::eight_bit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  if (size > 4'096) return 0;
  const std::string_view text = FuzzInput::as_text(octets, size);
  run(text);
  if (size <= 96) run(spell(text, kWords));
  return 0;
}
