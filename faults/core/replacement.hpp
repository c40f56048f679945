// One file, complete or not there: written beside its place, forced to disk, renamed. Two that replace the same file do
// not meet: the last one's stays. Whoever is killed leaves a file called *.partial, which nobody reads.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "faults/core/result.hpp"

namespace squall {

class Replacement {
public:
    /// What it replaces passes its permissions on; a link is replaced, not followed.
    explicit Replacement(std::filesystem::path path);
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement();  ///< without place(), nothing of it stays

    void write(std::string_view text);
    /// The file is there, whole, when this succeeds; otherwise what stood in its place is as it was. Errors, with the
    /// file's name, are the first of all since the beginning: the disk is full, the directory is gone.
    Status place();

private:
    void flush();
    void fail(const char* what);

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    int descriptor_ = -1;
    bool created_ = false;
    bool placed_ = false;
    std::string buffer_;
    Status status_;
};

}  // namespace squall
