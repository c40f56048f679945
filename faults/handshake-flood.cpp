// handshake-flood: connections beside the subscribers', opened at a rate. Each shakes hands as a subscriber would, and
// hangs up or stays. They subscribe to what a cohort does, but are nobody's subscription: nothing of them is judged.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "faults/core/fault.hpp"
#include "faults/kernel/raw_connections.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall {
namespace {

using kernel::RawConnection;

constexpr Nanos answer_deadline = 10 * nanos_per_second;  ///< as of subscribers
constexpr Nanos linger_max = nanos_per_second;
constexpr std::size_t status_end = std::string_view("HTTP/1.1 200").size();
constexpr std::string_view websocket_goodbye{"\x88\x80\0\0\0\0", 6};

class HandshakeFlood final : public Injection {
public:
    HandshakeFlood(Rig& rig, Opening opening, double rate, bool stay, std::size_t connections_max)
        : clients_(rig.clients),
          opening_(std::move(opening)),
          proxy_(rig.proxy),
          rate_(rate),
          stay_(stay),
          connections_max_(connections_max),
          connections_(rig.clients_netns, opening_.to) {}

    Status advance(Nanos since_injection) override {
        if (healed_) return {};
        look(since_injection);
        // What is due while as many as may be are open lapses.
        const auto due = static_cast<std::uint64_t>(std::floor(rate_ * to_seconds(since_injection)));
        const std::uint64_t now = due - std::exchange(due_, due);
        const std::size_t room = connections_max_ - std::min(connections_max_, connections_.all().size());
        const std::size_t count = std::min<std::size_t>(now, room);
        if (count == 0) return {};
        const std::size_t before = connections_.all().size();
        const auto opened = connections_.open(count, since_injection);
        if (!opened) return opened.error();
        attempts_ += connections_.all().size() - before;
        clients_.book_extra("handshake-flood", opening_.websocket, *opened);
        return {};
    }

    Result<Witness> witness() override {
        if (!healed_) look(latest_);
        const std::size_t reached = this->reached();
        Witness witness{.bit = reached > 0};
        witness.evidence =
            fmt::format("{} of {} due connections begun, {} reached the target", attempts_, due_, reached);
        for (const auto& [what, count] : came_)
            witness.evidence += fmt::format(", {} {}", count, what);
        witness.measures = {{"attempts", static_cast<double>(attempts_)}, {"reached", static_cast<double>(reached)}};
        for (const auto& [what, count] : came_)
            witness.measures.push_back({what, static_cast<double>(count)});
        return witness;
    }

    Status heal() override {
        healed_ = true;
        connections_.close_all(latest_);
        return {};
    }

private:
    void look(Nanos now) {
        latest_ = now;
        connections_.attend(now);
        for (RawConnection& connection : connections_.all())
            look(connection, now);
        connections_.forget_ended();
    }

    void look(RawConnection& connection, Nanos now) {
        if (connection.connected != 0 && connection.sent == 0) connections_.send(connection, opening_.request);
        if (connection.done != 0) {
            const bool over = !stays(connection) && now - connection.done > linger_max;
            if (over && connection.fd >= 0) kernel::RawConnections::close(connection, RawConnection::End::ours, now);
            return;
        }
        const std::string what = what_came(connection, now);
        if (what.empty()) return;
        connection.done = std::max<Nanos>(now, 1);
        ++came_[what];
        if (answered(connection)) {
            ++answered_;
        } else if (connection.connected != 0) {
            unanswered_.push_back(connection.local);
        }
        if (stays(connection)) return;
        if (opening_.websocket && accepted(connection)) connections_.send(connection, websocket_goodbye);
        kernel::RawConnections::finish_writing(connection);
    }

    /// Those that were answered, or established. Behind a proxy that takes the proxy to have connected upstream.
    std::size_t reached() const {
        std::vector<Endpoint> others = unanswered_;
        for (const RawConnection& connection : connections_.all()) {
            if (connection.done == 0 && connection.connected != 0) others.push_back(connection.local);
        }
        if (proxy_ == nullptr || others.empty()) return answered_ + others.size();
        std::set<Endpoint> passed_on;
        for (const proxy::Pair& pair : proxy_->pairs())
            passed_on.insert(pair.client);
        return answered_ + static_cast<std::size_t>(std::count_if(others.begin(), others.end(), [&](const auto& local) {
                   return passed_on.count(local) != 0;
               }));
    }

    static bool answered(const RawConnection& connection) { return connection.answer.size() >= status_end; }
    static std::string status(const RawConnection& connection) { return connection.answer.substr(status_end - 3, 3); }
    bool accepted(const RawConnection& connection) const {
        return answered(connection) && status(connection) == (opening_.websocket ? "101" : "200");
    }
    bool stays(const RawConnection& connection) const { return stay_ && accepted(connection); }

    /// Empty: nothing yet.
    std::string what_came(const RawConnection& connection, Nanos now) const {
        if (accepted(connection)) return "accepted";
        if (answered(connection)) {
            const std::string code = status(connection);
            return code.find_first_not_of("0123456789") == code.npos ? "http_" + code : "protocol_error";
        }
        using End = RawConnection::End;
        if (connection.end == End::none) return now - connection.began > answer_deadline ? "timed_out" : "";
        if (connection.end == End::refused) return "refused";
        if (connection.end == End::timed_out) return "timed_out";
        return connection.end == End::reset ? "reset" : "ended_unanswered";
    }

    Clients& clients_;
    const Opening opening_;
    const proxy::Proxy* const proxy_;
    const double rate_;
    const bool stay_;
    const std::size_t connections_max_;
    kernel::RawConnections connections_;
    std::map<std::string, std::size_t> came_;  // how many connections came to what
    std::vector<Endpoint> unanswered_;         // established, and ended or given up without an answer
    std::size_t attempts_ = 0, answered_ = 0;
    std::uint64_t due_ = 0;
    Nanos latest_ = 0;
    bool healed_ = false;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    Opening opening = opening_of(rig.clients, options);
    return std::make_unique<HandshakeFlood>(rig, std::move(opening), options.number("rate"),
                                            options.choice("then") == "stay",
                                            static_cast<std::size_t>(options.number("connections_max")));
}

const RegisterFault registered{Fault{
    .name = "handshake-flood",
    .summary = "Connections that nobody asked for keep coming: a crawler, a retry loop, a port scan, an attack.",
    .mechanism =
        "Connections beside the subscribers' are opened at a rate from their namespace, shake hands, and hang up "
        "or stay; they are polled every 50 ms.",
    .privilege = "none",
    .witness = "A connection was established with the target (behind a proxy: the proxy passed it on).",
    .healing = "All of them are closed.",
    .site = Site::clients,
    .plain_http = true,
    .needs = {},
    .options =
        {
            {.name = "rate",
             .dimension = dimension::rate,
             .doc = "Connections opened per second.",
             .fallback = "50/s",
             .min = 0.1,
             .max = 1e5},
            {.name = "then",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "What they do once they are let in: hang up politely, or stay and read.",
             .fallback = "hang-up",
             .choices = {"hang-up", "stay"}},
            {.name = "connections_max",
             .doc = "How many are open at a time; what is due above that lapses.",
             .fallback = "200",
             .min = 1,
             .max = 10'000},
            protocol_option(),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
