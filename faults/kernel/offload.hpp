// Segmentation offload of the testbed's ends. With it a veth carries packets of up to 64 KiB, which no wire would; a
// rule that goes by packets, or by their length, needs them as they would be on a wire.
#pragma once

#include <memory>
#include <vector>

#include "faults/kernel/namespace.hpp"

namespace squall::kernel {

class OffloadPause {
public:
    /// TCP segmentation offload off, on eth0 of each of `ends`. Holds for connections
    /// that are open already.
    static Result<std::shared_ptr<OffloadPause>> begin(const std::vector<Namespace>& ends);
    ~OffloadPause();  ///< on again, where it was
    OffloadPause(const OffloadPause&) = delete;
    OffloadPause& operator=(const OffloadPause&) = delete;

private:
    OffloadPause() = default;
    std::vector<Namespace> changed_;
};

}  // namespace squall::kernel
