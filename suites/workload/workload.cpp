#include "suites/workload/workload.hpp"

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "suites/workload/common.hpp"
#include "suites/workload/publishers.hpp"
#include "suites/workload/subscribers.hpp"

namespace squall::workload {
namespace {

constexpr std::size_t subscribers_max = 1'000'000;
constexpr std::size_t publishers_max = 64;
constexpr std::uint32_t piece = 64;  ///< connections, some 2 ms of work
constexpr Nanos pulse = 10'000'000;  ///< how often the loop looks how late it is

class Implementation final : public Workload, private LoopOwner {
public:
    Implementation(Plan plan, std::size_t subscribers)
        : common_(std::move(plan), subscribers),
          subscribers_(common_),
          publishers_(common_),
          loop_lag_(common_.recorder.distribution("rig.loop_lag", {})) {}

    ~Implementation() override {
        if (!thread_.joinable()) return;
        common_.loop.call([this] { common_.loop.stop(); });
        thread_.join();
    }
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    Status start_thread() {
        std::promise<Status> started;
        std::future<Status> outcome = started.get_future();
        thread_ = std::thread([this, &started] { run(started); });
        Status status = outcome.get();
        if (status.has_error()) thread_.join();
        return status;
    }

    void connect() override {
        common_.loop.call([this] { subscribers_.connect_all(); });
    }
    bool connected() const override { return subscribers_.connected(); }
    std::string first_failure() const override { return subscribers_.first_failure(); }
    void publish(const std::vector<std::string>& publishers, Nanos spell) override {
        common_.loop.call([&] { publishers_.publish(publishers, spell); });
    }
    void disconnect() override {
        common_.loop.call([this] {
            publishers_.stop();
            subscribers_.stop_load();
        });
        end_subscriptions(false);
    }
    Live live() const override {
        const std::lock_guard lock(live_mutex_);
        return live_;
    }

    std::vector<Established> ever_established() const override {
        std::vector<Established> all;
        common_.loop.call([&] {
            all = subscribers_.ever_established();
            const std::vector<Established>& own = publishers_.ever_established();
            all.insert(all.end(), own.begin(), own.end());
        });
        return all;
    }
    std::vector<ClientConnection> connections(std::string_view cohort) override {
        std::vector<ClientConnection> all;
        common_.loop.call([&] { all = subscribers_.connections(cohort); });
        return all;
    }
    Result<std::size_t> set_reading(const std::vector<ConnectionId>& ids, const Reading& reading,
                                    std::uint32_t receive_buffer_bytes) override {
        return piecewise(ids, [&](const std::vector<ConnectionId>& some) {
            return subscribers_.set_reading(some, reading, receive_buffer_bytes);
        });
    }
    std::vector<std::pair<ConnectionId, std::uint32_t>> unread(const std::vector<ConnectionId>& ids) override {
        std::vector<std::pair<ConnectionId, std::uint32_t>> bytes;
        common_.loop.call([&] { bytes = subscribers_.unread(ids); });
        return bytes;
    }
    Result<std::size_t> hang_up(const std::vector<ConnectionId>& ids, Hangup how) override {
        return piecewise(ids, [&](const std::vector<ConnectionId>& some) { return subscribers_.hang_up(some, how); });
    }
    Result<std::vector<ConnectionId>> reconnect(const std::vector<ConnectionId>& ids, Hangup how) override {
        std::vector<ConnectionId> attempts;
        const auto reached = piecewise(ids, [&](const std::vector<ConnectionId>& some) {
            return Result<std::size_t>(subscribers_.reconnect(some, how, attempts));
        });
        if (reached.has_error()) return reached.error();
        return attempts;
    }
    Result<std::size_t> withhold_pongs(const std::vector<ConnectionId>& ids, bool withhold) override {
        return piecewise(ids, [&](const std::vector<ConnectionId>& some) {
            return Result<std::size_t>(subscribers_.withhold_pongs(some, withhold));
        });
    }
    Result<std::size_t> send_raw(const std::vector<ConnectionId>& ids, std::string_view bytes) override {
        return piecewise(ids, [&](const std::vector<ConnectionId>& some) {
            return Result<std::size_t>(subscribers_.send_raw(some, bytes));
        });
    }
    std::vector<Outcome> outcomes(const std::vector<ConnectionId>& ids) override {
        std::vector<Outcome> all;
        common_.loop.call([&] { all = subscribers_.outcomes(ids); });
        return all;
    }
    Opening opening(std::string_view protocol) override {
        Opening made;
        common_.loop.call([&] { made = subscribers_.opening(protocol); });
        return made;
    }
    void book_extra(const std::string& fault, bool websocket, const std::vector<Endpoint>& locals) override {
        common_.loop.call([&] { subscribers_.book_extra(fault, websocket, locals); });
    }
    void mark_lost(const std::vector<ConnectionId>& ids) override {
        common_.loop.call([&] { subscribers_.mark_lost(ids); });
    }

