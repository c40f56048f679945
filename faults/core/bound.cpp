#include "faults/core/bound.hpp"

namespace squall {

Result<Bound> bound_of(const std::string& fault, const Options& options) {
    const auto number = [&](const char* name) { return static_cast<std::uint64_t>(options.number(name)); };
    if (options.has("limit") == options.has("headroom")) {
        return Error{fault +
                     " needs one of the two: a limit, or the headroom beyond what the target has at the injection"};
    }
    if (options.has("limit")) return Bound{.limit = number("limit")};
    return Bound{.limit = std::nullopt, .headroom = number("headroom")};
}

}  // namespace squall
