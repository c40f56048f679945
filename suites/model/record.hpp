// What a scenario says of the incident that it replays: the series that were recorded then, and what the record does
// not determine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/model/expression.hpp"

namespace squall {

struct RecordedPoint {
    double at_s = 0;   ///< recorded seconds since the record's first instant
    double value = 0;  ///< base units, as recorded; not negative
};

struct RecordedSeries {
    std::string name;                   ///< as the record called it
    Measurement measure;                ///< what the replay is compared by
    Dimension dimension;                ///< of the measure, and of the values
    bool percent = false;               ///< unit: share
    double scale = 1;                   ///< replayed value = recorded value × scale
    std::vector<RecordedPoint> points;  ///< by time, two at least
};

struct FreeParameter {
    enum class What {
        slow_share,   ///< connections of the cohort `slow`, as a share of all
        slow_rate,    ///< bytes per second that each of them reads
        queue_bound,  ///< target.settings.queue_messages_high; queue_messages_low is half of it
    };
    What what{};
    double at = 0;            ///< in the scenario as it stands; base units
    double from = 0, to = 0;  ///< searched in; above 0
};
std::string_view to_string(FreeParameter::What what);  ///< "slow-share"
/// As a scenario writes it: "1.2%", "10.0KiB/s", "100".
std::string written(FreeParameter::What what, double value);

struct Record {
    std::string source;  ///< the file that it was imported from
    double speed = 1;    ///< recorded seconds per replayed second
    std::vector<RecordedSeries> series;
    std::vector<FreeParameter> free;

    Nanos replayed(double recorded_s) const { return from_seconds(recorded_s / speed); }
};

/// What a free parameter is worth once the scenario says so: whole connections and messages, three digits of a rate.
struct FreeValue {
    FreeParameter::What what{};
    double value = 0;
};

/// `text` with these values of the free parameters, both under `record.free` and where they act. Everything else stays
/// as it was written. `text` is a scenario without mistakes that has these parameters. Error: the text writes a value
/// in a way that cannot be replaced (an alias, a block).
Result<std::string> with_free_values(std::string_view text, const std::vector<FreeValue>& values);

}  // namespace squall
