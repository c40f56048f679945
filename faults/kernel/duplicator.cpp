#include "faults/kernel/duplicator.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdio>

#include "faults/kernel/nft.hpp"

namespace squall::kernel {
namespace {

// Marks mean something within the path only: a veth to another namespace takes them off. Each has two, the second of
// which is borne by what has been through it.
constexpr std::uint32_t first_mark = 0x5C0000;
std::atomic<std::uint32_t> marks_given = 0;

constexpr const char* counter = "duplicated";

}  // namespace

Duplicator::~Duplicator() {
    if (const auto removed = remove(); !removed) std::fprintf(stderr, "squall: %s\n", removed.error().message.c_str());
}

Result<std::unique_ptr<Duplicator>> Duplicator::create(const Namespace& path, const std::string& run_id,
                                                       const std::string& interface) {
    auto own_handle = path.duplicate();
    if (!own_handle) return own_handle.error();
    const std::uint32_t mark = first_mark + 2 * marks_given++;
    const std::string table = fmt::format("squall-{}-twice-{:x}", run_id, mark);
    std::unique_ptr<Duplicator> duplicator(new Duplicator(std::move(*own_handle), table, mark));
    // The copy comes by here as well: it has to bear the other mark already.
    const std::string script = fmt::format(
        "create table netdev {0}\n"
        "add counter netdev {0} {1}\n"
        "add chain netdev {0} egress {{ type filter hook egress device \"{2}\" priority 0; }}\n"
        "add rule netdev {0} egress meta mark {3} meta mark set {4} counter name {1} dup to \"{2}\"\n",
        table, counter, interface, mark, mark + 1);
    if (auto made = nft::run(duplicator->path_, script); !made) {
        return Error{"sending packets of the path twice: " + made.error().message};
    }
    duplicator->in_force_ = true;
    return duplicator;
}

Result<std::uint64_t> Duplicator::count() const {
    const auto listing = nft::run(path_, fmt::format("list table netdev {}", table_));
    if (!listing) return Error{"reading how many packets of the path were sent twice: " + listing.error().message};
    std::uint64_t packets = 0;
    nft::for_each_counter(*listing, [&](std::string_view, std::uint64_t counted) { packets = counted; });
    return packets;
}

Status Duplicator::remove() {
    if (!in_force_) return {};
    if (auto deleted = nft::run(path_, fmt::format("delete table netdev {}", table_)); !deleted) {
        return Error{"removing what sends packets of the path twice: " + deleted.error().message};
    }
    in_force_ = false;
    return {};
}

}  // namespace squall::kernel
