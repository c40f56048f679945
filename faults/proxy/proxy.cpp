#include "faults/proxy/proxy.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "faults/core/clock.hpp"
#include "faults/kernel/namespace.hpp"
#include "faults/proxy/acceptor.hpp"
#include "faults/proxy/connection.hpp"
#include "faults/proxy/idle_watch.hpp"
#include "faults/proxy/listener.hpp"
#include "faults/proxy/open_table.hpp"

namespace squall::proxy {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

class ProxyThread final : public Proxy, private Relay {
public:
    ProxyThread(kernel::PathFilter* filter, Endpoint upstream, bool forgets)
        : upstream_(upstream),
          forgets_(forgets),
          idle_(io_, open_, filter, [this](Error error) { failed(std::move(error)); }) {}
    ~ProxyThread() override;

    Status start(const kernel::Namespace* where, Endpoint listen);

    Endpoint listening() const override { return listening_; }
    Status set_idle_timeout(std::optional<IdleTimeout> timeout) override;
    std::vector<ClosedPair> idle_closes() const override { return idle_.closes(); }
    std::optional<ClosedPair> canary_close() const override { return idle_.canary_close(); }
    std::vector<OpenPair> open_pairs() override;
    std::vector<ClosedPair> close(const std::vector<Endpoint>& clients, CloseBy how) override;
    void for_each(const std::function<void(Connection&)>& work) override;
    std::uint64_t treat(const ToxicUse& use) override;
    void aim_toxic(std::uint64_t toxic, const std::vector<Endpoint>& clients) override;
    void change_toxic(std::uint64_t toxic, const ToxicUse& use) override;
    void lift(std::uint64_t toxic) override;
    Passed passed(std::uint64_t toxic) override;
    std::uint64_t rewrite(MakeRewrite make) override;
    void stop_rewriting(std::uint64_t number) override;
    Status set_slow_accept(std::optional<SlowAccept> slow) override;
    Result<SlowAccepts> slow_accepts() override;
    std::vector<Pair> pairs() const override;
    std::size_t open_connections() const override;
    std::optional<Error> failure() const override;

private:
    std::vector<char>& read_buffer() override { return read_buffer_; }
    Pipe& pipe() override { return pipe_; }
    void connected(Connection& connection) override;
    void ended(Connection& connection) override;
    void failed(Error error) override;
    void heard(const Connection& connection, Nanos now) override { open_.heard(connection, now); }
    bool is_lost(std::uint16_t upstream_port) const override { return idle_.is_lost(upstream_port); }

    void on_proxy_thread(const std::function<void()>& work);
    template <class Work>
    auto ask(const Work& work) {
        std::optional<decltype(work())> answer;
        on_proxy_thread([&] { answer.emplace(work()); });
        return std::move(*answer);
    }
    void treat_all();
    void accepted(tcp::socket socket);
    void stop();

    const Endpoint upstream_;
    const bool forgets_;
    Endpoint listening_;

    asio::io_context io_{1};
    Listener listener_{io_, [this](tcp::socket socket) { accepted(std::move(socket)); },
                       [this](Error error) { failed(std::move(error)); }};
    std::vector<char> read_buffer_ = std::vector<char>(Pipe::bytes_max);
    Pipe pipe_;
    OpenTable open_;
    IdleWatch idle_;
    Toxics toxics_;
    std::map<std::uint64_t, MakeRewrite> rewrites_;
    std::uint64_t next_rewrite_ = 1;

    mutable std::mutex mutex_;  ///< for what follows: written here, read by other threads
    std::vector<Pair> pairs_;
    std::size_t count_ = 0;  ///< of those that are open
    std::optional<Error> failure_;

    std::thread thread_;
};

ProxyThread::~ProxyThread() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { stop(); });
    thread_.join();
}

Status ProxyThread::start(const kernel::Namespace* where, Endpoint endpoint) {
    std::promise<Status> started;
    auto outcome = started.get_future();
    thread_ = std::thread([this, where, endpoint, &started] {
        sigset_t broken_pipe;  // it comes to the thread that splices
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        Status ready = where == nullptr ? Status{} : where->enter();
        if (ready) {
            const auto listens = listener_.listen(endpoint);
            if (listens) listening_ = *listens;
            if (!listens) ready = listens.error();
        }
        const bool go_on = ready.has_value();
        if (go_on) listener_.accept();
        started.set_value(std::move(ready));
        if (go_on) io_.run();
    });
    Status ready = outcome.get();
    if (!ready) thread_.join();
    return ready;
}

void ProxyThread::accepted(tcp::socket socket) {
    Relay& relay = *this;  // a private base: make_shared would not see it
    auto connection = std::make_shared<Connection>(relay, std::move(socket));
    const bool canary = idle_.accept_canary(connection->pair().client);
    open_.add(connection, canary, monotonic_now());
    if (!canary) {
        for (const auto& [number, make] : rewrites_)
            connection->add(make());
        const std::lock_guard lock(mutex_);
        ++count_;
    }
    connection->start(canary ? idle_.canary_sink() : upstream_);
}

