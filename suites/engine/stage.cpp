#include "suites/engine/stage.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <fstream>

#include "suites/targets/declared_log_file.hpp"
#include "suites/targets/http_probe.hpp"
#include "suites/targets/version.hpp"

namespace squall {
namespace {

constexpr std::uint16_t target_port = 8080;
constexpr std::uint16_t proxy_port = 8081;
constexpr std::streamoff last_words_bytes = 2000;

}  // namespace

Result<std::unique_ptr<Stage>> Stage::set(const Scenario& scenario, const Profile& profile,
                                          const FittedSettings& settings, Journal& journal,
                                          const std::filesystem::path& directory) {
    auto stage = std::unique_ptr<Stage>(new Stage);
    stage->directory_ = directory;
    stage->cpus_ = split_cpus();
    if (auto pinned = pin_thread(stage->cpus_.rig); !pinned) return pinned.error();
    if (profile.tls) {
        auto tls = tls::Context::make(*profile.tls);
        if (!tls) return tls.error();
        stage->tls_ = std::move(*tls);
    }
    if (profile.launch) {
        if (auto built = stage->build_network(journal.run_id()); !built) return built.error();
        auto cgroup = kernel::Cgroup::create(journal, journal.run_id());
        if (cgroup) {
            stage->cgroup_ = std::move(*cgroup);
        } else {
            stage->notes_.push_back("no control group: " + cgroup.error().message);
        }
        stage->target_ = {kernel::Testbed::target_address, target_port};
        if (auto launched = stage->launch(profile, settings, journal); !launched) return launched.error();
    } else {
        stage->target_ = *profile.address;
        stage->notes_.push_back("the target was reached at " + to_string(stage->target_) +
                                ", not launched: nothing is known of its processes and sockets");
    }
    if (scenario.proxy) {
        if (auto started = stage->start_proxy(); !started) return started.error();
    }
    return stage;
}

Status Stage::build_network(const std::string& run_id) {
    auto testbed = kernel::make_testbed();
    if (!testbed) return testbed.error();
    testbed_.emplace(std::move(*testbed));
    auto filter = kernel::PathFilter::create(testbed_->path, run_id, {&testbed_->clients, &testbed_->target});
    if (!filter) return filter.error();
    filter_ = std::move(*filter);
    return {};
}

Status Stage::launch(const Profile& profile, const FittedSettings& settings, Journal& journal) {
    auto command = build_command(*profile.launch, place(profile), settings.told);
    if (!command) return command.error();
    ProcessPlan plan;
    plan.command = std::move(command->arguments);
    plan.environment = std::move(command->environment);
    plan.output = directory_ / "target.log";
    plan.netns = &testbed_->target;
    plan.cgroup = cgroup_.get();
    plan.cpus = cpus_.target;
    plan.stop_signal = profile.launch->stop_signal;
    plan.stop_grace = profile.launch->stop_grace;
    auto process =
        SupervisedProcess::start(journal, std::move(plan), [this, &profile] { return ask_whether_ready(profile); });
    if (!process) return process.error();
    process_ = std::move(*process);
    return {};
}

Status Stage::start_proxy() {
    const Endpoint listen =
        testbed_ ? Endpoint{kernel::Testbed::path_client_address, proxy_port} : Endpoint{INADDR_LOOPBACK, 0};
    auto proxy = proxy::Proxy::start(testbed_ ? &testbed_->path : nullptr, filter_.get(), listen, target_);
    if (!proxy) return proxy.error();
    proxy_ = std::move(*proxy);
    return {};
}

std::string Stage::last_words() const {
    std::ifstream log(directory_ / "target.log", std::ios::binary | std::ios::ate);
    const auto size = static_cast<std::streamoff>(log.tellg());
    if (!log || size <= 0) return "it printed nothing";
    std::string text(static_cast<std::size_t>(std::min(size, last_words_bytes)), '\0');
    log.seekg(-static_cast<std::streamoff>(text.size()), std::ios::end);
    log.read(text.data(), static_cast<std::streamsize>(text.size()));
    for (char& c : text) {  // it goes into XML, which knows no control characters
        const bool printable = c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f);
        if (!printable) c = '?';
    }
    return "its last words:\n" + text;
}

std::string Stage::log_problem() const {
    std::error_code not_launched;  // then it has no log here
    const auto size = std::filesystem::file_size(directory_ / "target.log", not_launched);
    if (not_launched || size <= log_bytes_max) return {};
    return fmt::format("the target printed more than {}; the run was cut short",
                       format_quantity(static_cast<double>(log_bytes_max), dimension::bytes));
}

Place Stage::place(const Profile& profile) const {
    std::error_code error;  // a profile that was read is somewhere
    return {target_, directory_, std::filesystem::absolute(profile.file, error).parent_path()};
}

