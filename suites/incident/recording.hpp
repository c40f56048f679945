// What was kept of an incident, as series over time: bytes in, a Recording or mistakes with their place out.
// Read are log lines ("time name: value …"), answers to Prometheus range queries (JSON), and CSV. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/model/scenario.hpp"

namespace squall::incident {

struct Place {
    std::size_t line = 0, column = 0;  ///< from 1
};

struct Unit {
    Dimension dimension;
    bool percent = false;   ///< a share of one
    bool letter_m = false;  ///< a time if nobody knows better: of CPU `m` is a thousandth, of memory MiB

    friend bool operator==(const Unit&, const Unit&) = default;
};
/// "B", "s", "m", "cores", "1/s", "B/s", "share", "count".
std::string_view to_string(const Unit& unit);

struct Point {
    double at_s = 0;   ///< since the recording's first instant
    double value = 0;  ///< in base units; finite
};

struct Series {
    std::string name;  ///< as the file has it; of several with that name, with what tells them apart: rss{pod="a"}
    std::optional<Unit> unit;   ///< as the file says, by its values or by the name; none: nothing was said
    std::vector<Point> points;  ///< by time, one an instant
    Place place;                ///< of the first value
};

struct Event {
    enum class What { killed_for_memory, killed, restarted };
    What what{};
    double at_s = 0;
    std::string text;  ///< the line
    Place place;
};

/// Values that are no number, or whose unit is not known: a mistake if somebody wants that series.
struct Unread {
    std::string name;
    std::string problem;  ///< of the first
    Place place;          ///< of the first
    std::size_t values = 1;
    bool in_words = false;  ///< "queue depth: about 7": text, and no mistake
};

struct Recording {
    std::string format;  ///< "log lines", "Prometheus", "CSV"
    double length_s = 0;
    std::vector<Series> series;  ///< in the order of their first values
    std::vector<Event> events;   ///< by time
    std::vector<Unread> unread;
    std::vector<std::string> notes;  ///< what was passed over, a sentence each
};

struct ReadRecording {
    std::optional<Recording> recording;  ///< only without mistakes
    std::vector<InputError> errors;
};

/// The format is told by the text's beginning: `{` is JSON, a first line of cells without a time or a value is CSV's,
/// all else are log lines. `file` is for messages. Limits: 64 MiB of text, 1,000 series, 1,000,000 values.
ReadRecording read_recording(std::string_view text, const std::string& file);

namespace limits {
inline constexpr std::size_t text_bytes = 64 * 1024 * 1024;
inline constexpr std::size_t series = 1'000;
inline constexpr std::size_t values = 1'000'000;
}  // namespace limits

}  // namespace squall::incident
