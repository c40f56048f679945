#include "faults/core/files.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>

#include "faults/core/replacement.hpp"

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return system_failure("read " + file.string(), errno);
    std::ostringstream text;
    text << stream.rdbuf();
    if (stream.bad()) return system_failure("read " + file.string(), errno);
    return text.str();
}

namespace {

/// What is no regular file (/dev/stdout, a pipe) has no place to be renamed to.
Status write_into(const std::filesystem::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary);
    stream << text;
    stream.close();
    if (!stream) return system_failure("write " + file.string(), errno);
    return {};
}

}  // namespace

Status write_file(const std::filesystem::path& file, const std::string& text) {
    std::error_code missing;
    const auto status = std::filesystem::status(file, missing);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return write_into(file, text);
    Replacement replacement(file);
    replacement.write(text);
    return replacement.place();
}

}  // namespace squall
