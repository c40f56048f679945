#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <iterator>
#include <utility>

#include "suites/metrics/history.hpp"
#include "suites/metrics/history_format.hpp"
#include "faults/core/replacement.hpp"

namespace squall {
namespace {

namespace json = boost::json;
using namespace history_format;

std::string quoted(const std::string& text) {
    return json::serialize(json::string(text));
}

std::string labels_json(const Labels& labels) {
    std::string text = "{";
    for (const auto& [name, value] : labels) {
        if (text.size() > 1) text += ',';
        text += quoted(name) + ':' + quoted(value);
    }
    return text + '}';
}

std::string header(std::string_view format) {
    return fmt::format("{{\"format\":\"{}\",\"version\":{}}}\n", format, version);
}

Status save_gauges(const History& history, const std::filesystem::path& directory) {
    Replacement file(directory / gauges_file);
    file.write(header(gauges_format));
    for (const auto& [key, points] : history.gauges()) {
        for (std::size_t from = 0; from < points.size(); from += points_per_line) {
            const std::size_t to = std::min(points.size(), from + points_per_line);
            std::string line =
                fmt::format("{{\"metric\":{},\"labels\":{},\"points\":[", quoted(key.metric), labels_json(key.labels));
            for (std::size_t i = from; i < to; ++i) {
                // Shortest text that reads back as the same double.
                fmt::format_to(std::back_inserter(line), "{}[{},{}]", i == from ? "" : ",", points[i].at,
                               points[i].value);
            }
            file.write(line + "]}\n");
        }
    }
    return file.place();
}

Status save_distributions(const History& history, const std::filesystem::path& directory) {
    Replacement file(directory / distributions_file);
    file.write(header(distributions_format));
    for (const auto& [key, slices] : history.distributions()) {
        for (const auto& [slice, values] : slices) {
            if (values.empty()) continue;
            std::string line = fmt::format(
                "{{\"metric\":{},\"labels\":{},\"slice\":{},\"min\":{},\"max\":{},\"sum\":{},\"buckets\":[",
                quoted(key.metric), labels_json(key.labels), slice, values.min(), values.max(), values.sum());
            const char* separator = "";
            for (const auto& [bucket, times] : values.buckets()) {
                fmt::format_to(std::back_inserter(line), "{}[{},{}]", std::exchange(separator, ","), bucket, times);
            }
            file.write(line + "]}\n");
        }
    }
    return file.place();
}

Status save_events(const History& history, const std::filesystem::path& directory) {
    Replacement file(directory / events_file);
    file.write(header(events_format));
    for (const Event& event : history.events()) {
        file.write(fmt::format("{{\"at\":{},\"metric\":{},\"labels\":{},\"value\":{}}}\n", event.at,
                               quoted(event.metric), labels_json(event.labels), event.value));
    }
    return file.place();
}

Status save_facts(const History& history, const std::filesystem::path& directory) {
    Replacement file(directory / facts_file);
    file.write(fmt::format("{{\"format\":\"{}\",\"version\":{},\n\"spans\":[", facts_format, version));
    const char* separator = "";
    for (const Span& span : history.spans()) {
        file.write(fmt::format("{}{{\"name\":{},\"start\":{},\"end\":{}}}", std::exchange(separator, ",\n"),
                               quoted(span.name), span.start, span.end));
    }
    file.write("],\n\"facts\":" + json::serialize(history.facts()) + "}\n");
    return file.place();
}

}  // namespace

Status History::save(const std::filesystem::path& directory) const {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return system_failure("make directory " + directory.string(), error.value());
    // Facts last: without them a directory does not load, so an interrupted save is never mistaken for a run.
    for (const auto save_part : {save_gauges, save_distributions, save_events, save_facts}) {
        if (const Status status = save_part(*this, directory); !status) return status;
    }
    return {};
}

}  // namespace squall
