// slow-reader: subscribers that read slower than the target sends, or not at all.
// Does not delay packets: the network is fine, it is the application behind the socket that lags.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "faults/core/fault.hpp"
#include "faults/proxy/target_view.hpp"

namespace squall {
namespace {

constexpr Nanos sample_interval = 100'000'000;

class SlowReader final : public Injection {
public:
    SlowReader(Rig& rig, std::vector<proxy::TargetSide> chosen)
        : clients_(rig.clients),
          view_(rig),
          target_in_view_(rig.target_netns != nullptr),
          chosen_(std::move(chosen)),
          ids_(proxy::ids_of(chosen_)),
          seen_(chosen_.size()) {}

    ~SlowReader() override {
        if (const Status healed = heal(); !healed) {
            std::fprintf(stderr, "squall: slow-reader: %s\n", healed.error().message.c_str());
        }
    }

    Status begin(const Reading& reading, std::uint32_t receive_buffer_bytes) {
        slowed_ = true;
        const auto reached = clients_.set_reading(ids_, reading, receive_buffer_bytes);
        if (!reached) return reached.error();
        if (*reached == 0) return Error{"slow-reader: every connection that was chosen had ended"};
        reached_ = *reached;
        return {};
    }

    Status advance(Nanos since_injection) override {
        if (since_injection - sampled_at_ < sample_interval) return {};
        sampled_at_ = since_injection;
        return sample();
    }

    Result<Witness> witness() override {
        if (auto sampled = sample(); !sampled) return sampled.error();
        std::size_t unread = 0, blocked = 0, both = 0;
        for (const Seen& seen : seen_) {
            unread += seen.unread;
            blocked += seen.blocked;
            both += seen.unread && seen.blocked;
        }
        Witness witness;
        witness.bit = (target_in_view_ ? both : unread) >= reached_;
        witness.evidence = fmt::format("of {} slowed readers {} had unread bytes (at most {})", reached_, unread,
                                       format_quantity(unread_max_, dimension::bytes));
        witness.evidence += target_in_view_
                                ? fmt::format(", and the target's send queue for {} was not empty (at most {})",
                                              blocked, format_quantity(send_queue_max_, dimension::bytes))
                                : "; the send queues of a target that runs elsewhere cannot be seen";
        witness.measures = {{"readers", static_cast<double>(reached_)},
                            {"readers_with_unread_bytes", static_cast<double>(unread)},
                            {"readers_with_send_queue", static_cast<double>(blocked)},
                            {"unread_bytes_max", unread_max_},
                            {"send_queue_bytes_max", send_queue_max_}};
        witness.connections = ids_;
        return witness;
    }

    Status heal() override {
        if (!slowed_) return {};
        // The receive buffer keeps its size: the kernel has no way to hand its autotuning back.
        if (auto prompt = clients_.set_reading(ids_, Reading{}, 0); !prompt) return prompt.error();
        slowed_ = false;
        return {};
    }

private:
    struct Seen {
        bool unread = false;
        bool blocked = false;
    };

    Status sample() {
        std::map<ConnectionId, std::size_t> index;
        for (std::size_t i = 0; i < ids_.size(); ++i)
            index.emplace(ids_[i], i);
        for (const auto& [id, bytes] : clients_.unread(ids_)) {
            const auto found = index.find(id);
            if (found == index.end() || bytes == 0) continue;
            seen_[found->second].unread = true;
            unread_max_ = std::max<double>(unread_max_, bytes);
        }
        if (!target_in_view_) return {};
        const auto sockets = view_.sockets(chosen_);
        if (!sockets) return sockets.error();
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            const auto& socket = (*sockets)[i];
            if (!socket || socket->send_queue == 0) continue;
            seen_[i].blocked = true;
            send_queue_max_ = std::max<double>(send_queue_max_, socket->send_queue);
        }
        return {};
    }

    Clients& clients_;
    proxy::TargetView view_;
    const bool target_in_view_;  ///< its sockets are where squall can look
    const std::vector<proxy::TargetSide> chosen_;
    const std::vector<ConnectionId> ids_;
    std::vector<Seen> seen_;
    std::size_t reached_ = 0;
    double unread_max_ = 0;
    double send_queue_max_ = 0;
    Nanos sampled_at_ = -sample_interval;
    bool slowed_ = false;
};

Result<Reading> reading_from(const Options& options) {
    const std::string& mode = options.choice("mode");
    if (mode == "stopped") return Reading{.mode = Reading::Mode::stopped};
    if (mode == "limited") {
        if (!options.has("rate")) return Error{"slow-reader: mode limited needs its rate, such as 1KiB/s"};
        return Reading{.mode = Reading::Mode::limited, .bytes_per_second = options.number("rate")};
    }
    if (!options.has("go") || !options.has("stop")) {
        return Error{"slow-reader: mode stop-and-go needs how long it reads (go) and how long it does not (stop)"};
    }
    return Reading{.mode = Reading::Mode::stop_and_go, .go = options.duration("go"), .stop = options.duration("stop")};
}

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    const auto reading = reading_from(options);
    if (!reading) return reading.error();
    const proxy::TargetView view(rig);
    auto chosen = view.resolve(choose(rig.clients.connections(aim.cohort), aim));
    if (chosen.empty()) return nobody_open("slow-reader", aim);
    const auto buffer =
        options.has("receive_buffer") ? static_cast<std::uint32_t>(options.number("receive_buffer")) : 0;
    auto injection = std::make_unique<SlowReader>(rig, std::move(chosen));
    if (auto begun = injection->begin(*reading, buffer); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "slow-reader",
    .summary = "Some subscribers read slower than the target sends, in fits and starts, or stop for good.",
    .mechanism = "The subscriber reads its socket at a rate, by turns, or not at all; TCP's window does the rest.",
    .privilege = "user namespace",
    .witness = "Each slowed reader had unread bytes, and the target's socket for it a send queue that was not empty "
               "(unless the target was not launched by squall: then it cannot be seen).",
    .healing = "The subscribers read promptly again.",
    .site = Site::clients,
    .holds = "a subscriber's reading",
    .aimed = true,
    .needs = {"network-namespaces", "socket-diagnostics"},
    .options =
        {
            {.name = "mode",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "How they read: at a limited rate, stop-and-go, or not at all.",
             .fallback = "stopped",
             .choices = {"limited", "stop-and-go", "stopped"}},
            {.name = "rate",
             .dimension = dimension::bandwidth,
             .doc = "Bytes per second that a reader takes; required for mode limited.",
             .min = 1,
             .max = 1e10},
            {.name = "go",
             .dimension = dimension::time,
             .doc = "How long it reads; required for mode stop-and-go.",
             .min = 0.001,
             .max = 3600},
            {.name = "stop",
             .dimension = dimension::time,
             .doc = "How long it then does not; required for mode stop-and-go.",
             .min = 0.001,
             .max = 3600},
            {.name = "receive_buffer",
             .dimension = dimension::bytes,
             .doc = "SO_RCVBUF of the slowed readers, so that less fits into the kernel before the target feels it.",
             .min = 256,
             .max = 1e9},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
