// The target's own log. Lines stand for themselves: read one by one they come to the same.
#include "suites/targets/declared_log.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {

void fuzz(std::string_view input) {
    static const DeclaredLog format{"event", "disconnect", "peer", "protocol", "reason", "time", "dropped", "delivered"};
    const DeclaredLogContent whole = read_declared_log(input, format);
    std::size_t disconnects = 0, not_understood = 0;
    while (!input.empty()) {
        const std::string_view line = input.substr(0, input.find('\n'));
        const DeclaredLogContent one = read_declared_log(line, format);
        for (const DeclaredDisconnect& disconnect : one.disconnects) {
            REQUIRE(disconnects < whole.disconnects.size());
            REQUIRE(disconnect.peer == whole.disconnects[disconnects].peer);
            REQUIRE(disconnect.reason == whole.disconnects[disconnects].reason);
            REQUIRE(disconnect.at == whole.disconnects[disconnects].at);
            REQUIRE(disconnect.dropped == whole.disconnects[disconnects].dropped);
            REQUIRE(disconnect.delivered == whole.disconnects[disconnects].delivered);
            ++disconnects;
        }
        not_understood += one.lines_not_understood;
        input.remove_prefix(std::min(line.size() + 1, input.size()));
    }
    REQUIRE(disconnects == whole.disconnects.size());
    REQUIRE(not_understood == whole.lines_not_understood);
}

}  // namespace squall::fuzz
