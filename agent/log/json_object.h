// One JSON object, written member by member, for results that scripts read.
//
//   std::string text = JsonObject().text("host", name).raw("port", "25").list("names", names).str();
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/agent/log/escape.h"

namespace postrider::agent {

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value) {
    append_json_string(value, name(key));
    return *this;
  }
  JsonObject& text_or_null(std::string_view key, std::string_view value) {
    return value.empty() ? raw(key, "null") : text(key, value);
  }
  JsonObject& truth(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  JsonObject& number(std::string_view key, std::uint64_t value) { return raw(key, std::to_string(value)); }
  // Of strings.
  JsonObject& list(std::string_view key, const std::vector<std::string>& values) {
    std::vector<std::string> written(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) append_json_string(values[i], written[i]);
    return raw_list(key, written);
  }
  // Of values that are JSON already.
  JsonObject& raw_list(std::string_view key, const std::vector<std::string>& values) {
    std::string& out = name(key);
    out += '[';
    for (const std::string& value : values) {
      if (&value != &values.front()) out += ',';
      out += value;
    }
    out += ']';
    return *this;
  }
  JsonObject& raw(std::string_view key, std::string_view value) {
    name(key) += value;
    return *this;
  }
  std::string str() const { return out_ + "}"; }

 private:
  std::string& name(std::string_view key) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(key, out_);
    return out_ += ':';
  }
  std::string out_ = "{";
};

}  // namespace postrider::agent
