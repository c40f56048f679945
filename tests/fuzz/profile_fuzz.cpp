// A target's profile: a file gives a profile that can be used, or mistakes that say where they are.
#include <algorithm>

#include "suites/targets/profile.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {

void fuzz(std::string_view input) {
    const ParsedProfile parsed = parse_profile(input, "fuzzed.yaml");
    REQUIRE(parsed.profile.has_value() == parsed.errors.empty());
    for (const InputError& error : parsed.errors) {
        REQUIRE(!error.message.empty());
        REQUIRE(error.line >= 1 && error.column >= 1);
    }
    if (!parsed.profile) return;

    const Profile& profile = *parsed.profile;
    REQUIRE(profile.launch.has_value() != profile.address.has_value());
    if (profile.launch) {
        for (const auto& [name, content] : profile.launch->files)
            REQUIRE(!name.empty() && name.front() != '/' && name.find("..") == std::string::npos);
    }
    const FittedSettings fitted = fit_settings(profile, {{"policy", "evict"}});
    REQUIRE(fitted.known.count("policy") + fitted.unknown.size() == 1);
}

}  // namespace squall::fuzz
