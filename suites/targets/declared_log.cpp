#include "suites/targets/declared_log.hpp"

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <ctime>
#include <limits>

namespace squall {
namespace {

const std::string* text_at(const boost::json::object& line, const std::string& key, std::string& buffer) {
    const auto* value = line.if_contains(key);
    if (!value || !value->is_string()) return nullptr;
    buffer.assign(value->get_string().data(), value->get_string().size());
    return &buffer;
}

/// Empty where the format knows no such key. False: it does, and the line holds no whole number there.
bool read_count(const boost::json::object& line, const std::string& key, std::optional<std::uint64_t>& count) {
    if (key.empty()) return true;
    const auto* value = line.if_contains(key);
    boost::system::error_code error;
    const auto number = value ? value->to_number<std::uint64_t>(error) : 0;
    if (!value || error) return false;
    count = number;
    return true;
}

}  // namespace

Nanos parse_rfc3339(const std::string& text) {
    std::tm parts{};
    const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (!rest) return 0;
    double fraction = 0;
    if (*rest == '.') {
        char* end = nullptr;
        fraction = std::strtod(rest, &end);
        rest = end;
    }
    if (std::string_view(rest) != "Z" || !(fraction >= 0 && fraction < 1)) return 0;
    const std::time_t seconds = timegm(&parts);
    if (seconds < 0 || seconds >= std::numeric_limits<Nanos>::max() / nanos_per_second) return 0;
    return seconds * nanos_per_second + from_seconds(fraction);
}

DeclaredLogContent read_declared_log(std::string_view text, const DeclaredLog& format) {
    DeclaredLogContent content;
    const std::size_t size = text.size();
    while (!text.empty()) {
        const std::size_t offset = size - text.size();
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        boost::system::error_code error;
        const auto value = boost::json::parse({line.data(), line.size()}, error);
        if (error || !value.is_object()) continue;
        const auto& object = value.get_object();
        std::string buffer;
        const auto* event = text_at(object, format.event_key, buffer);
        if (!event || *event != format.event_value) continue;

        DeclaredDisconnect disconnect;
        const auto* peer = text_at(object, format.peer_key, buffer);
        const auto endpoint = peer ? parse_endpoint(*peer) : Result<Endpoint>(Error{"no peer"});
        const auto* reason = text_at(object, format.reason_key, buffer);
        if (!endpoint || !reason) {
            ++content.lines_not_understood;
            continue;
        }
        disconnect.peer = *endpoint;
        disconnect.reason = *reason;
        if (const auto* protocol = text_at(object, format.protocol_key, buffer)) disconnect.protocol = *protocol;
        if (const auto* time = text_at(object, format.time_key, buffer)) disconnect.at = parse_rfc3339(*time);
        const bool dropped = read_count(object, format.dropped_key, disconnect.dropped);
        const bool delivered = read_count(object, format.delivered_key, disconnect.delivered);
        if (!dropped || !delivered) ++content.lines_not_understood;
        disconnect.offset = offset;
        content.disconnects.push_back(std::move(disconnect));
    }
    return content;
}

}  // namespace squall
