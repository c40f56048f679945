// proxy-upgrade-refused: an intermediary that has not heard of WebSocket, or will not have it.
#include <fmt/format.h>

#include <atomic>

#include "faults/proxy/http_head.hpp"
#include "faults/proxy/inject_toxic.hpp"
#include "faults/proxy/proxy.hpp"
#include "faults/proxy/rewrite.hpp"

namespace squall {
namespace {

using proxy::HttpHead;
using proxy::Way;

/// Written on the proxy's thread, read on any.
struct Refusals {
    std::string answer;  ///< empty: passed on without the upgrade
    std::atomic<bool> in_force = true;
    std::atomic<std::uint64_t> refused = 0, passed = 0;
};

std::string_view reason_phrase(const std::string& status) {
    if (status == "400") return "Bad Request";
    if (status == "403") return "Forbidden";
    if (status == "426") return "Upgrade Required";
    if (status == "502") return "Bad Gateway";
    return "Service Unavailable";
}

class RefuseUpgrade final : public proxy::Rewrite {
public:
    explicit RefuseUpgrade(std::shared_ptr<Refusals> refusals) : refusals_(std::move(refusals)) {}

    Outcome take(Way way, std::string_view bytes, Nanos) override {
        if (way == Way::to_client) return {std::string(bytes), {}};
        if (head_.take(bytes) == HttpHead::State::more) return {};
        over_ = true;
        const bool asks = head_.state() == HttpHead::State::complete && head_.lists("Upgrade", "websocket");
        if (!asks || !refusals_->in_force) {
            ++refusals_->passed;
            return {head_.text() + std::string(bytes), {}};
        }
        ++refusals_->refused;
        if (!refusals_->answer.empty()) return {{}, refusals_->answer};
        strip();
        return {head_.text() + std::string(bytes), {}};
    }
    std::string end(Way way, Nanos) override { return way == Way::to_target && !over_ ? head_.text() : std::string(); }
    bool over() const override { return over_; }

private:
    /// As nginx passes it on if it is told nothing (proxy_http_version 1.0): hop-by-hop fields do not go on.
    void strip() {
        const std::string_view line = head_.first_line();
        head_.first_line(std::string(line.substr(0, line.rfind(' '))) + " HTTP/1.0");
        head_.remove("Upgrade");
        head_.remove("Connection");
        head_.add("Connection", "close");
    }

    std::shared_ptr<Refusals> refusals_;
    HttpHead head_;
    bool over_ = false;
};

class UpgradeRefused final : public Injection {
public:
    UpgradeRefused(proxy::Proxy& proxy, std::string answer) : proxy_(proxy) {
        refusals_->answer = std::move(answer);
        rewrite_ = proxy_.rewrite([refusals = refusals_] { return std::make_unique<RefuseUpgrade>(refusals); });
    }
    ~UpgradeRefused() override { heal(); }

    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        Witness witness;
        witness.bit = refusals_->refused > 0;
        witness.evidence = fmt::format("the proxy {} {} WebSocket handshakes; {} other requests passed",
                                       refusals_->answer.empty() ? "took the upgrade out of" : "answered",
                                       refusals_->refused.load(), refusals_->passed.load());
        witness.measures = {{"upgrades_refused", static_cast<double>(refusals_->refused)},
                            {"requests_passed", static_cast<double>(refusals_->passed)}};
        return witness;
    }

    Status heal() override {
        if (!refusals_->in_force) return {};
        refusals_->in_force = false;
        proxy_.stop_rewriting(rewrite_);
        return {};
    }

private:
    proxy::Proxy& proxy_;
    std::shared_ptr<Refusals> refusals_ = std::make_shared<Refusals>();
    std::uint64_t rewrite_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (auto there = proxy::require_proxy(rig, "proxy-upgrade-refused"); !there) return there.error();
    std::string answer;
    if (const std::string& status = options.choice("answer"); status != "none") {
        answer = fmt::format("HTTP/1.1 {} {}\r\n{}Content-Length: 0\r\nConnection: close\r\n\r\n", status,
                             reason_phrase(status), status == "426" ? "Upgrade: websocket\r\n" : "");
    }
    return std::unique_ptr<Injection>(std::make_unique<UpgradeRefused>(*rig.proxy, std::move(answer)));
}

const RegisterFault registered{Fault{
    .name = "proxy-upgrade-refused",
    .summary = "An intermediary does not let WebSocket through: it refuses the handshake, or forgets the upgrade.",
    .mechanism = "squall's TCP proxy answers requests with Upgrade: websocket itself, or passes them on as HTTP/1.0 "
                 "without that field. Others pass, and so does what is open.",
    .privilege = "none",
    .witness = "The proxy counted the handshakes that it refused.",
    .healing = "Handshakes pass again.",
    .site = Site::proxy,
    .holds = "the proxy's answer to upgrades",
    .plain_http = true,
    .needs = {},
    .options = {{.name = "answer",
                 .kind = OptionSpec::Kind::choice,
                 .dimension = {},
                 .doc = "The status that the proxy answers with; none: the target is asked, without the upgrade.",
                 .fallback = "502",
                 .choices = {"400", "403", "426", "502", "503", "none"}}},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
