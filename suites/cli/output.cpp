#include "suites/cli/output.hpp"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace squall::cli {

void note(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

int refuse(const std::string& message, int code) {
    note(fmt::format("squall: {}\n", message));
    return code;
}

bool show(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    if (!written) note(fmt::format("squall: writing the findings to standard output: {}\n", std::strerror(errno)));
    return written;
}

void ignore_closed_pipes() {
    signal(SIGPIPE, SIG_IGN);
}

}  // namespace squall::cli
