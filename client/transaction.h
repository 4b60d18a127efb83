// One transaction: MAIL, the RCPTs of a group of recipients, and the message. Internal to client.
//
// Sending and receiving advance apart: queue_commands() sends whatever may be sent, on_answer() takes what
// came, and run() only waits in between. So the same few functions do a server with and without PIPELINING,
// and groups of recipients larger than what may be unanswered at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "postrider/client/channel.h"
#include "postrider/client/delivery_report.h"
#include "postrider/client/envelope.h"
#include "postrider/client/message_source.h"
#include "postrider/client/transfer.h"

namespace postrider::client {

class Transaction {
 public:
  // `group`: recipients by their index in the envelope. Everything outlives the transaction.
  Transaction(Channel& channel, const Envelope& envelope, std::span<const std::size_t> group,
              const TransferPlan& plan, MessageSource& message, DeliveryReport& report);

  // Says RSET first.
  void reset_first() noexcept { reset_ = Reset::wanted; }

  // Every recipient of the group has a result afterwards, or stands in retry_same_host with the server's word
  // for it; a broken connection is in the report's `failure`.
  Task<void> run();

  // Must RSET come before the next MAIL?
  bool left_open() const noexcept { return reset_ == Reset::wanted || (mail_accepted_ && !concluded_); }
  // Did the server take at least one recipient? If not, another transaction for the rest would be no better.
  bool accepted_any() const noexcept { return !accepted_.empty(); }
  // A 421 came, or the connection had to be given up.
  bool must_close() const noexcept { return must_close_; }

 private:
  enum class Reset : std::uint8_t { no, wanted, sent, answered };
  // What is to be said next.
  enum class Step : std::uint8_t { mail, recipients, content, nothing };

  void queue_commands();
  void queue_mail();
  void queue_recipient();
  void queue_content_command();
  bool content_is_due() const noexcept;
  Phase waiting_for() const noexcept;

  void take_answers();
  void on_answer(const Channel::Answer& answer);
  void on_command_answer(const Channel::Answer& answer);
  void on_recipient(const protocol::ReplyView& reply);
  void on_content(const Channel::Answer& answer);

  Task<bool> gather();
  Task<void> send_content();
  Task<bool> send_as_text(MessageSource::Slice slice);
  Task<bool> send_as_part(MessageSource::Slice slice);
  Task<bool> send_as_chunks(MessageSource::Slice slice);
  Task<bool> write_out(bool more_to_come);
  bool look_through(const MessageSource::Slice& slice);

  void decide_all(protocol::Stage stage, const protocol::ReplyView& reply);
  void decide_one(std::size_t place, protocol::Stage stage, const protocol::ReplyView& reply,
                  bool local = false);
  Failure connection_failure(Phase phase) const;
  bool undecided() const noexcept;
  bool message_failed(const transport::error_code& why);
  bool message_failed(const protocol::Error& why);
  void fail(Failure failure);

  Channel& channel_;
  const Envelope& envelope_;
  std::span<const std::size_t> group_;
  const TransferPlan& plan_;
  MessageSource& message_;
  DeliveryReport& report_;

  // Places are indices of group_.
  std::vector<bool> decided_;
  std::vector<std::size_t> asked_;     // in the order of the RCPTs
  std::vector<std::size_t> accepted_;  // of those, in that order
  std::size_t answered_ = 0;           // of those
  std::size_t next_place_ = 0;

  std::string gathered_;        // chunk_at_once: a message that came in several slices
  std::string_view at_once_;    // chunk_at_once: the message
  std::uint64_t octets_left_;   // one_chunk: what the message still has to give
  MessageInspector inspector_;  // several_chunks

  Reset reset_ = Reset::no;
  Step step_ = Step::mail;
  bool mail_answered_ = false;
  bool mail_accepted_ = false;
  bool data_pending_ = false;  // DATA is unanswered
  bool content_begun_ = false;
  bool content_ended_ = false;    // its last octet is written or queued
  bool content_refused_ = false;  // in the middle of its chunks
  bool concluded_ = false;        // the server has ended the transaction
  bool over_ = false;
  bool must_close_ = false;
};

}  // namespace postrider::client
