// What the series of a record are, in squall's words: recognised by the names that the field gives them, or told.
#pragma once

#include <map>

#include "suites/incident/meanings.hpp"

namespace squall::incident {

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
