#include "faults/core/replacement.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <utility>

namespace squall {
namespace {

constexpr std::size_t buffered_max = 256 * 1024;
constexpr int names_tried_max = 100;

}  // namespace

Replacement::Replacement(std::filesystem::path path) : path_(std::move(path)) {
    std::random_device random;
    for (int i = 0; i < names_tried_max && descriptor_ < 0 && (i == 0 || errno == EEXIST); ++i) {
        temporary_ = path_;
        temporary_ += fmt::format(".{:08x}.partial", random());
        descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    }
    created_ = descriptor_ >= 0;
    if (!created_) fail("create");
    struct stat replaced {};
    if (created_ && ::stat(path_.c_str(), &replaced) == 0 && ::fchmod(descriptor_, replaced.st_mode & 07777) != 0) {
        fail("set the permissions of");
    }
}

Replacement::~Replacement() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (created_ && !placed_) ::unlink(temporary_.c_str());
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
