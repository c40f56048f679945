// Every key of a scenario file, once: the parser, the JSON Schema and the error messages read these tables.
#pragma once

#include <vector>

#include "faults/core/fault.hpp"
#include "faults/core/option.hpp"

namespace squall {

struct KeySpec {
    enum class Shape {
        name,      ///< kebab-case
        text,      ///< any text but the empty one
        whole,     ///< a whole number; min and max are spec's
        scalar,    ///< quantity, choice or flag, as `spec` says
        names,     ///< a list of names
        texts,     ///< a list of texts
        section,   ///< keys below
        sections,  ///< a list of sections
        pairs,     ///< names of one's own, with a text each
        settings,  ///< keys below: target_settings()
        points,    ///< a list of [seconds, value]
        quantity,  ///< of a dimension that depends on another key
    };

    Shape shape{};
    OptionSpec spec;                           ///< name, doc, fallback, required; of a scalar, everything
    std::vector<KeySpec> (*keys)() = nullptr;  ///< of a section, of sections
    /// What may stand in the section's place, or in place of a section of the list ("reconnect: none").
    enum class Shorthand { none, scalar, text } shorthand = Shorthand::none;
};

std::vector<KeySpec> scenario_keys();
std::vector<KeySpec> target_keys();
std::vector<KeySpec> rig_keys();
std::vector<KeySpec> cohort_keys();
std::vector<KeySpec> reconnect_keys();
std::vector<KeySpec> reading_keys();
std::vector<KeySpec> publisher_keys();
std::vector<KeySpec> arrivals_keys();
std::vector<KeySpec> size_keys();
std::vector<KeySpec> phase_keys();
std::vector<KeySpec> fault_keys();  ///< those that all faults have; `cohort` and `share` belong to aimed ones
std::vector<KeySpec> invariant_keys();
std::vector<KeySpec> certify_keys();
std::vector<KeySpec> incident_keys();
std::vector<KeySpec> incident_server_keys();
std::vector<KeySpec> incident_figure_keys();
std::vector<KeySpec> record_keys();
std::vector<KeySpec> recorded_series_keys();
std::vector<KeySpec> free_keys();

/// `fault_keys()` as this fault has them, and its own options.
std::vector<KeySpec> keys_of(const Fault& fault);

inline constexpr double message_bytes_min = 96;  ///< the marker that every message carries must fit
inline constexpr double message_bytes_max = 16.0 * 1024 * 1024;

namespace limits {
inline constexpr std::size_t text_bytes = 1024 * 1024;
inline constexpr std::size_t cohorts = 64;
inline constexpr std::size_t publishers = 64;
inline constexpr std::size_t phases = 64;
inline constexpr std::size_t faults = 256;
inline constexpr std::size_t occurrences = 1000;  ///< of one fault
inline constexpr std::size_t invariants = 256;
inline constexpr std::size_t texts = 16;    ///< of a list
inline constexpr std::size_t servers = 16;  ///< of an incident
inline constexpr std::size_t figures = 64;  ///< likewise
inline constexpr double connections = 1'000'000;
inline constexpr std::size_t recorded_series = 64;
inline constexpr std::size_t recorded_points = 10'000;  // of one series
}  // namespace limits

}  // namespace squall
