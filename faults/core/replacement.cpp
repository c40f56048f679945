#include "faults/core/replacement.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace squall {
namespace {

constexpr std::size_t buffered_max = 256 * 1024;

}  // namespace

Replacement::Replacement(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
    temporary_ += ".partial";
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("create");
}

Replacement::~Replacement() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!placed_) ::unlink(temporary_.c_str());
}

void Replacement::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= buffered_max) flush();
}

Status Replacement::place() {
    flush();
    if (status_.has_value() && ::fdatasync(descriptor_) != 0) fail("write to disk");
    if (descriptor_ >= 0 && ::close(std::exchange(descriptor_, -1)) != 0 && status_.has_value()) fail("close");
    if (status_.has_value() && ::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename");
    placed_ = status_.has_value();
    return status_;
}

void Replacement::flush() {
    std::string_view rest = buffer_;
    while (status_.has_value() && !rest.empty()) {
        const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
        if (written > 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            fail("write");
        }
    }
    buffer_.clear();
}

void Replacement::fail(const char* what) {
    const int number = errno;
    status_ = system_failure(fmt::format("{} {}", what, temporary_.string()), number,
                             number == ENOSPC || number == EDQUOT ? "make room on that disk" : "is it writable?");
}

}  // namespace squall
