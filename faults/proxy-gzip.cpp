// proxy-gzip: an intermediary compresses streams of events, and keeps events back in its compressor.
#include <fmt/format.h>

#include "faults/proxy/gzip_response.hpp"
#include "faults/proxy/inject_toxic.hpp"
#include "faults/proxy/proxy.hpp"

namespace squall {
namespace {

class Gzip final : public Injection {
public:
    Gzip(proxy::Proxy& proxy, std::optional<Nanos> flush_after) : proxy_(proxy) {
        shared_->flush_after = flush_after;
        rewrite_ = proxy_.rewrite([shared = shared_] { return std::make_unique<proxy::GzipResponse>(shared); });
    }
    ~Gzip() override { heal(); }

    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        if (const auto failure = proxy_.failure()) return *failure;
        const std::unique_lock lock(shared_->mutex);
        const proxy::Compression::Count& count = shared_->count;
        const auto bytes = [](std::uint64_t n) { return format_quantity(static_cast<double>(n), dimension::bytes); };
        const auto duration = [](Nanos n) { return format_quantity(to_seconds(n), dimension::time); };
        Witness witness;
        witness.bit = count.bytes_came > 0;
        witness.evidence = fmt::format("the proxy compressed {} streams of events, {} to {}, which left in {} pieces",
                                       count.responses, bytes(count.bytes_came), bytes(count.bytes_left), count.pieces);
        if (count.pieces > 0) {
            witness.evidence += fmt::format("; the oldest byte of each had been kept for {} to {}",
                                            duration(count.kept_for_min), duration(count.kept_for_max));
        }
        if (count.not_asked > 0) {
            witness.evidence +=
                fmt::format("; {} streams passed whose subscribers accept no gzip (key 'accept_gzip' of their cohort)",
                            count.not_asked);
        }
        witness.measures = {{"responses", static_cast<double>(count.responses)},
                            {"not_asked", static_cast<double>(count.not_asked)},
                            {"bytes", static_cast<double>(count.bytes_came)},
                            {"bytes_compressed", static_cast<double>(count.bytes_left)},
                            {"pieces", static_cast<double>(count.pieces)},
                            {"kept_seconds_min", to_seconds(count.kept_for_min)},
                            {"kept_seconds_max", to_seconds(count.kept_for_max)}};
        return witness;
    }

    Status heal() override {
        if (!shared_->in_force) return {};
        shared_->in_force = false;
        proxy_.stop_rewriting(rewrite_);
        return {};
    }

private:
    proxy::Proxy& proxy_;
    std::shared_ptr<proxy::Compression> shared_ = std::make_shared<proxy::Compression>();
    std::uint64_t rewrite_ = 0;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim&, const Options& options) {
    if (auto there = proxy::require_proxy(rig, "proxy-gzip"); !there) return there.error();
    std::optional<Nanos> flush_after;
    if (options.has("flush")) flush_after = options.duration("flush");
    return std::unique_ptr<Injection>(std::make_unique<Gzip>(*rig.proxy, flush_after));
}

const RegisterFault registered{Fault{
    .name = "proxy-gzip",
    .summary =
        "An intermediary compresses streams of events: they wait in its compressor, and arrive late and in bundles.",
    .mechanism = "squall's TCP proxy compresses the events of connections that are opened meanwhile and accept gzip: "
                 "zlib, at nginx's settings, which keeps a block before it writes one.",
    .privilege = "none",
    .witness = "The proxy counted what it compressed, and for how long its compressor had kept it.",
    .healing =
        "What is kept leaves at once, and nothing is kept any more; a stream that is compressed stays so to its end.",
    .site = Site::proxy,
    .holds = "the compression of responses",
    .plain_http = true,
    .needs = {},
    .options = {{.name = "flush",
                 .dimension = dimension::time,
                 .doc =
                     "The oldest byte waits no longer than this; 0s: none waits, as nginx does it; without it: until "
                     "the compressor has a block full, as a middleware that is never told to flush.",
                 .max = 3600}},
    .inject = inject,
}};

}  // namespace
}  // namespace squall
