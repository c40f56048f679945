#include "reference-server/src/process_stats.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace squall::reference {
namespace {

std::uint64_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long total = 0;
    unsigned long resident = 0;
    const int fields = std::fscanf(file, "%lu %lu", &total, &resident);
    std::fclose(file);
    return fields == 2 ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::uint64_t open_fds() {
    // Since Linux 6.2 the directory's size is the number of descriptors; reading 10,000 entries takes milliseconds.
    struct stat info {};
    if (stat("/proc/self/fd", &info) == 0 && info.st_size > 0) return static_cast<std::uint64_t>(info.st_size);
    DIR* directory = opendir("/proc/self/fd");
    if (directory == nullptr) return 0;
    std::uint64_t count = 0;
    while (const dirent* entry = readdir(directory))
        count += entry->d_name[0] != '.' ? 1U : 0U;
    closedir(directory);
    return count - 1;  // without the one that was opened to look
}

}  // namespace

ProcessStats read_process_stats() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return {resident_bytes(), seconds(usage.ru_utime) + seconds(usage.ru_stime), open_fds()};
}

}  // namespace squall::reference
