// proxy-cut: a response is cut off after so many bytes, in the middle of an event, a frame or a character.
#include <memory>

#include "faults/proxy/close.hpp"
#include "faults/proxy/direction.hpp"
#include "faults/proxy/inject_toxic.hpp"

namespace squall {
namespace {

/// The quota is kept in the proxy's stream of bytes, to the byte; who has used it up is closed.
class Cut final : public Injection {
public:
    Cut(std::unique_ptr<Injection> quota, std::unique_ptr<Injection> closing)
        : quota_(std::move(quota)), closing_(std::move(closing)) {}

    Status advance(Nanos since_injection) override {
        if (auto followed = quota_->advance(since_injection); !followed) return followed;
        return closing_->advance(since_injection);
    }
    Result<Witness> witness() override { return closing_->witness(); }
    Status heal() override {
        if (auto stopped = closing_->heal(); !stopped) return stopped;
        return quota_->heal();
    }

private:
    std::unique_ptr<Injection> quota_, closing_;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    auto quota = proxy::inject_toxic(rig, aim, options, "proxy-cut",
                                     {.quota = static_cast<std::uint64_t>(options.number("bytes"))});
    if (!quota) return quota.error();
    auto closing = proxy::close_when(rig, {}, proxy::close_by(options), "proxy-cut",
                                     [](const proxy::OpenPair& open, Nanos) { return open.quota_used; });
    if (!closing) return closing.error();
    return std::unique_ptr<Injection>(std::make_unique<Cut>(std::move(*quota), std::move(*closing)));
}

const RegisterFault registered{Fault{
    .name = "proxy-cut",
    .summary = "A response is cut off after so many bytes: in the middle of an event, a frame or a character.",
    .mechanism = "squall's TCP proxy passes so many bytes of each connection, to the byte, and closes it within 50 ms.",
    .privilege = "none",
    .witness = proxy::close_witness,
    .healing = proxy::close_healing,
    .site = Site::proxy,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "bytes",
             .dimension = dimension::bytes,
             .doc = "Of each connection, from the injection on, in each direction that is treated.",
             .required = true,
             .min = 1,
             .max = 1e12},
            proxy::close_by_option(),
            proxy::direction_option("to-subscriber"),
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
