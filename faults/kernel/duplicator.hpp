// Sends marked packets twice, where an interface of the path sends. An nftables table of its own (netdev, egress).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "faults/kernel/namespace.hpp"

namespace squall::kernel {

class Duplicator {
public:
    /// Errors: this kernel has no nftables where packets leave (Linux 5.16, CONFIG_NETFILTER_EGRESS), or no `dup`.
    static Result<std::unique_ptr<Duplicator>> create(const Namespace& path, const std::string& run_id,
                                                      const std::string& interface);
    ~Duplicator();  ///< removes it

    std::uint32_t mark() const { return mark_; }  ///< of the packets that are to be sent twice
    Result<std::uint64_t> count() const;          ///< packets
    Status remove();                              ///< idempotent

private:
    Duplicator(Namespace path, std::string table, std::uint32_t mark)
        : path_(std::move(path)), table_(std::move(table)), mark_(mark) {}

    Namespace path_;
    std::string table_;
    std::uint32_t mark_;
    bool in_force_ = false;
};

}  // namespace squall::kernel
