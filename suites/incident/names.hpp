// What a name means: by its words, or as --map says.
#pragma once

#include "suites/incident/meanings.hpp"
#include "suites/incident/values.hpp"

namespace squall::incident {

struct Meant {
    const Meaning* meaning = nullptr;
    std::string quantile;
    std::optional<NamedUnit> unit;  ///< told by --map
    bool told = false;              ///< by --map
    std::size_t name = 0;           ///< which of the meaning's: the first say it best
};

/// rss{pod="a"} → rss.
std::string_view without_labels(std::string_view name);

/// Without labels too, but not of a name that is nothing else: series of one such name are parts of one whole.
std::string_view whole_of(std::string_view name);

/// Nothing: it has no meaning.
std::optional<Meant> meant_by_name(const Series& series);

/// "p95(queue.depth)", "target.memory MB". Error: no such word, or unit.
Result<Meant> meant_by_word(std::string_view text);

/// Whether values in `unit` can be of this meaning, by themselves or by how fast they rise.
bool unit_fits(const Meaning& meaning, const std::optional<Unit>& unit);

}  // namespace squall::incident
