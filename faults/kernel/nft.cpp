#include "faults/kernel/nft.hpp"

#include <linux/close_range.h>
#include <nftables/libnftables.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <memory>
#include <stdexcept>

namespace squall::kernel::nft {
namespace json = boost::json;

namespace {

std::string address(const Endpoint& endpoint) {
    std::string text = to_string(endpoint);
    return text.replace(text.find(':'), 1, " . ");
}

struct FreeContext {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

/// libnftables waits with select(), which cannot take a descriptor above 1,023, and a rig has many thousands. The
/// helper thread that carries out the work lets go of them all, for itself only, so that its sockets get small numbers.
Status leave_descriptors_behind() {
    if (close_range(3, ~0U, CLOSE_RANGE_UNSHARE) != 0) {
        return system_failure("giving a thread its own descriptors (close_range)", errno, "it needs Linux 5.9");
    }
    return {};
}

/// Called inside the path. A context for each call: libnftables opens its sockets in the caller's namespace whenever
/// it needs to, and keeps a copy of the ruleset that would grow stale.
Result<std::string> run_here(const std::string& commands) {
    const std::unique_ptr<nft_ctx, FreeContext> context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context) return Error{"libnftables cannot start; is nf_tables in the kernel (modprobe nf_tables)?"};
    nft_ctx_buffer_output(context.get());
    nft_ctx_buffer_error(context.get());
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON | NFT_CTX_OUTPUT_NUMERIC_ALL);
    if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) != 0) {
        const char* said = nft_ctx_get_error_buffer(context.get());
        return Error{fmt::format("nftables: {}", said == nullptr || *said == '\0' ? "no reason given" : said)};
    }
    const char* output = nft_ctx_get_output_buffer(context.get());
    return std::string(output == nullptr ? "" : output);
}

Endpoint endpoint_of(const json::value& host, const json::value& port) {
    const auto parsed = parse_endpoint(std::string(host.as_string()) + ":" + std::to_string(port.as_int64()));
    if (!parsed) throw std::runtime_error(parsed.error().message);
    return *parsed;
}

/// Each object of one kind that a listing has.
template <class Use>
void for_each(const std::string& listing, const char* kind, Use use) {
    const json::value document = json::parse(listing);
    for (const json::value& object : document.as_object().at("nftables").as_array()) {
        if (const json::value* found = object.as_object().if_contains(kind)) use(found->as_object());
    }
}

std::string_view name_of(const json::object& object) {
    return std::string_view(object.at("name").as_string());
}

std::uint64_t packets_of(const json::object& counter) {
    return counter.at("packets").to_number<std::uint64_t>();
}

}  // namespace

Result<std::string> run(const Namespace& where, const std::string& commands) {
    std::string output;
    const Status done = where.run([&]() -> Status {
        if (auto left = leave_descriptors_behind(); !left) return left;
        auto result = run_here(commands);
        if (!result) return result.error();
        output = std::move(*result);
        return {};
    });
    if (!done) return done.error();
    return output;
}

std::string element(const Endpoint& from, const Endpoint& to) {
    return address(from) + " . " + address(to);
}

void for_each_element(const std::string& listing, const UseElement& use) {
    for_each(listing, "set", [&](const json::object& set) {
        const json::value* elements = set.if_contains("elem");
        if (elements == nullptr) return;
        for (const json::value& entry : elements->as_array()) {
            const json::object& described = entry.as_object().at("elem").as_object();
            const json::array& parts = described.at("val").as_object().at("concat").as_array();
            use(name_of(set), endpoint_of(parts.at(0), parts.at(1)), endpoint_of(parts.at(2), parts.at(3)),
                packets_of(described.at("counter").as_object()));
        }
    });
}

void for_each_counter(const std::string& listing,
                      const std::function<void(std::string_view name, std::uint64_t packets)>& use) {
    for_each(listing, "counter", [&](const json::object& counter) { use(name_of(counter), packets_of(counter)); });
}

}  // namespace squall::kernel::nft
