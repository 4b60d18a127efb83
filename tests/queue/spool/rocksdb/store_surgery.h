// Looks into a store that nobody has open, and alters it behind the spool's back.
//
//   {
//     StoreSurgery surgery(path);
//     surgery.damage(id);
//   }
//   reopen();
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "postrider/queue/message_id.h"

namespace postrider::queue {

class StoreSurgery {
 public:
  // Aborts the program when there is no such store.
  explicit StoreSurgery(const std::string& path);
  ~StoreSurgery();
  StoreSurgery(const StoreSurgery&) = delete;
  StoreSurgery& operator=(const StoreSurgery&) = delete;

  // Flips a bit in the envelope.
  void damage(MessageId id);
  void erase_slice(MessageId id, std::uint32_t index);
  void set_schema(const std::string& text);
  // Flips some octets in the data of each table of the family, so that RocksDB finds a checksum wrong; how
  // many tables there are. `at`: how far behind the beginning, of 1. Close the surgery before the next.
  static std::size_t damage_tables(const std::string& path, const std::string& family, double at);
  // Keys in "default", "envelopes", "due", "content" or "damaged".
  std::size_t count(const std::string& family) const;

  // A store of somebody else.
  static void make_foreign(const std::string& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postrider::queue
