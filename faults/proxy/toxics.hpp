// The toxics in force: what is done to whose bytes, and what has passed under each. All of it happens on the proxy's
// thread; what a read costs does not depend on how many connections there are.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <unordered_set>
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
    double share = 1;       ///< of everybody: 0..1, drawn for each connection by the seed
    std::uint64_t seed = 0;
    bool remembers = true;  ///< Passed::clients; a toxic that stays for days would rather not
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

struct EndpointHash {
    std::size_t operator()(const Endpoint& end) const {
        return std::hash<std::uint64_t>{}(std::uint64_t{end.address} << 16 | end.port);
    }
};

class Toxics;

/// What one direction of a connection is under. Valid until the next Toxics::remove(), and then to be resolved anew.
class Treatment {
public:
    const Toxic& toxic() const { return toxic_; }
    std::uint64_t seed() const { return seed_; }
    void came(std::size_t bytes, Nanos now);
    void left(Nanos kept_for);

private:
    friend class Toxics;
    struct InForce {
        ToxicUse use;
        std::unordered_set<Endpoint, EndpointHash> named;
        Passed passed;

        bool concerns(const Endpoint& client, Way way) const;
    };
    struct Part {
        std::uint64_t number;
        InForce* in_force;
        Nanos free_at = 0;  ///< of a limited rate
        bool met = false;   ///< bytes have come
    };
    Endpoint client_;
    Toxic toxic_;
    std::uint64_t seed_ = 0;
    std::vector<Part> parts_;
};

/// Numbers that are not in force are a bug, and throw std::out_of_range.
class Toxics {
public:
    std::uint64_t add(const ToxicUse& use);
    void change(std::uint64_t number, const ToxicUse& use);
    /// Clients' ends, in the place of those that were named before. Returns those for whom that is a change.
    std::vector<Endpoint> name(std::uint64_t number, const std::vector<Endpoint>& clients);
    void remove(std::uint64_t number);
    Passed passed(std::uint64_t number) const { return in_force_.at(number).passed; }

    bool any() const { return !in_force_.empty(); }
    /// All that concerns one direction of a client's connection; `before`: what it was under so far.
    Treatment of(const Endpoint& client, Way way, const Treatment& before);

private:
    std::map<std::uint64_t, Treatment::InForce> in_force_;
    std::uint64_t next_ = 1;
};

}  // namespace squall::proxy
