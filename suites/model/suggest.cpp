#include "suites/model/suggest.hpp"

#include <algorithm>

namespace squall {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    // Three rows of the usual table: swaps look two rows back.
    std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names) {
    constexpr std::size_t length_max = 64;  // a paragraph is no misspelt name
    if (wrong.size() > length_max) return "";
    std::size_t nearest = std::max<std::size_t>(2, wrong.size() / 3) + 1;
    std::string_view best;
    for (const std::string_view name : names) {
        const std::size_t distance = edit_distance(wrong, name);
        if (distance < nearest && distance < std::max(wrong.size(), name.size())) {
            nearest = distance;
            best = name;
        }
    }
    return best.empty() ? "" : "; did you mean '" + std::string(best) + "'?";
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& names) {
    return did_you_mean(wrong, std::vector<std::string_view>(names.begin(), names.end()));
}

}  // namespace squall
