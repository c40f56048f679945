// squall proxy: the proxy by itself, with faults from the command line, or from its control API while it runs.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <functional>
#include <sstream>

#include "faults/core/clock.hpp"
#include "faults/core/fault.hpp"
#include "faults/core/journal.hpp"
#include "suites/cli/commands.hpp"
#include "suites/cli/no_clients.hpp"
#include "suites/cli/output.hpp"
#include "suites/control/http_server.hpp"
#include "suites/engine/host.hpp"

namespace squall::cli {
namespace {

namespace asio = boost::asio;

constexpr const char* own_name = "squall";  ///< of the command line's proxy, in the control API
constexpr auto turn = std::chrono::milliseconds(50);

struct FaultUse {
    std::string written;
    const Fault* fault = nullptr;
    Options options;
};

/// Those whose name says so act on the proxy alone.
bool is_of_the_proxy(const Fault& fault) {
    return fault.name.starts_with("proxy-");
}

Result<FaultUse> parse_fault(const std::string& written) {
    std::istringstream words(written);
    std::string name, word;
    words >> name;
    const Fault* fault = find_fault(name);
    if (fault == nullptr || !is_of_the_proxy(*fault)) {
        std::vector<std::string_view> usable;
        for (const Fault& known : all_faults()) {
            if (is_of_the_proxy(known)) usable.push_back(known.name);
        }
        return Error{fmt::format("'{}' is no fault of the proxy; those are {}", name, fmt::join(usable, ", "))};
    }
    std::map<std::string, std::string, std::less<>> options;
    while (words >> word) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) return Error{fmt::format("'{}' has no '='; expected OPTION=VALUE", word)};
        if (!options.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
            return Error{fmt::format("{}: is there twice", word.substr(0, equals))};
        }
    }
    auto parsed = parse_options(fault->options, options);
    if (!parsed) return parsed.error();
    return FaultUse{written, fault, std::move(*parsed)};
}

/// A proxied connection takes two descriptors.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/// The faults of the command line, from the start to the end.
class Faults {
public:
    Faults(Journal& journal, proxy::Proxy& proxy)
        : rig_{.journal = journal, .clients = clients_, .run_id = journal.run_id(), .proxy = &proxy} {}

    Status inject(const std::vector<FaultUse>& uses) {
        began_ = monotonic_now();
        for (const FaultUse& use : uses) {
            auto injection = use.fault->inject(rig_, {}, use.options);
            if (!injection) return Error{fmt::format("--fault '{}': {}", use.written, injection.error().message)};
            injections_.emplace_back(use.written, std::move(*injection));
        }
        return {};
    }
    Status advance() {
        for (auto& [written, injection] : injections_) {
            if (auto advanced = injection->advance(monotonic_now() - began_); !advanced) return advanced;
        }
        return {};
    }
    /// What came of each, a line each.
    std::string heal() {
        std::string text;
        for (auto& [written, injection] : injections_) {
            const auto witness = injection->witness();
            text += fmt::format("{}: {}\n", written, witness ? witness->evidence : witness.error().message);
            if (auto healed = injection->heal(); !healed) text += healed.error().message + "\n";
        }
        return text;
    }

private:
    NoClients clients_;
    Rig rig_;
    Nanos began_ = 0;
    std::vector<std::pair<std::string, std::unique_ptr<Injection>>> injections_;
};

/// What went wrong in proxies' own threads, once each.
void note_failures(const control::Api& api, std::map<std::string, std::string>& noted) {
    for (const auto& [name, proxy] : api.proxies()) {
        const auto failure = proxy.enabled() ? proxy.running()->failure() : std::nullopt;
        if (!failure || noted[name] == failure->message) continue;
        noted[name] = failure->message;
        note(fmt::format("squall: proxy {}: {}\n", name, failure->message));
    }
}

/// Until `io` is stopped.
Status serve(asio::io_context& io, const control::Api& api, Faults* faults) {
    asio::steady_timer timer(io);
    std::map<std::string, std::string> noted;
    Status outcome;
    std::function<void()> next = [&] {
        timer.expires_after(turn);
        timer.async_wait([&](boost::system::error_code cancelled) {
            if (cancelled) return;
            note_failures(api, noted);
            if (faults != nullptr) outcome = faults->advance();
            if (!outcome) return io.stop();
            next();
        });
    };
    next();
    io.run();
    return outcome;
}

