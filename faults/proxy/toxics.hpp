// The toxics in force: what is done to whose bytes, and what has passed under each.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "faults/core/clients.hpp"
#include "faults/proxy/toxic_stream.hpp"

namespace squall::proxy {

enum class Way { to_target, to_client };

/// A toxic, and for whom: several in force at once add up, see together().
struct ToxicUse {
    Toxic toxic;
    bool to_target = false;
    bool to_client = true;
    bool everybody = true;  ///< connections that come later, too; else those that are named
    std::uint64_t seed = 0;
};

/// What has passed under a toxic.
struct Passed {
    std::uint64_t bytes = 0;   ///< that came
    std::uint64_t kept = 0;    ///< of them, those that this toxic by itself would have kept
    std::uint64_t pieces = 0;  ///< that left …
    Nanos kept_for_min = 0;    ///< … and how long those of them had been kept that were
    Nanos kept_for_max = 0;
    std::set<Endpoint> clients = {};  ///< of the connections
};

/// May be used from any thread. Numbers that are not in force are a bug, and throw std::out_of_range.
class Toxics {
public:
    std::uint64_t add(const ToxicUse& use);
    /// Clients' ends, in the place of those that were named before.
    void name(std::uint64_t number, const std::vector<Endpoint>& clients);
    void remove(std::uint64_t number);
    Passed passed(std::uint64_t number) const;

    /// All that concerns one direction of a client's connection; toxic and seed.
    std::pair<Toxic, std::uint64_t> of(const Endpoint& client, Way way) const;
    void came(const Endpoint& client, Way way, std::size_t bytes, Nanos now);
    void left(const Endpoint& client, Way way, Nanos kept_for);

private:
    struct InForce {
        ToxicUse use;
        std::set<Endpoint> clients;
        Passed passed;
        std::map<std::pair<Endpoint, Way>, Nanos> free_at;  ///< of a limited rate

        bool concerns(const Endpoint& client, Way way) const;
    };
    mutable std::mutex mutex_;
    std::map<std::uint64_t, InForce> in_force_;
    std::uint64_t next_ = 1;
};

}  // namespace squall::proxy