    void finish(History& into) override {
        if (thread_.joinable()) {
            common_.loop.call([this] {
                publishers_.settle();
                subscribers_.stop_load();
                finishing_ = true;
            });
            end_subscriptions(true);
            common_.loop.call([this] {
                ended_ = true;
                stop_when_ended();
            });
            thread_.join();
        }
        common_.recorder.hand_over(into);
    }
    std::size_t bytes_per_subscriber() const override { return subscribers_.bytes_per_subscriber(); }

private:
    void run(std::promise<Status>& started) {
        Status status = common_.plan.on_thread_start ? common_.plan.on_thread_start() : Status{};
        if (!status.has_error()) status = common_.loop.open();
        const bool failed = status.has_error();
        if (!failed) {
            arm_slice();
            arm_pulse();
        }
        started.set_value(std::move(status));
        if (!failed) common_.loop.run(*this);
        common_.loop.ended();
    }

    void end_subscriptions(bool the_run_is_over) {
        bool more = true;
        for (std::uint32_t next = 0; more;) {
            common_.loop.call([&] { more = subscribers_.end_some(next, piece, the_run_is_over); });
        }
    }

    /// What is done to thousands of connections is done to some at a time: the loop attends to the rest in between.
    template <class Work>
    Result<std::size_t> piecewise(const std::vector<ConnectionId>& ids, Work work) {
        std::size_t reached = 0;
        for (std::size_t at = 0; at < ids.size(); at += piece) {
            const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(at);
            const std::size_t count = std::min<std::size_t>(piece, ids.size() - at);
            const std::vector<ConnectionId> some(begin, begin + static_cast<std::ptrdiff_t>(count));
            Result<std::size_t> outcome = std::size_t{0};
            common_.loop.call([&] { outcome = work(some); });
            if (outcome.has_error()) return outcome;
            reached += *outcome;
        }
        return reached;
    }

    void on_ready(Token token, std::uint32_t events) override {
        if (token.kind == Token::Kind::subscriber) {
            subscribers_.on_ready(token, events);
        } else if (token.kind == Token::Kind::publisher) {
            publishers_.on_ready(token, events);
        } else if (token.kind == Token::Kind::lingering) {
            common_.lingering.on_ready(token, common_.read_buffer);
            stop_when_ended();
        }
    }

    void on_timer(Token token, Nanos late) override {
        if (token.kind == Token::Kind::subscriber) {
            subscribers_.on_timer(token);
        } else if (token.kind == Token::Kind::publisher) {
            publishers_.on_timer(token);
        } else if (token.kind == Token::Kind::cohort) {
            subscribers_.on_cohort_timer(token);
        } else if (token.kind == Token::Kind::lingering) {
            common_.lingering.on_timer(token);
            stop_when_ended();
        } else if (token.kind == Token::Kind::slice) {
            on_slice();
        } else if (token.kind == Token::Kind::pulse) {
            on_pulse(late);
        }
    }

    /// A late pulse stands for all that should have come meanwhile, each less late than the one before: what share of
    /// the time the loop was late shows in the quantiles, not how often it came round.
    void on_pulse(Nanos late) {
        for (Nanos missed = late; missed >= 0 && !finishing_; missed -= pulse) {
            common_.recorder.record(loop_lag_, common_.loop.turn(), missed);
        }
        arm_pulse();
    }
    void arm_pulse() {
        const Nanos now = common_.loop.now();
        common_.loop.at((now / pulse + 1) * pulse, {Token::Kind::pulse, 0, 0});
    }

    void stop_when_ended() {
        if (ended_ && common_.lingering.count() == 0) common_.loop.stop();
    }

    void arm_slice() {
        const Nanos now = common_.loop.now();
        common_.loop.at((now / slice_length + 1) * slice_length, {Token::Kind::slice, 0, 0});
    }

    void on_slice() {
        subscribers_.sample(common_.loop.now());
        const Recorder::LastSecond recent = common_.recorder.last_second();
        {
            const std::lock_guard lock(live_mutex_);
            live_.open = subscribers_.open();
            live_.wanted = subscribers_.wanted();
            live_.delivered = subscribers_.delivered();
            live_.published = publishers_.accepted();
            live_.disconnects = subscribers_.disconnects();
            live_.p99 = recent.p99;
            live_.rate = static_cast<double>(recent.deliveries) / (to_seconds(slice_length) * recent.slices);
        }
        arm_slice();
    }

    mutable Common common_;  // asking the loop's thread changes its queue of calls, and nothing that is seen
    Subscribers subscribers_;
    Publishers publishers_;
    Recorder::Id loop_lag_;
    bool finishing_ = false;  // nothing is measured any more
    bool ended_ = false;      // and nothing is open but what lingers
    mutable std::mutex live_mutex_;
    Live live_;
    std::thread thread_;
};

}  // namespace

std::string connection_label(const ClientConnection& connection) {
    return connection.cohort + "#" + std::to_string(connection.id.subscriber) + "." +
           std::to_string(connection.id.generation);
}

Result<std::unique_ptr<Workload>> Workload::start(Plan plan) {
    std::size_t subscribers = 0;
    for (const Cohort& cohort : plan.cohorts)
        subscribers += cohort.connections;
    if (subscribers > subscribers_max) {
        return Error{"start the workload: " + std::to_string(subscribers) +
                     " subscribers; at most 1,000,000 fit one process, play the scenario in shards"};
    }
    if (plan.publishers.size() > publishers_max) {
        return Error{"start the workload: " + std::to_string(plan.publishers.size()) + " publishers; at most 64"};
    }
    auto workload = std::make_unique<Implementation>(std::move(plan), subscribers);
    if (Status status = workload->start_thread(); status.has_error()) return status.error();
    return Result<std::unique_ptr<Workload>>(std::move(workload));
}

}  // namespace squall::workload
