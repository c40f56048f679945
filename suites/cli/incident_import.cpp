// squall incident import: from the record of an incident to a scenario.
#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <map>

#include "faults/core/files.hpp"
#include "suites/cli/commands.hpp"
#include "suites/cli/locate.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/report.hpp"
#include "suites/incident/listing.hpp"
#include "suites/incident/scenario_text.hpp"

namespace squall::cli {
namespace fs = std::filesystem;
namespace {

/// "1:50", "4x", and the plain number.
Result<double> factor(std::string_view option, std::string_view text, std::string_view before,
                      std::string_view behind) {
    const std::string_view written = text;
    if (!before.empty() && text.substr(0, before.size()) == before) text.remove_prefix(before.size());
    if (!behind.empty() && text.size() > behind.size() && text.substr(text.size() - behind.size()) == behind)
        text.remove_suffix(behind.size());
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0.01 && value <= 1e6)) {
        return Error{fmt::format("{}: '{}' is no factor; expected {}50{} or the like, 0.01 to 1000000", option, written,
                                 before, behind)};
    }
    return value;
}

Result<std::map<std::string, std::string>> mapped(const std::vector<std::string>& written) {
    std::map<std::string, std::string> map;
    for (const std::string& one : written) {
        const auto cut = one.rfind('=');  // labels hold '=' as well, words do not
        if (cut == std::string::npos || cut == 0 || cut + 1 == one.size())
            return Error{fmt::format("--map: '{}' is no NAME=WORD, such as 'heap used=target.memory'", one)};
        map[one.substr(0, cut)] = one.substr(cut + 1);
    }
    return map;
}

/// /dev/zero has no end: of what is no file no more is read than is refused anyway.
Result<std::string> read_text(const fs::path& file) {
    std::error_code missing;  // reading says so
    if (!fs::exists(file, missing) || fs::is_regular_file(file, missing) || fs::is_directory(file, missing))
        return read_file(file);
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return system_failure("read " + file.string(), errno);
    std::string text(incident::limits::text_bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));
    return text;
}

struct Wanted {
    std::map<std::string, std::string> map;
    incident::PlanOptions options;
    fs::path output;
};

Result<Wanted> wanted(const IncidentImportArguments& arguments) {
    Wanted wanted;
    auto map = mapped(arguments.map);
    if (!map) return map.error();
    wanted.map = std::move(*map);
    if (!arguments.scale.empty()) {
        const auto scale = factor("--scale", arguments.scale, "1:", "");
        if (!scale) return scale.error();
        wanted.options.scale = *scale;
    }
    if (!arguments.speed.empty()) {
        const auto speed = factor("--speed", arguments.speed, "", "x");
        if (!speed) return speed.error();
        wanted.options.speed = *speed;
    }
    wanted.output = arguments.output.empty() ? incident::scenario_name(arguments.file) + ".yaml" : arguments.output;
    std::error_code unknown;  // then writing says why
    if (fs::exists(wanted.output, unknown))
        return Error{fmt::format("--output: {} is there already, and is not replaced", wanted.output.string())};
    return wanted;
}

}  // namespace

int incident_import(const IncidentImportArguments& arguments) {
    const auto asked = wanted(arguments);
    if (!asked) return refuse(asked.error().message, 2);
    const auto text = read_text(arguments.file);
    if (!text) return refuse(text.error().message, 2);
    const auto read = incident::read_recording(*text, arguments.file);
    print(read.errors);
    if (!read.recording) return 2;
    const auto recognition = incident::recognise(*read.recording, arguments.file, asked->map);
    if (!recognition) return refuse(recognition.error().message, 2);
    print(recognition->errors);
    if (!recognition->errors.empty()) return 2;
    const auto plan = incident::plan_replay(*read.recording, *recognition, asked->options);
    if (!plan) return refuse(fmt::format("{}: {}", arguments.file, plan.error().message), 2);

    const fs::path file = fs::path(arguments.file).filename();
    const std::string scenario =
        incident::to_scenario(*plan, *recognition, {file.string(), incident::scenario_name(file.string())});
    const auto checked = parse_scenario(scenario, asked->output.string(), all_faults());
    bool shown = show(incident::to_listing(*plan, *read.recording, *recognition));
    if (!checked.scenario) {
        print(checked.errors);
        return refuse("the scenario would have mistakes, which is a flaw of squall's; it was not written", 4);
    }
    if (auto written = write_file(asked->output, scenario); !written) return refuse(written.error().message, 4);
    shown &= show(fmt::format(
        "\nwrote {0}; now: squall run {0} --target PROFILE\nwhat the record leaves open (record.free): squall "
        "incident fit {0} --target PROFILE\n",
        asked->output.string()));
    return shown ? 0 : 4;
}

}  // namespace squall::cli
