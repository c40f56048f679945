#include "suites/cli/locate.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cstdlib>

#include "faults/core/files.hpp"
#include "suites/model/suggest.hpp"

namespace squall::cli {
namespace fs = std::filesystem;
namespace {

std::vector<fs::path> yaml_files(const fs::path& directory) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(directory)) {
        if (entry.is_regular_file() && entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string stems(const std::vector<fs::path>& files) {
    std::string text;
    for (const auto& file : files)
        text += (text.empty() ? "" : ", ") + file.stem().string();
    return text.empty() ? "none" : text;
}

}  // namespace

fs::path share_directory() {
    if (const char* set = std::getenv("SQUALL_SHARE")) return set;
    Dl_info self{};  // the program, or the library that this is part of
    if (dladdr(reinterpret_cast<const void*>(&share_directory), &self) == 0) return SQUALL_SOURCE_SHARE;
    std::error_code ignored;  // what is not there is not installed
    fs::path file = self.dli_fname;
    if (!file.has_parent_path()) file = "/proc/self/exe";  // of a program that was found in PATH it knows argv[0]
    const fs::path directory = fs::canonical(file, ignored).parent_path();  // bin, lib, lib/x86_64-linux-gnu
    for (const auto& prefix : {directory.parent_path(), directory.parent_path().parent_path()}) {
        const auto installed = prefix / "share" / "squall";
        if (fs::exists(installed / "catalogue", ignored)) return installed;
    }
    return SQUALL_SOURCE_SHARE;
}

Result<std::vector<fs::path>> find_scenarios(const std::string& what) {
    const auto catalogue = share_directory() / "catalogue";
    for (const auto& place : {fs::path(what), catalogue / what}) {
        std::error_code ignored;
        if (fs::is_directory(place, ignored)) {
            auto files = yaml_files(place);
            if (files.empty()) return Error{fmt::format("{} holds no scenario (*.yaml)", place.string())};
            return files;
        }
        if ((place.extension() == ".yaml" || place.extension() == ".yml") && fs::is_regular_file(place, ignored))
            return std::vector{place};
    }
    const auto all = yaml_files(catalogue);
    for (const auto& file : all) {
        if (file.stem() == what) return std::vector{file};
    }
    std::vector<std::string> names;
    for (const auto& file : all)
        names.push_back(file.stem().string());
    return Error{
        fmt::format("there is no file, directory, suite or scenario '{}'{}; `squall list scenarios` lists them", what,
                    did_you_mean(what, names))};
}

std::vector<LoadedScenario> load_scenarios(const std::vector<fs::path>& files, std::vector<InputError>& errors) {
    std::vector<LoadedScenario> loaded;
    for (const auto& file : files) {
        auto text = read_file(file);
        if (!text) {
            errors.push_back({file.string(), 0, 0, text.error().message});
            continue;
        }
        auto parsed = parse_scenario(*text, file.string(), all_faults());
        errors.insert(errors.end(), parsed.errors.begin(), parsed.errors.end());
        if (parsed.scenario) loaded.push_back({std::move(*parsed.scenario), std::move(*text)});
    }
    return loaded;
}

std::optional<Profile> load_profile(const std::string& what, std::vector<InputError>& errors) {
    const auto profiles = share_directory() / "profiles";
    fs::path file = what;
    if (!fs::is_regular_file(file)) file = profiles / (what + ".yaml");
    const auto text = read_file(file);
    if (!text) {
        errors.push_back(
            {what, 0, 0, fmt::format("there is no such profile; squall ships: {}", stems(yaml_files(profiles)))});
        return {};
    }
    auto parsed = parse_profile(*text, file.string());
    errors.insert(errors.end(), parsed.errors.begin(), parsed.errors.end());
    if (parsed.profile && parsed.profile->tls) {
        const auto usable = tls::Context::make(*parsed.profile->tls);
        if (!usable) errors.push_back({file.string(), 0, 0, "tls.ca: " + usable.error().message});
    }
    return parsed.profile;
}

Result<fs::path> find_flaw(const std::string& name) {
    std::error_code ignored;  // without /proc it is not found
    const auto beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const auto& place : {beside / "mutants", beside.parent_path() / "libexec/squall/mutants"}) {
        if (fs::is_regular_file(place / name, ignored)) return place / name;
    }
    return Error{
        fmt::format("there is no program of the reference server with the flaw '{}': {} is not there; `cmake --build "
                    "build/PRESET --target mutants` builds those that reference-server/mutants has",
                    name, (beside / "mutants" / name).string())};
}

bool is_profile(const fs::path& file) {
    const auto text = read_file(file);
    if (!text) return false;  // whoever takes it for a scenario says why
    const std::string lines = "\n" + *text;
    return lines.find("\nlaunch:") != std::string::npos || lines.find("\naddress:") != std::string::npos;
}

void print(const std::vector<InputError>& errors) {
    for (const auto& error : errors)
        fmt::print(stderr, "{}\n", to_string(error));
}

bool matches(const std::string& glob, const std::string& name) {
    return glob.empty() || fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

}  // namespace squall::cli
