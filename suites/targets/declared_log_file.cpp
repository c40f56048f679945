#include "suites/targets/declared_log_file.hpp"

#include <cerrno>
#include <fstream>
#include <iterator>

namespace squall {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

/// `begin`: where in the file `part` began.
void append(DeclaredLogContent& all, DeclaredLogContent part, std::size_t begin) {
    for (DeclaredDisconnect& disconnect : part.disconnects)
        disconnect.offset += begin;
    all.disconnects.insert(all.disconnects.end(), std::make_move_iterator(part.disconnects.begin()),
                           std::make_move_iterator(part.disconnects.end()));
    all.lines_not_understood += part.lines_not_understood;
}

}  // namespace

Result<DeclaredLogContent> read_declared_log_file(const std::filesystem::path& file, const DeclaredLog& format) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return system_failure("read " + file.string(), errno);
    DeclaredLogContent content;
    std::string piece(piece_bytes, '\0');
    std::string pending;    // the beginning of a line that goes on in the next piece
    std::size_t begin = 0;  // where in the file that is
    bool skipping = false;  // it is longer than log_line_bytes_max
    for (std::uintmax_t total = 0; total < log_bytes_max; total += piece_bytes) {
        stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        std::string_view read(piece.data(), static_cast<std::size_t>(stream.gcount()));
        if (read.empty()) break;
        if (skipping) {
            const std::size_t end = read.find('\n');
            if (end == std::string_view::npos) continue;
            read.remove_prefix(end + 1);
            begin = total + end + 1;
            skipping = false;
        }
        if (const std::size_t end = read.rfind('\n'); end != std::string_view::npos) {
            const std::size_t lines = pending.size() + end + 1;
            append(content, read_declared_log(pending.append(read.substr(0, end)), format), begin);
            read.remove_prefix(end + 1);
            pending.clear();
            begin += lines;
        }
        pending.append(read);
        skipping = pending.size() > log_line_bytes_max;
        if (skipping) pending.clear();
    }
    append(content, read_declared_log(pending, format), begin);
    if (stream.bad()) return system_failure("read " + file.string(), errno);
    return content;
}

}  // namespace squall
