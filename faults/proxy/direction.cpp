#include "faults/proxy/direction.hpp"

namespace squall::proxy {

OptionSpec direction_option(const char* fallback) {
    return {.name = "direction",
            .kind = OptionSpec::Kind::choice,
            .dimension = {},
            .doc = "What is on its way to the target, to the subscriber, or both.",
            .fallback = fallback,
            .choices = {"both", "to-target", "to-subscriber"}};
}

kernel::Direction direction_of(const Options& options) {
    const std::string& written = options.choice("direction");
    if (written == "to-target") return kernel::Direction::to_target;
    return written == "to-subscriber" ? kernel::Direction::to_client : kernel::Direction::both;
}

}  // namespace squall::proxy
