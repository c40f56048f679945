// subscribe-churn: subscribers leave and come back, one after the other, for as long as the fault is in force.
// Does not wait for the cohort's reconnect policy; that is what an attempt that fails comes under.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "faults/core/fault.hpp"

namespace squall {
namespace {

/// How often those that have not come back by their first attempt are looked for.
constexpr Nanos look_again = nanos_per_second;

class SubscribeChurn final : public Injection {
public:
    SubscribeChurn(Clients& clients, const Aim& aim, double rate, Hangup how,
                   const std::vector<ClientConnection>& chosen)
        : clients_(clients), cohort_(aim.cohort), rate_(rate), how_(how) {
        for (const auto& connection : chosen)
            members_.push_back({connection.id});
    }

    Status advance(Nanos since_injection) override {
        if (healed_) return {};
        see_who_is_back();
        if (since_injection - looked_at_ >= look_again) {
            looked_at_ = since_injection;
            look_for_the_others();
        }
        // What is due while nobody is there to leave lapses: made up for later, it would be a storm and no churn.
        const auto due = static_cast<std::uint64_t>(std::floor(rate_ * to_seconds(since_injection)));
        const std::uint64_t now = due - std::exchange(due_, due);
        return now > 0 ? send_away(now) : Status{};
    }

    Result<Witness> witness() override {
        see_who_is_back();
        Witness witness;
        witness.bit = hung_up_ > 0 && back_ > 0;
        witness.evidence =
            fmt::format("{} of {} hang-ups that were due done, over {} subscribers; {} connections confirmed again",
                        hung_up_, due_, members_.size(), back_);
        witness.measures = {{"subscribers", static_cast<double>(members_.size())},
                            {"hangups_due", static_cast<double>(due_)},
                            {"hung_up", static_cast<double>(hung_up_)},
                            {"confirmed_again", static_cast<double>(back_)}};
        for (const Member& member : members_)
            witness.connections.push_back(member.id);
        return witness;
    }

    Status heal() override {
        healed_ = true;
        return {};
    }

private:
    struct Member {
        ConnectionId id;  // its connection, or its attempt to come back
        bool here = true;
        bool sent_away = false;  // and not confirmed again since
    };

    Status send_away(std::uint64_t count) {
        std::vector<ConnectionId> leaving;
        std::map<std::uint32_t, Member*> by_subscriber;
        for (std::size_t looked = 0; looked < members_.size() && leaving.size() < count; ++looked) {
            Member& member = members_[next_++ % members_.size()];
            if (!member.here) continue;
            leaving.push_back(member.id);
            by_subscriber[member.id.subscriber] = &member;
            member.here = false;
        }
        const auto attempts = clients_.reconnect(leaving, how_);
        if (!attempts) return attempts.error();
        hung_up_ += attempts->size();
        for (const ConnectionId& id : *attempts) {
            Member& member = *by_subscriber.at(id.subscriber);
            member.id = id;
            member.sent_away = true;
        }
        return {};
    }

    void arrive(Member& member, const ConnectionId& id) {
        member.id = id;
        member.here = true;
        back_ += std::exchange(member.sent_away, false);
    }

    void see_who_is_back() {
        std::vector<ConnectionId> away;
        std::map<ConnectionId, Member*> by_id;
        for (Member& member : members_) {
            if (member.here) continue;
            away.push_back(member.id);
            by_id[member.id] = &member;
        }
        if (away.empty()) return;
        for (const auto& [id, bytes] : clients_.unread(away))
            arrive(*by_id.at(id), id);
    }

    /// Some have tried more than once, or had ended on their own account when it was their turn.
    void look_for_the_others() {
        if (std::all_of(members_.begin(), members_.end(), [](const Member& member) { return member.here; })) return;
        std::map<std::uint32_t, ConnectionId> open;
        for (const auto& connection : clients_.connections(cohort_))
            open[connection.id.subscriber] = connection.id;
        for (Member& member : members_) {
            const auto found = open.find(member.id.subscriber);
            if (!member.here && found != open.end()) arrive(member, found->second);
        }
    }

    Clients& clients_;
    const std::string cohort_;
    const double rate_;
    const Hangup how_;
    std::vector<Member> members_;
    std::size_t next_ = 0;
    std::uint64_t due_ = 0, hung_up_ = 0, back_ = 0;
    Nanos looked_at_ = 0;
    bool healed_ = false;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto chosen = choose(rig.clients.connections(aim.cohort), aim);
    if (chosen.empty()) return nobody_open("subscribe-churn", aim);
    const Hangup how = options.choice("how") == "reset" ? Hangup::reset : Hangup::close;
    return std::make_unique<SubscribeChurn>(rig.clients, aim, options.number("rate"), how, chosen);
}

const RegisterFault registered{Fault{
    .name = "subscribe-churn",
    .summary =
        "Subscribers leave and come back all the time: page loads, flapping radios, clients that poll by connecting.",
    .mechanism = "At a rate, one chosen subscriber after the other ends its connection and at once opens the next.",
    .privilege = "none",
    .witness = "Connections were hung up, and connections of the same subscribers confirmed again.",
    .healing = "Nobody is sent away any more; who is away is already on the way back.",
    .site = Site::clients,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "rate",
             .dimension = dimension::rate,
             .doc = "How many subscribers leave and come back per second.",
             .required = true,
             .min = 0.01,
             .max = 1e5},
            {.name = "how",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "How they leave: with the protocol's goodbye, or with a reset.",
             .fallback = "close",
             .choices = {"close", "reset"}},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
