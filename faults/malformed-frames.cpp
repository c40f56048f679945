// malformed-frames: WebSocket subscribers that send a frame which RFC 6455 forbids.
// One frame a connection; what a subscriber sends when it has come back is in order again.
#include <fmt/format.h>

#include <map>

#include "faults/core/fault.hpp"

namespace squall {
namespace {

constexpr std::size_t sent_of_oversized = 16 * 1024;

/// `size`: what an oversized frame declares.
std::string frame_of(const std::string& kind, std::uint64_t size) {
    using namespace std::string_literals;
    const std::string no_mask(4, '\0');               // a masking key of nought leaves the payload as it is
    if (kind == "unmasked") return "\x81\x05hello"s;  // 5.1: a client has to mask
    if (kind == "reserved-bits") return "\xc1\x85"s + no_mask + "hello";        // 5.2: RSV1 without an extension
    if (kind == "reserved-opcode") return "\x83\x85"s + no_mask + "hello";      // 5.2: opcode 3
    if (kind == "bad-utf8") return "\x81\x84"s + no_mask + "\xc3\x28\xff\xfe";  // 8.1: text has to be UTF-8
    if (kind == "fragmented-control") return "\x09\x85"s + no_mask + "hello";   // 5.5: a ping without FIN
    std::string oversized = "\x81\xff"s;                                        // 5.2 allows it; no server has to
    for (int shift = 56; shift >= 0; shift -= 8)
        oversized += static_cast<char>(size >> shift & 0xFF);
    return oversized + no_mask + std::string(sent_of_oversized, 'x');
}

class MalformedFrames final : public Injection {
public:
    MalformedFrames(Clients& clients, std::string kind, ChosenWebSockets chosen)
        : clients_(clients), kind_(std::move(kind)), left_out_(chosen.sse_left_out), ids_(std::move(chosen.ids)) {}

    Status begin(const std::string& frame) {
        const auto reached = clients_.send_raw(ids_, frame);
        if (!reached) return reached.error();
        if (*reached == 0) return Error{"malformed-frames: every connection that was chosen had ended"};
        return {};
    }

    Status advance(Nanos) override { return {}; }

    Result<Witness> witness() override {
        std::map<std::string, std::size_t> ends;
        std::size_t sent = 0, ended = 0;
        for (const Outcome& outcome : clients_.outcomes(ids_)) {
            sent += outcome.sent;
            if (outcome.end.empty() || outcome.end == "hung_up") continue;
            ++ends[outcome.end];
            ++ended;
        }
        Witness witness;
        witness.bit = sent > 0;
        witness.evidence = fmt::format("{} {} frames sent, {} connections ended afterwards", sent, kind_, ended);
        for (const auto& [end, count] : ends)
            witness.evidence += fmt::format("{} {} by {}", &end == &ends.begin()->first ? ":" : ",", count, end);
        if (left_out_ > 0) witness.evidence += fmt::format("; {} SSE connections left out", left_out_);
        witness.measures = {{"frames_sent", static_cast<double>(sent)}, {"ended", static_cast<double>(ended)}};
        for (const auto& [end, count] : ends)
            witness.measures.push_back({"ended_by_" + end, static_cast<double>(count)});
        witness.connections = ids_;
        return witness;
    }

    Status heal() override { return {}; }  // what has been sent stays so

private:
    Clients& clients_;
    const std::string kind_;
    const std::size_t left_out_;
    const std::vector<ConnectionId> ids_;
};

Result<std::unique_ptr<Injection>> inject(Rig& rig, const Aim& aim, const Options& options) {
    auto chosen = choose_websockets(rig.clients, aim, "malformed-frames");
    if (!chosen) return chosen.error();
    const std::string& kind = options.choice("kind");
    auto injection = std::make_unique<MalformedFrames>(rig.clients, kind, std::move(*chosen));
    const std::string frame = frame_of(kind, static_cast<std::uint64_t>(options.number("size")));
    if (auto begun = injection->begin(frame); !begun) return begun.error();
    return std::unique_ptr<Injection>(std::move(injection));
}

const RegisterFault registered{Fault{
    .name = "malformed-frames",
    .summary = "Clients whose WebSocket library is broken, or that probe for a server that is.",
    .mechanism = "Each chosen subscriber sends one frame that RFC 6455 forbids, and otherwise goes on as before.",
    .privilege = "none",
    .witness = "The kernel took whole frames for connections that were open.",
    .healing = "Nothing to put back: who was cut off comes back by its policy, and in order.",
    .site = Site::clients,
    .aimed = true,
    .needs = {},
    .options =
        {
            {.name = "kind",
             .kind = OptionSpec::Kind::choice,
             .dimension = {},
             .doc = "What is wrong with the frame.",
             .required = true,
             .choices = {"unmasked", "reserved-bits", "reserved-opcode", "oversized", "bad-utf8",
                         "fragmented-control"}},
            {.name = "size",
             .dimension = dimension::bytes,
             .doc = "The length that an oversized frame declares; 16 KiB of it are sent.",
             .fallback = "64MiB",
             .min = 65'536,
             .max = 1e15},
        },
    .inject = inject,
}};

}  // namespace
}  // namespace squall
