// slowloris: connections that send their request's head a byte at a time and never finish it (R. Hansen, 2009).
// They are opened once, beside the subscribers'; one that the target ends is not replaced.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "faults/core/fault.hpp"
#include "faults/kernel/raw_connections.hpp"
#include "faults/proxy/target_view.hpp"

namespace squall {
namespace {

using kernel::RawConnection;
using kernel::RawConnections;

constexpr Nanos sample_interval = 100'000'000;
constexpr std::string_view filler = "X-a: b\r\n";  ///< header lines without end

class Slowloris final : public Injection {
public:
    Slowloris(Rig& rig, Opening opening, Nanos interval)
        : clients_(rig.clients),
          has_table_(rig.target_netns != nullptr),
          view_(rig),
          to_(opening.to),
          websocket_(opening.websocket),
          head_(opening.request.substr(0, opening.request.rfind("\r\n"))),  // without the empty line
          interval_(interval),
          connections_(rig.clients_netns, opening.to) {}

    Status begin(std::size_t count) {
        const auto opened = connections_.open(count, 0);
        if (!opened) return opened.error();
        clients_.book_extra("slowloris", websocket_, *opened);
        taken_.resize(connections_.all().size());
        return {};
    }

    Status advance(Nanos since_injection) override {
        if (healed_) return {};
        latest_ = since_injection;
        connections_.attend(latest_);
        for (RawConnection& connection : connections_.all())
            drip(connection);
        if (latest_ - sampled_at_ < sample_interval) return {};
        sampled_at_ = latest_;
        return sample();
    }

    Result<Witness> witness() override {
        if (!healed_) {
            connections_.attend(latest_);
            if (auto sampled = sample(); !sampled) return sampled.error();
        }
        const auto& all = connections_.all();
        std::size_t bytes = 0, fed = 0, unconnected = 0;
        std::vector<Nanos> lives;
        for (std::size_t i = 0; i < all.size(); ++i) {
            bytes += taken_[i];
            fed += taken_[i] > 0;
            unconnected += all[i].connected == 0;
            const bool by_target = all[i].end != RawConnection::End::none && all[i].end != RawConnection::End::ours;
            if (by_target && all[i].connected != 0) lives.push_back(all[i].ended - all[i].connected);
        }
        std::sort(lives.begin(), lives.end());
        Witness witness;
        witness.bit = fed > 0;
        witness.evidence = fmt::format("the target took {} bytes on {} of {} connections and ended {}", bytes, fed,
                                       all.size(), lives.size());
        if (!lives.empty()) {
            witness.evidence += fmt::format(", after {} to {}", seconds(lives.front()), seconds(lives.back()));
            witness.measures = {{"ended_after_min", to_seconds(lives.front())},
                                {"ended_after_max", to_seconds(lives.back())}};
        }
        if (unconnected > 0) witness.evidence += fmt::format("; {} were not let in", unconnected);
        witness.measures.push_back({"connections", static_cast<double>(all.size())});
        witness.measures.push_back({"connections_fed", static_cast<double>(fed)});
        witness.measures.push_back({"bytes_taken", static_cast<double>(bytes)});
        witness.measures.push_back({"ended_by_target", static_cast<double>(lives.size())});
        return witness;
    }

    Status heal() override {
        healed_ = true;
        connections_.close_all(latest_);
        return {};
    }

private:
    static std::string seconds(Nanos duration) { return format_quantity(to_seconds(duration), dimension::time); }

    /// What is due by now: all of it, should the rig have been kept from coming round.
    void drip(RawConnection& connection) {
        if (connection.state != RawConnection::State::open) return;
        const auto due = static_cast<std::size_t>((latest_ - connection.connected) / interval_) + 1;
        std::string bytes;
        for (std::size_t at = connection.sent; at < due; ++at)
            bytes += at < head_.size() ? head_[at] : filler[(at - head_.size()) % filler.size()];
        if (!bytes.empty()) connections_.send(connection, bytes);
    }

    /// Taken is what the target's kernel has acknowledged, less what the target's process has not read.
    Status sample() {
        const auto& all = connections_.all();
        std::vector<ClientConnection> described;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (all[i].state == RawConnection::State::open) described.push_back({{i, 1}, {}, all[i].local, to_});
        }
        if (!has_table_) {
            for (const auto& connection : described)
                take(connection.id.subscriber, 0);
            return {};
        }
        const auto sides = view_.resolve(described);
        const auto sockets = view_.sockets(sides);
        if (!sockets) return sockets.error();
        for (std::size_t i = 0; i < sides.size(); ++i) {
            if (const auto& socket = (*sockets)[i]) take(sides[i].connection.id.subscriber, socket->receive_queue);
        }
        return {};
    }

    void take(std::size_t which, std::size_t unread) {
        const std::size_t acknowledged = RawConnections::acknowledged(connections_.all()[which]);
        taken_[which] = std::max(taken_[which], acknowledged - std::min(acknowledged, unread));
    }

    Clients& clients_;
    const bool has_table_;
    proxy::TargetView view_;
    const Endpoint to_;
    const bool websocket_;
    const std::string head_;
    const Nanos interval_;
    RawConnections connections_;
    std::vector<std::size_t> taken_;  // by connection, the most that was seen
    Nanos latest_ = 0;
    Nanos sampled_at_ = 0;
    bool healed_ = false;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    Opening opening = opening_of(rig.clients, options);
    auto injection = std::make_unique<Slowloris>(rig, std::move(opening), options.duration("interval"));
    if (auto begun = injection->begin(static_cast<std::size_t>(options.number("connections"))); !begun) {
        return begun.error();
    }
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "slowloris",
    .summary =
        "Clients that send their request a byte at a time and never finish it: the Slowloris attack, or a dying link.",
    .mechanism =
        "Connections beside the subscribers' drip a request's head, then header lines without end; every 50 ms "
        "they send what is due.",
    .privilege = "none",
    .witness =
        "The target took bytes of an unfinished head: acknowledged by its kernel and, where squall can look, read "
        "by its process.",
    .healing = "Those that are still there are closed.",
    .site = Site::clients,
    .plain_http = true,
    .needs = {},
    .options =
        {
            {.name = "connections", .doc = "How many.", .fallback = "50", .min = 1, .max = 10'000},
            {.name = "interval",
             .dimension = dimension::time,
             .doc = "From one byte to the next.",
             .fallback = "500ms",
             .min = 0.01,
             .max = 600},
            protocol_option(),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
