// A server as data: how to start it or where it runs, how to subscribe and publish, and what it declares about itself.
// Format: docs/reference/profile.md.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "faults/core/clients.hpp"
#include "suites/model/dialogue.hpp"
#include "suites/model/scenario.hpp"
#include "suites/tls/context.hpp"

namespace squall {

struct Launch {
    std::vector<std::string> command;                ///< placeholders filled in; "{settings}" becomes several
    std::map<std::string, std::string> settings;     ///< setting -> template with {}, {ms}, {s} or {bytes}
    std::map<std::string, std::string> environment;  ///< added to squall's own
    std::map<std::string, std::string> files;        ///< written into {directory} before the start, placeholders filled
    int stop_signal = 15;
    Nanos stop_grace = 5 * nanos_per_second;  ///< then SIGKILL
};

/// One of the target's own Prometheus metrics under squall's name.
struct DeclaredMetric {
    std::string metric;                         ///< "queue.depth"
    std::string source;                         ///< "push_queue_depth"
    std::map<std::string, std::string> labels;  ///< that a sample must carry with these values
    std::string stat;                           ///< of a summary: p50, p95, p99, max; otherwise empty
};

/// Which version of the target this is: what a command prints, or what an answer of its own says.
struct VersionSource {
    std::vector<std::string> command;  ///< the first line that it prints; in the environment of the launch
    std::string path;                  ///< GET; empty: the path that says whether it is ready
    std::string header;                ///< of the answer; empty: see `json`
    std::string json;                  ///< names of members, dots between them
};

/// What a server may leave out without being unsound; in the order of their names in profile.cpp.
enum class Feature {
    resume,  ///< sends what a subscriber has missed when it comes back and says where it was
};

/// JSON lines on the target's standard output that say why a connection ended.
struct DeclaredLog {
    std::string event_key, event_value;  ///< "event": "disconnect"
    std::string peer_key;                ///< "ip:port" of the connection's other end, as the target sees it
    std::string protocol_key;
    std::string reason_key;
    std::string time_key;                    ///< RFC 3339, UTC
    std::string dropped_key, delivered_key;  ///< how many messages of that connection were; empty: it does not say
};

struct Profile {
    std::string file;
    std::string name;
    std::string summary;
    std::optional<Launch> launch;  ///< exactly one of these two
    std::optional<Endpoint> address;
    std::string host = "squall.test";  ///< Host header

    std::string ready_path;  ///< 2xx when it can be used; empty: any answer to GET / will do
    Nanos ready_within = 10 * nanos_per_second;

    bool topics = true;                    ///< false: all subscribers get everything
    std::string sse_path, websocket_path;  ///< empty: the protocol is not offered
    std::string sse_confirm;
    std::string websocket_subprotocol;
    Dialogue websocket;
    std::set<Feature> sse_lacks, websocket_lacks;
    std::string publish_method = "POST", publish_path, publish_body = "{payload}";
    std::string publish_content_type = "application/octet-stream";
    std::vector<std::pair<std::string, std::string>> publish_headers;
    std::string websocket_publish_path, websocket_publish_frame = "{payload}";
    Dialogue websocket_publish;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<tls::Settings> tls;  ///< none: plain. Its CA file is beside the profile unless it says where

    std::string metrics_path;
    std::vector<DeclaredMetric> metrics;
    std::optional<DeclaredLog> log;
    std::optional<VersionSource> version;
    std::map<std::string, std::string> declares;  ///< settings that it has whether told or not: setting -> value
};

/// There is a way to publish. Without one, the target publishes of its own accord.
bool takes_messages(const Profile& profile);

/// The profile says that this is not offered over this protocol.
bool lacks(const Profile& profile, Protocol protocol, Feature feature);

struct ParsedProfile {
    std::optional<Profile> profile;
    std::vector<InputError> errors;
};
ParsedProfile parse_profile(std::string_view text, const std::string& file);

/// What the scenario asks of the target and what this one can be told. A setting that the profile neither maps nor
/// declares is taken out of the scenario and listed, so that invariants that refer to it come out inconclusive instead
/// of being judged against a value that the target never heard of.
struct FittedSettings {
    std::map<std::string, std::string> told;   ///< goes on the command line
    std::map<std::string, std::string> known;  ///< what `setting.` references may rely on
    std::vector<std::string> unknown;
};
FittedSettings fit_settings(const Profile& profile, const std::map<std::string, std::string>& asked);

}  // namespace squall
