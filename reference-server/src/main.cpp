// squall-reference-server: runs one Server until SIGTERM or SIGINT, then drains it; a second signal exits at once.
//
// Exit codes: 0 drained · 1 could not listen · 2 the settings are wrong · 130 a second signal.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "reference-server/server.hpp"
#include "reference-server/src/command_line.hpp"

namespace {

using squall::reference::Server;

class Signals {
public:
    Signals(boost::asio::io_context& io, Server& server) : set_(io, SIGTERM, SIGINT), server_(server) {}

    void wait() {
        set_.async_wait([this](const boost::system::error_code& error, int) {
            if (error) return;
            if (second_) _exit(130);
            second_ = true;
            wait();
            server_.drain([this] { set_.cancel(); });
        });
    }

private:
    boost::asio::signal_set set_;
    Server& server_;
    bool second_ = false;
};

}  // namespace

int main(int argc, char** argv) {
    auto parsed = squall::reference::read_command_line(argc, argv);
    if (const int* code = std::get_if<int>(&parsed)) return *code;
    std::signal(SIGPIPE, SIG_IGN);  // a log reader that goes away is no reason to stop

    boost::asio::io_context io(1);
    Server server(io, std::get<squall::reference::Config>(std::move(parsed)));
    Signals signals(io, server);
    if (const std::string problem = server.start(); !problem.empty()) {
        std::fprintf(stderr, "squall-reference-server: %s\n", problem.c_str());
        return 1;
    }
    signals.wait();
    io.run();
    return 0;
}