struct Plan {
    std::optional<Endpoint> listen, upstream, control;
    std::vector<FaultUse> faults;
};

Result<Plan> plan_for(const ProxyArguments& arguments) {
    Plan plan;
    const std::tuple<const char*, const std::string&, std::optional<Endpoint>&> addresses[] = {
        {"--listen", arguments.listen, plan.listen},
        {"--upstream", arguments.upstream, plan.upstream},
        {"--control", arguments.control, plan.control}};
    for (const auto& [option, written, endpoint] : addresses) {
        if (written.empty()) continue;
        const auto resolved = control::resolve(written);
        if (!resolved) return Error{fmt::format("{}: {}", option, resolved.error().message)};
        endpoint = *resolved;
    }
    if (plan.listen.has_value() != plan.upstream.has_value()) {
        return Error{"--listen and --upstream belong together: where clients connect, and where they are passed on to"};
    }
    if (!plan.listen && !plan.control) return Error{"nothing to do; give --listen and --upstream, or --control"};
    if (!plan.listen && !arguments.faults.empty()) return Error{"--fault is for the proxy of --listen and --upstream"};
    for (const std::string& written : arguments.faults) {
        auto use = parse_fault(written);
        if (!use) return Error{fmt::format("--fault '{}': {}", written, use.error().message)};
        for (const FaultUse& other : plan.faults) {
            if (use->fault->holds.empty() || use->fault->holds != other.fault->holds) continue;
            return Error{fmt::format("--fault '{}': {} is in charge of {} already", written, other.fault->name,
                                     use->fault->holds)};
        }
        plan.faults.push_back(std::move(*use));
    }
    return plan;
}

/// What came of it, a line a proxy and a fault.
std::string outcome_of(const control::Api& api, Faults* faults) {
    std::string text;
    for (const auto& [name, proxy] : api.proxies()) {
        if (!proxy.enabled()) continue;
        text += fmt::format("{} -> {}: {} connections were open, and are reset\n", to_string(proxy.listen()),
                            to_string(proxy.upstream()), proxy.running()->open_connections());
    }
    if (faults != nullptr) text += faults->heal();
    return text;
}

/// What the plan says is started, served, and ended again. False: nobody could be told.
Result<bool> play(const Plan& plan) {
    auto journal = Journal::create(default_state_directory(), make_run_id());
    if (!journal) return journal.error();
    asio::io_context io{1};
    asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
    signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
    control::Api api(SQUALL_VERSION);
    std::optional<Faults> faults;
    std::string started;
    if (plan.listen) {
        const auto added = api.add(own_name, *plan.listen, *plan.upstream);
        if (!added) return added.error();
        control::NamedProxy& own = **added;
        started = fmt::format("{} -> {}\n", to_string(own.listen()), to_string(own.upstream()));
        if (!plan.faults.empty()) {
            own.pinned = true;
            faults.emplace(*journal, *own.running());
            if (auto injected = faults->inject(plan.faults); !injected) return injected.error();
        }
        for (const FaultUse& use : plan.faults)
            started += fmt::format("  {}\n", use.written);
    }
    std::unique_ptr<control::HttpServer> server;
    if (plan.control) {
        auto serving = control::HttpServer::start(io, *plan.control, api);
        if (!serving) return serving.error();
        server = std::move(*serving);
        started += fmt::format("control: http://{}\n", to_string(server->listening()));
    }
    if (!show(started)) return false;
    const Status served = serve(io, api, faults ? &*faults : nullptr);
    const bool shown = show(outcome_of(api, faults ? &*faults : nullptr));
    if (!served) return served.error();
    return shown;
}

}  // namespace

int proxy(const ProxyArguments& arguments) {
    ignore_closed_pipes();
    const auto plan = plan_for(arguments);
    if (!plan) return refuse(plan.error().message, 2);
    raise_descriptor_limit();
    const auto told = play(*plan);
    if (!told) note(fmt::format("squall: {}\n", told.error().message));
    return told && *told ? 0 : 4;
}

}  // namespace squall::cli
