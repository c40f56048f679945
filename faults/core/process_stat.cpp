#include "faults/core/process_stat.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace squall {

std::vector<std::string> stat_fields(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream read;  // an iterator over the file would throw when the process ends meanwhile
    read << file.rdbuf();
    const std::string text = read.str();
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream stream(text.substr(name_end + 1));
    return {std::istream_iterator<std::string>(stream), {}};
}

std::uint64_t stat_number(const std::string& field) {
    return std::strtoull(field.c_str(), nullptr, 10);
}

}  // namespace squall
