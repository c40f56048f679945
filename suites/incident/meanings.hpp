// What the series of a record are, in squall's words: recognised by the names that the field gives them, or told.
#pragma once

#include <map>

#include "suites/incident/course.hpp"

namespace squall::incident {

/// How a value changes when the replay has fewer connections, smaller messages and less time: by the product of these
/// powers of (replayed connections / recorded), (replayed bytes / recorded) and (recorded seconds per replayed second).
struct Scaling {
    int connections = 0, bytes = 0, speed = 0;
};

struct Meaning {
    std::string_view word;  ///< a metric of squall's, or what a scenario is made of: "memory.limit"
    Unit unit;
    std::string_view aggregation;  ///< that the replay is compared by; "quantile": the series' own; empty: not compared
    Scaling scaling;
    bool adds_up;  ///< of several series the sum counts; else the largest
    bool counts;   ///< counted from the start of a process, usually: what counts is how fast it rises
    std::string_view doc;
    /// "a b|c !d, e+": has a, and b or c, and not d; or has e in the plural. QUANTILE, BYTES, BANDWIDTH: what the name
    /// or values say. NUMBER: a word that is one. Of several names the first say it best.
    std::string_view names;
};
const std::vector<Meaning>& all_meanings();
const Meaning* find_meaning(std::string_view word);

/// One word of squall's, with what was recorded of it.
struct Recognised {
    const Meaning* meaning = nullptr;
    std::string quantile;            ///< "p95", "max"; empty where the word has none
    std::vector<std::string> names;  ///< of the series, as recorded; several were put together
    std::vector<Point> points;
    bool unit_assumed = false;  ///< the record names none: the meaning's was taken
    bool differentiated = false;

    std::string word() const;     ///< "p95(queue.depth)", "connections"
    std::string measure() const;  ///< "p95(queue.depth)", "mean(connections)"; empty: not compared
    double first() const { return points.front().value; }
    double last() const { return points.back().value; }
    double least() const;
    double most() const;
};

/// Of several names of one word, one that does not count.
struct Unused {
    const Series* series = nullptr;
    std::string word;
};

struct Recognition {
    std::vector<Recognised> recognised;
    std::vector<const Series*> unknown;  ///< of the recording
    std::vector<Unused> unused;          ///< series of the recording
    std::vector<const Unread*> unread;   ///< of the recording
    std::vector<std::string> ignored;    ///< names that were to be
    std::vector<InputError> errors;      ///< a value that is needed cannot be read; a unit that does not fit
};

/// `map`: name as recorded (with its labels or without; ending in *: all that begin so) → word, "ignore", or word and
/// unit: "target.memory MB". Error: a name that the recording does not have, a word that there is not.
Result<Recognition> recognise(const Recording& recording, const std::string& file,
                              const std::map<std::string, std::string>& map);

}  // namespace squall::incident
