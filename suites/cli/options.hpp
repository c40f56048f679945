// Options that several commands have, in the same words.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace squall::cli {

/// One value each time it is given: CLI11 would take the next words as well, and "[a,b]" apart.
inline CLI::Option* several(CLI::Option* option) {
    return option->allow_extra_args(false);
}

inline void add_target(CLI::App& command, std::string& target) {
    command.add_option("--target", target, "Profile of the server: a file, or a name from `squall list targets`")
        ->capture_default_str();
}

inline void add_protocol(CLI::App& command, std::string& protocol) {
    command.add_option("--protocol", protocol,
                       "Of cohorts with 'protocol: any': sse or websocket; default: the first that the target offers");
}

inline void add_seed(CLI::App& command, std::optional<std::uint64_t>& seed) {
    command.add_option("--seed", seed, "Overrides the scenario's; the same seed gives the same schedule");
}

inline void add_repeat(CLI::App& command, unsigned& repeat) {
    command.add_option("--repeat", repeat, "Plays everything so often, the seed one higher each time")
        ->check(CLI::Range(1U, 100000U))
        ->capture_default_str();
}

inline void add_runs(CLI::App& command, std::string& directory) {
    command.add_option("--out", directory, "Directory that the run directories are made in")->capture_default_str();
}

inline void add_without(CLI::App& command, std::vector<std::string>& capabilities) {
    several(command.add_option("--without", capabilities, "Do without a capability, as on a host that lacks it"));
}

}  // namespace squall::cli
