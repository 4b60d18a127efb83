// File descriptors: a connection is one.
#pragma once

namespace postrider::agent {

// Raises the soft limit to the hard one; a shell's usual 1024 would be 1000 connections.
void raise_file_limit() noexcept;

}  // namespace postrider::agent
