#include "suites/invariants/discrepancies.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace squall {
namespace {

constexpr std::size_t named_max = 10;

std::string names_of(const std::vector<std::string>& names) {
    if (names.empty()) return "";
    const auto some = std::min(named_max, names.size());
    const std::string more = names.size() > some ? fmt::format("; {} more", names.size() - some) : "";
    return fmt::format(" ({}{})", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(some), "; "),
                       more);
}

}  // namespace

Discrepancies::Kind* Discrepancies::find(std::string_view words) {
    const auto found =
        std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& kind) { return kind.words == words; });
    return found == kinds_.end() ? nullptr : &*found;
}

void Discrepancies::add(double how_many, std::string_view kind, std::string name, std::optional<Nanos> at) {
    if (how_many <= 0) return;
    Kind* entry = find(kind);
    if (entry == nullptr) entry = &kinds_.emplace_back(Kind{std::string(kind)});
    entry->how_many += how_many;
    if (!name.empty()) entry->names.push_back(std::move(name));
    if (at) since_ = std::min(since_.value_or(*at), *at);
}

void Discrepancies::name(std::string_view kind, std::string name) {
    if (Kind* entry = find(kind)) entry->names.push_back(std::move(name));
}

Measured Discrepancies::result(double expected, std::string_view of_what) const {
    double total = 0;
    std::vector<std::string> words;
    for (const Kind& kind : kinds_) {
        total += kind.how_many;
        words.push_back(fmt::format("{:.0f} {}{}", kind.how_many, kind.words, names_of(kind.names)));
    }
    // Whole numbers up to 2^53 are exact in doubles, and so is the quotient's being 1.
    Measured measured{.value = std::max(0.0, expected - total) / expected,
                      .samples = static_cast<std::uint64_t>(expected)};
    if (total == 0) return measured;
    measured.since = since_;
    measured.detail = fmt::format("of {:.0f} {}: {}", expected, of_what, fmt::join(words, ", "));
    return measured;
}

}  // namespace squall
