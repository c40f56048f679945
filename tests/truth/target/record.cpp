#include "record.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace truth {

Nanos now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

bool Record::write(const std::string& path) const {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) {
        std::fprintf(stderr, "truth-target: write %s: %s\n", path.c_str(), std::strerror(errno));
        return false;
    }
    for (const Delivery& d : deliveries) {
        std::fprintf(file, "delivery,%s,%llu,%lld,%lld,%lld,%lld,%lld\n", d.protocol,
                     static_cast<unsigned long long>(d.sequence), static_cast<long long>(d.scheduled),
                     static_cast<long long>(d.arrived), static_cast<long long>(d.due), static_cast<long long>(d.sent),
                     static_cast<long long>(d.sent_after));
    }
    for (const auto& [start, end] : freezes)
        std::fprintf(file, "freeze,%lld,%lld\n", static_cast<long long>(start), static_cast<long long>(end));
    for (const auto& [at, cpu] : used)
        std::fprintf(file, "used,%lld,%lld\n", static_cast<long long>(at), static_cast<long long>(cpu));
    if (allocated_bytes > 0) {
        std::fprintf(file, "allocated,%lld,%llu\n", static_cast<long long>(allocated_at),
                     static_cast<unsigned long long>(allocated_bytes));
    }
    if (std::fclose(file) == 0) return true;
    std::perror("truth-target: write the truth");
    return false;
}

}  // namespace truth