Result<HttpAnswer> Stage::get(const Profile& profile, const std::string& path) const {
    return http_get(
        {.endpoint = target_, .host = profile.host, .path = path, .headers = profile.headers, .tls = tls_.get()});
}

Result<std::string> Stage::version(const Profile& profile) const {
    Result<std::string> version = std::string();
    const auto ask = [&]() -> Status {
        version = version_of(profile, place(profile), [&](const std::string& path) { return get(profile, path); });
        return {};
    };
    const Status asked = testbed_ ? testbed_->target.run(ask) : ask();
    if (!asked) return asked.error();
    return version;
}

Status Stage::ask_whether_ready(const Profile& profile) const {
    const auto answer = get(profile, profile.ready_path.empty() ? "/" : profile.ready_path);
    if (!answer) return answer.error();
    if (!profile.ready_path.empty() && answer->status / 100 != 2) {
        return Error{fmt::format("GET {} answered {}", profile.ready_path, answer->status)};
    }
    return {};
}

Status Stage::wait_ready(const Profile& profile, const std::atomic<bool>* interrupted) {
    const Nanos until = monotonic_now() + profile.ready_within;
    std::string why;
    while (monotonic_now() < until) {
        if (interrupted && interrupted->load()) return Error{"interrupted before the target was ready", EINTR};
        if (const auto end = process_ ? process_->died() : std::nullopt) {
            // What is installed can say which version it is, if a command says it.
            const bool says = profile.version && !profile.version->command.empty();
            const int missing = says && !version(profile) ? ENOEXEC : 0;
            return Error{fmt::format("the target {} before it was ready; {}", end->how, last_words()), missing};
        }
        const auto ask = [&] { return ask_whether_ready(profile); };
        const auto ready = testbed_ ? testbed_->target.run(ask) : ask();
        if (ready) return {};
        why = ready.error().message;
        if (ready.error().system_error == EPROTO) return ready.error();  // TLS: asking again does not change it
        poll(nullptr, 0, 20);
    }
    return Error{fmt::format("the target was not ready within {}: {}; {}",
                             format_quantity(to_seconds(profile.ready_within), dimension::time), why, last_words())};
}

workload::Wire Stage::wire(const Profile& profile) const {
    workload::Wire wire;
    wire.subscribe = proxy_ ? proxy_->listening() : target_;
    wire.publish = target_;
    wire.host = profile.host;
    wire.sse_path = profile.sse_path;
    wire.websocket_path = profile.websocket_path;
    wire.sse_confirm = profile.sse_confirm;
    wire.websocket = profile.websocket;
    wire.websocket_subprotocol = profile.websocket_subprotocol;
    wire.publish_method = profile.publish_method;
    wire.publish_path = profile.publish_path;
    wire.publish_body = profile.publish_body;
    wire.publish_content_type = profile.publish_content_type;
    wire.websocket_publish_path = profile.websocket_publish_path;
    wire.websocket_publish_frame = profile.websocket_publish_frame;
    wire.websocket_publish = profile.websocket_publish;
    wire.publish_headers = profile.publish_headers;
    wire.headers = profile.headers;
    wire.tls = tls_;
    return wire;
}

Rig Stage::rig(Journal& journal, Clients& clients) {
    auto* testbed = testbed_ ? &*testbed_ : nullptr;
    return Rig{journal,
               clients,
               journal.run_id(),
               cgroup_.get(),
               testbed ? &testbed->clients : nullptr,
               testbed ? &testbed->target : nullptr,
               testbed ? &testbed->path : nullptr,
               filter_.get(),
               proxy_.get(),
               target_,
               process_.get()};
}

SampledTarget Stage::sampled() const {
    return {process_.get(), cgroup_.get(), testbed_ ? &testbed_->target : nullptr, target_, tls_.get()};
}

std::function<Status()> Stage::enter_clients() {
    return [this]() -> Status {
        if (auto pinned = pin_thread(cpus_.rig); !pinned) return pinned;
        // With one CPU for both, a busy rig would keep the target from running.
        if (cpus_.rig != cpus_.target) {
            if (auto promptly = run_promptly(); !promptly) notes_.push_back(promptly.error().message);
        }
        return testbed_ ? testbed_->clients.enter() : Status();
    };
}

Status Stage::strike() {
    Status first;
    const auto note = [&first](Status status) {
        if (!status && first) first = std::move(status);
    };
    proxy_.reset();
    if (process_) note(process_->stop());
    process_.reset();
    if (cgroup_) note(cgroup_->remove());
    cgroup_.reset();
    filter_.reset();
    testbed_.reset();
    return first;
}

}  // namespace squall
