#include "faults/core/files.hpp"

#include <cerrno>
#include <fstream>
#include <sstream>

namespace squall {

Result<std::string> read_file(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return system_failure("read " + file.string(), errno);
    std::ostringstream text;
    text << stream.rdbuf();
    if (stream.bad()) return system_failure("read " + file.string(), errno);
    return text.str();
}

Status write_file(const std::filesystem::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (!stream) return system_failure("write " + file.string(), errno, "is the disk full?");
    return {};
}

}  // namespace squall
