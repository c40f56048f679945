// What squall prints. Neither a terminal that is gone nor a reader that went away may end a run: the host has to be put
// back first, and the run directory holds the findings all the same.
#pragma once

#include <fmt/format.h>

#include <string>

namespace squall::cli {

/// To standard error, at once: progress and complaints. Where nobody can read them they are lost, without consequence.
void note(const std::string& text);
/// Notes that, as squall's, and returns the code.
int refuse(const std::string& message, int code);

/// To standard output, at once. False, and a complaint on standard error, if it could not be written.
[[nodiscard]] bool show(const std::string& text);

/// The signals that would end squall where it stands: a closed pipe (SIGPIPE) is left to note() and show().
void ignore_closed_pipes();

}  // namespace squall::cli
