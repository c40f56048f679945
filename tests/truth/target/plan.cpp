#include "plan.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

namespace truth {
namespace {

/// "1.5,2" as numbers; nothing when one of them is none.
std::optional<std::vector<double>> numbers(std::string_view text) {
    std::vector<double> result;
    std::string rest(text);
    for (const char* at = rest.c_str();;) {
        char* end = nullptr;
        result.push_back(std::strtod(at, &end));
        if (end == at) return std::nullopt;
        if (*end == '\0') return result;
        if (*end != ',') return std::nullopt;
        at = end + 1;
    }
}

/// In (0, 1]; SplitMix64's finalizer (Steele, Lea, Flood 2014) over what tells one delivery from another.
double uniform(std::uint64_t seed, std::uint64_t sequence, std::uint32_t subscriber) {
    std::uint64_t z = seed * 0x9e3779b97f4a7c15U + sequence * 0xd1342543de82ef95U + subscriber * 0xaf251af3b0f025b5U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    z ^= z >> 31;
    return (static_cast<double>(z >> 11) + 1) / 9007199254740992.0;
}

Nanos nanos(double seconds) {
    return std::llround(seconds * 1e9);
}

}  // namespace

std::optional<Delays> Delays::parse(std::string_view text, std::uint64_t seed) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    const std::string_view shape = text.substr(0, colon);
    const auto values = numbers(text.substr(colon + 1));
    if (!values) return std::nullopt;
    Delays delays;
    delays.seed_ = seed;
    std::size_t count = 3;
    if (shape == "constant") {
        count = 1;
    } else if (shape == "bimodal") {
        delays.shape_ = Shape::bimodal;
    } else if (shape == "pareto") {
        delays.shape_ = Shape::pareto;
    } else {
        return std::nullopt;
    }
    if (values->size() != count) return std::nullopt;
    delays.a_ = (*values)[0];
    if (count == 3) {
        delays.b_ = (*values)[1];
        delays.c_ = (*values)[2];
    }
    return delays;
}

Nanos Delays::of(std::uint64_t sequence, std::uint32_t subscriber) const {
    const double u = uniform(seed_, sequence, subscriber);
    switch (shape_) {
        case Shape::constant:
            return nanos(a_);
        case Shape::bimodal:
            return nanos(u <= c_ ? b_ : a_);
        case Shape::pareto: {
            // The quantile function of the bounded Pareto distribution, F(x) = (1 - (L/x)^a) / (1 - (L/H)^a).
            const double kept = 1 - std::pow(b_ / c_, a_);
            return nanos(b_ / std::pow(1 - (1 - u) * kept, 1 / a_));
        }
    }
    return 0;
}

std::optional<Plan> parse_plan(int argc, char** argv) {
    std::map<std::string, std::string> given{{"--delays", "constant:0"}, {"--seed", "1"}, {"--burn", "0"}};
    for (int i = 1; i + 1 < argc; i += 2)
        given[argv[i]] = argv[i + 1];
    const auto fail = [](const char* what) {
        std::fprintf(stderr, "truth-target: %s\n", what);
        return std::nullopt;
    };
    if (argc % 2 == 0) return fail("every option has one value");
    Plan plan;
    for (const auto& [option, value] : given) {
        if (option == "--listen") {
            const std::size_t colon = value.find(':');
            if (colon == value.npos) return fail("--listen ADDRESS:PORT");
            plan.address = value.substr(0, colon);
            plan.port = static_cast<std::uint16_t>(std::atoi(value.c_str() + colon + 1));
        } else if (option == "--log") {
            plan.log = value;
        } else if (option == "--delays") {
            const auto delays = Delays::parse(value, std::strtoull(given["--seed"].c_str(), nullptr, 10));
            if (!delays) return fail("--delays constant:D, bimodal:FAST,SLOW,SHARE or pareto:ALPHA,LOW,HIGH");
            plan.delays = *delays;
        } else if (option == "--freeze") {
            const auto values = numbers(value);
            if (!values || values->size() != 3) return fail("--freeze LENGTH,PERIOD,TIMES");
            plan.freeze_length = nanos((*values)[0]);
            plan.freeze_period = nanos((*values)[1]);
            plan.freezes = static_cast<std::uint32_t>((*values)[2]);
        } else if (option == "--allocate") {
            const auto values = numbers(value);
            if (!values || values->size() != 2) return fail("--allocate BYTES,AFTER");
            plan.allocate_bytes = static_cast<std::uint64_t>((*values)[0]);
            plan.allocate_after = nanos((*values)[1]);
        } else if (option == "--burn") {
            plan.burn_cores = std::atof(value.c_str());
        } else if (option != "--seed") {
            return fail(("unknown option " + option).c_str());
        }
    }
    if (plan.port == 0 || plan.log.empty()) return fail("--listen ADDRESS:PORT and --log FILE are needed");
    return plan;
}

}  // namespace truth