void ProxyThread::connected(Connection& connection) {
    open_.connected(connection);
    if (open_.of(connection).canary) return;
    if (!forgets_) {
        const std::lock_guard lock(mutex_);
        pairs_.push_back(connection.pair());
    }
    if (toxics_.any()) connection.treat(toxics_);
}

void ProxyThread::ended(Connection& connection) {
    const bool canary = open_.of(connection).canary;
    open_.remove(connection);
    if (canary) return;
    const std::lock_guard lock(mutex_);
    --count_;
}

void ProxyThread::failed(Error error) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(error);
}

Status ProxyThread::set_idle_timeout(std::optional<IdleTimeout> timeout) {
    if (auto checked = idle_.check(timeout); !checked) return checked;
    on_proxy_thread([&] { idle_.apply(timeout, listening_); });
    return {};
}

void ProxyThread::on_proxy_thread(const std::function<void()>& work) {
    std::packaged_task<void()> task(work);
    auto done = task.get_future();
    asio::post(io_, [task = std::move(task)]() mutable { task(); });
    done.get();
}

void ProxyThread::for_each(const std::function<void(Connection&)>& work) {
    on_proxy_thread([&] { open_.each_relaying(work); });
}

std::vector<OpenPair> ProxyThread::open_pairs() {
    return ask([&] {
        std::vector<OpenPair> open;
        open.reserve(open_.size());
        for (const OpenTable::Entry& entry : open_.entries()) {
            if (entry.canary || !entry.relaying) continue;  // or it is too early
            open.push_back({entry.pair, entry.since, toxics_.any() && entry.connection->quota_used()});
        }
        return open;
    });
}

std::vector<ClosedPair> ProxyThread::close(const std::vector<Endpoint>& clients, CloseBy how) {
    return ask([&] {
        std::vector<ClosedPair> closed;
        const Nanos now = monotonic_now();
        for (const Endpoint& client : clients) {
            const auto* entry = open_.find(client);
            if (entry == nullptr) continue;
            const auto connection = entry->connection;
            closed.push_back({connection->pair(), now - entry->last_byte, now});
            connection->close_by(how);
        }
        return closed;
    });
}

std::uint64_t ProxyThread::treat(const ToxicUse& use) {
    return ask([&] {
        const std::uint64_t number = toxics_.add(use);
        if (use.everybody) treat_all();
        return number;
    });
}

void ProxyThread::aim_toxic(std::uint64_t toxic, const std::vector<Endpoint>& clients) {
    on_proxy_thread([&] {
        for (const Endpoint& client : toxics_.name(toxic, clients)) {
            const auto* entry = open_.find(client);
            if (entry != nullptr && entry->relaying) std::shared_ptr(entry->connection)->treat(toxics_);
        }
    });
}

void ProxyThread::change_toxic(std::uint64_t toxic, const ToxicUse& use) {
    on_proxy_thread([&] {
        toxics_.change(toxic, use);
        treat_all();
    });
}

void ProxyThread::lift(std::uint64_t toxic) {
    on_proxy_thread([&] {
        toxics_.remove(toxic);
        treat_all();
    });
}

Passed ProxyThread::passed(std::uint64_t toxic) {
    return ask([&] { return toxics_.passed(toxic); });
}

std::uint64_t ProxyThread::rewrite(MakeRewrite make) {
    return ask([&] {
        rewrites_.emplace(next_rewrite_, std::move(make));
        return next_rewrite_++;
    });
}

void ProxyThread::stop_rewriting(std::uint64_t number) {
    on_proxy_thread([&] { rewrites_.erase(number); });
    for_each([](Connection& connection) { connection.flush_rewrites(); });
}

Status ProxyThread::set_slow_accept(std::optional<SlowAccept> slow) {
    return ask([&] { return listener_.set_slow(slow); });
}

Result<SlowAccepts> ProxyThread::slow_accepts() {
    return ask([&] { return listener_.slow_accepts(); });
}

void ProxyThread::treat_all() {
    open_.each_relaying([this](Connection& connection) { connection.treat(toxics_); });
}

void ProxyThread::stop() {
    listener_.close();
    for (const auto& connection : open_.connections())
        connection->close_by(CloseBy::rst);
    io_.stop();
}

std::vector<Pair> ProxyThread::pairs() const {
    const std::lock_guard lock(mutex_);
    return pairs_;
}

std::size_t ProxyThread::open_connections() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

std::optional<Error> ProxyThread::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::start(const kernel::Namespace* where, kernel::PathFilter* filter, Endpoint listen,
                                            Endpoint upstream, bool forgets) {
    auto proxy = std::make_unique<ProxyThread>(filter, upstream, forgets);
    if (auto started = proxy->start(where, listen); !started) return started.error();
    return std::unique_ptr<Proxy>(std::move(proxy));
}

}  // namespace squall::proxy
