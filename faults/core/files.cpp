#include "faults/core/files.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>

#include "faults/core/replacement.hpp"

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file) {
    std::error_code missing;  // opening says so
    if (std::filesystem::is_directory(file, missing)) return system_failure("read " + file.string(), EISDIR);
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return system_failure("read " + file.string(), errno);
    std::ostringstream text;
    text << stream.rdbuf();
    if (stream.bad()) return system_failure("read " + file.string(), errno);
    return text.str();
}

namespace {

constexpr int links_max = 40;  // as the kernel follows, path_resolution(7)

/// What is no regular file (/dev/stdout, a pipe) has no place to be renamed to. What it leads to may hold more already.
Status write_into(const std::filesystem::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary | std::ios::app);
    stream << text;
    stream.close();
    if (!stream) return system_failure("write " + file.string(), errno);
    return {};
}

/// /dev/stdout leads here: a descriptor of this process, whose file is not to be exchanged.
bool is_descriptor(const std::filesystem::path& file) {
    std::error_code missing;
    const auto directory = std::filesystem::canonical(std::filesystem::absolute(file, missing).parent_path(), missing);
    return !missing && directory.string().starts_with("/proc/");
}

}  // namespace

Status write_file(const std::filesystem::path& file, const std::string& text) {
    std::error_code missing;
    const auto status = std::filesystem::status(file, missing);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return write_into(file, text);
    std::filesystem::path place = file;  // the link stays, and what it points at is replaced
    for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(place, missing)); ++links) {
        if (links == links_max) return system_failure("write " + file.string(), ELOOP, "it is a circle of links");
        if (is_descriptor(place)) return write_into(file, text);
        place = place.parent_path() / std::filesystem::read_symlink(place, missing);
    }
    Replacement replacement(place);
    replacement.write(text);
    return replacement.place();
}

}  // namespace squall
