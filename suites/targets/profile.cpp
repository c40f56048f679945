#include "suites/targets/profile.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "suites/model/scenario_reader.hpp"
#include "suites/model/suggest.hpp"
#include "suites/targets/profile_keys.hpp"

namespace squall {
namespace {

class ProfileReader {
public:
    ProfileReader(std::string_view text, const std::string& file) : mistakes_(text, file) { profile_.file = file; }

    ParsedProfile read(const YAML::Node& root) {
        Section top(mistakes_, root, profile_keys(), "a profile");
        top.read("name", profile_.name);
        top.read("summary", profile_.summary);
        top.read("host", profile_.host);
        top.read("topics", profile_.topics);
        where(top);
        version(top);
        if (auto ready = below(top, "ready", ready_keys, "ready")) {
            ready->read("path", profile_.ready_path);
            ready->read_duration("within", profile_.ready_within);
        }
        wire(top);
        for (auto& [name, value] : pairs(top, "headers"))
            profile_.headers.emplace_back(name, value);
        tls(top);
        metrics(top);
        log(top);
        profile_.declares = settings(top, "declares");
        ParsedProfile parsed;
        parsed.errors = std::move(mistakes_).sorted();
        if (parsed.errors.empty()) parsed.profile = std::move(profile_);
        return parsed;
    }

    Mistakes& mistakes() { return mistakes_; }

private:
    std::optional<Section> below(Section& parent, std::string_view key, std::vector<KeySpec> (*keys)(),
                                 const char* what) {
        if (!parent.has(key)) return {};
        return std::optional<Section>(std::in_place, mistakes_, parent.at(key), keys(), what);
    }

    std::map<std::string, std::string> pairs(Section& parent, std::string_view key) {
        std::map<std::string, std::string> result;
        if (!parent.has(key)) return result;
        if (!parent.at(key).IsMap()) {
            parent.mistake(key, "expected names with a value each");
            return result;
        }
        for (const auto& pair : parent.at(key)) {
            if (pair.first.IsScalar() && pair.second.IsScalar()) {
                result[pair.first.Scalar()] = pair.second.Scalar();
            } else {
                mistakes_.add(pair.first, fmt::format("{}: expected a name with one value", key));
            }
        }
        return result;
    }

    /// Pairs whose names are settings that scenarios know.
    std::map<std::string, std::string> settings(Section& parent, std::string_view key) {
        auto result = pairs(parent, key);
        std::vector<std::string> known;
        for (const auto& setting : target_settings())
            known.push_back(setting.name);
        for (const auto& [name, value] : result) {
            if (std::find(known.begin(), known.end(), name) != known.end()) continue;
            parent.mistake(key, fmt::format("there is no setting '{}'{}", name, did_you_mean(name, known)));
        }
        return result;
    }

    std::vector<std::string> texts(Section& parent, std::string_view key) {
        std::vector<std::string> result;
        for (const auto& node : parent.list(key, 256)) {
            if (node.IsScalar()) {
                result.push_back(node.Scalar());
            } else {
                mistakes_.add(node, fmt::format("{}: expected a text", key));
            }
        }
        return result;
    }

    void where(Section& top) {
        if (top.has("launch") == top.has("address")) {
            mistakes_.add(top.node(),
                          "a profile needs either 'launch' (squall starts it) or 'address' (it runs already)");
        }
        if (auto section = below(top, "launch", launch_keys, "launch")) launch(*section);
        std::string address;
        top.read("address", address);
        if (address.empty()) return;
        if (const auto endpoint = parse_endpoint(address)) {
            profile_.address = *endpoint;
        } else {
            top.mistake("address", endpoint.error().message);
        }
    }

    void launch(Section& section) {
        auto& launch = profile_.launch.emplace();
        launch.command = texts(section, "command");
        launch.settings = settings(section, "settings");
        launch.environment = pairs(section, "environment");
        launch.files = pairs(section, "files");
        bool placed = std::find(launch.command.begin(), launch.command.end(), "{settings}") != launch.command.end();
        for (const auto& [name, content] : launch.files)
            placed |= content.find("{settings}") != std::string::npos;
        if (!launch.settings.empty() && !placed) {
            section.mistake("command",
                            "there are settings to tell, but no argument \"{settings}\" that they go to, and no file "
                            "that holds it");
        }
        for (const auto& [name, content] : launch.files) {
            const bool outside = name.empty() || name.front() == '/' || name.find("..") != std::string::npos;
            if (outside) section.mistake("files", fmt::format("'{}' is not inside {{directory}}", name));
        }
        if (auto stop = below(section, "stop", stop_keys, "stop")) {
            constexpr int signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGKILL};
            std::size_t index = 0;
            stop->read_choice("signal", index);
            launch.stop_signal = signals[index];
            stop->read_duration("grace", launch.stop_grace);
        }
    }

    void version(Section& top) {
        auto section = below(top, "version", version_keys, "version");
        if (!section) return;
        auto& version = profile_.version.emplace();
        if (section->has("command")) version.command = texts(*section, "command");
        section->read("path", version.path);
        section->read("header", version.header);
        section->read("json", version.json);
        const int sources = section->has("command") + section->has("header") + section->has("json");
        if (sources != 1) top.mistake("version", "needs one of 'command', 'header' and 'json'");
        if (section->has("command") && section->has("path")) section->mistake("path", "goes with 'header' or 'json'");
    }

    /// What is compared with the beginning of a message.
    void short_enough(Section& section, std::string_view key, const std::string& text) {
        if (text.size() <= beginning_bytes_max) return;
        section.mistake(key, fmt::format("at most {} bytes of a message are looked at", beginning_bytes_max));
    }

    Dialogue dialogue(Section& section) {
        Dialogue dialogue;
        if (section.has("opening")) dialogue.opening = texts(section, "opening");
        section.read("confirm", dialogue.confirm);
        short_enough(section, "confirm", dialogue.confirm);
        dialogue.replies = pairs(section, "replies");
        for (const auto& [asked, answer] : dialogue.replies) {
            if (asked.empty()) section.mistake("replies", "every message would begin like the empty text");
            short_enough(section, "replies", asked);
        }
        return dialogue;
    }

    std::set<Feature> lacking(Section& section) {
        static const std::vector<std::string> names{"resume"};
        std::set<Feature> lacking;
        if (!section.has("lacks")) return lacking;
        for (const auto& name : texts(section, "lacks")) {
            const auto found = std::find(names.begin(), names.end(), name);
            if (found == names.end()) {
                section.mistake("lacks", fmt::format("there is no feature '{}'{}; there are {}", name,
                                                     did_you_mean(name, names), fmt::join(names, ", ")));
            } else {
                lacking.insert(static_cast<Feature>(found - names.begin()));
            }
        }
        return lacking;
    }

    void wire(Section& top) {
        if (auto sse = below(top, "sse", sse_keys, "sse")) {
            sse->read("path", profile_.sse_path);
            sse->read("confirm", profile_.sse_confirm);
            short_enough(*sse, "confirm", profile_.sse_confirm);
            profile_.sse_lacks = lacking(*sse);
        }
        if (auto websocket = below(top, "websocket", websocket_keys, "websocket")) {
            websocket->read("path", profile_.websocket_path);
            websocket->read("subprotocol", profile_.websocket_subprotocol);
            profile_.websocket = dialogue(*websocket);
            profile_.websocket_lacks = lacking(*websocket);
        }
        if (!top.has("sse") && !top.has("websocket")) {
            mistakes_.add(top.node(), "a profile needs 'sse' or 'websocket': how to subscribe");
        }
        auto publish = below(top, "publish", publish_keys, "publish");
        if (!publish) return;
        if (auto http = below(*publish, "http", publish_http_keys, "publish.http")) {
            std::string request;
            http->read("request", request);
            const auto blank = request.find(' ');
            if (blank == std::string::npos || blank + 1 >= request.size() || request[blank + 1] != '/') {
                http->mistake("request", "expected a method and a path, such as POST /publish?topic={topic}");
            } else {
                profile_.publish_method = request.substr(0, blank);
                profile_.publish_path = request.substr(blank + 1);
            }
            http->read("body", profile_.publish_body);
            need_payload(*http, "body", profile_.publish_body);
            http->read("content_type", profile_.publish_content_type);
            for (auto& [name, value] : pairs(*http, "headers"))
                profile_.publish_headers.emplace_back(name, value);
        }
        if (auto websocket = below(*publish, "websocket", publish_websocket_keys, "publish.websocket")) {
            websocket->read("path", profile_.websocket_publish_path);
            websocket->read("frame", profile_.websocket_publish_frame);
            need_payload(*websocket, "frame", profile_.websocket_publish_frame);
            profile_.websocket_publish = dialogue(*websocket);
        }
    }

    void tls(Section& top) {
        auto section = below(top, "tls", tls_keys, "tls");
        if (!section) return;
        auto& tls = profile_.tls.emplace();
        section->read("ca", tls.ca_file);
        section->read("verify", tls.verify);
        section->read("server_name", tls.server_name);
        if (!tls.verify && !tls.ca_file.empty()) section->mistake("ca", "is for nothing where nothing is verified");
        if (!tls.ca_file.empty()) {
            tls.ca_file = (std::filesystem::path(profile_.file).parent_path() / tls.ca_file).string();
        }
        if (tls.server_name.empty()) tls.server_name = profile_.host.substr(0, profile_.host.find(':'));
        if (tls.verify && tls.server_name.empty()) {
            section->mistake("server_name", "is missing, and host names nobody: whom is the certificate to be for?");
        }
    }

    static void need_payload(Section& section, std::string_view key, const std::string& text) {
        if (text.find("{payload}") == std::string::npos) {
            section.mistake(key, "holds no {payload}: squall could not tell its messages from others");
        }
    }

    void metrics(Section& top) {
        auto section = below(top, "metrics", metrics_keys, "metrics");
        if (!section) return;
        section->read("path", profile_.metrics_path);
        for (const auto& node : section->list("names", 256)) {
            Section entry(mistakes_, node, metric_keys(), "a metric");
            DeclaredMetric declared;
            entry.read("metric", declared.metric);
            entry.read("source", declared.source);
            entry.read("stat", declared.stat);
            declared.labels = pairs(entry, "labels");
            const auto* metric = find_metric(declared.metric);
            if (!metric) {
                entry.mistake("metric", fmt::format("there is no metric '{}'; `squall list metrics` shows them",
                                                    declared.metric));
            } else if ((metric->kind == MetricKind::summary) == declared.stat.empty()) {
                entry.mistake("stat", metric->kind == MetricKind::summary
                                          ? "a summary needs it: which quantile is this?"
                                          : "only a summary has quantiles");
            }
            profile_.metrics.push_back(std::move(declared));
        }
    }

    void log(Section& top) {
        auto section = below(top, "log", log_keys, "log");
        if (!section) return;
        if (profile_.address) {
            top.mistake("log", "is read from the output of a target that squall launches; this one has an address");
        }
        auto& log = profile_.log.emplace();
        section->read("peer", log.peer_key);
        section->read("reason", log.reason_key);
        section->read("protocol", log.protocol_key);
        section->read("time", log.time_key);
        section->read("dropped", log.dropped_key);
        section->read("delivered", log.delivered_key);
        if (auto event = below(*section, "event", log_event_keys, "log.event")) {
            event->read("key", log.event_key);
            event->read("value", log.event_value);
        }
    }

    Mistakes mistakes_;
    Profile profile_;
};

}  // namespace

ParsedProfile parse_profile(std::string_view text, const std::string& file) {
    ProfileReader reader(text, file);
    try {
        return reader.read(YAML::Load(std::string(text)));
    } catch (const YAML::Exception& error) {
        reader.mistakes().add(error.mark, error.msg);
        return {{}, std::move(reader.mistakes()).sorted()};
    }
}

bool takes_messages(const Profile& profile) {
    return !profile.publish_path.empty() || !profile.websocket_publish_path.empty();
}

bool lacks(const Profile& profile, Protocol protocol, Feature feature) {
    return (protocol == Protocol::sse ? profile.sse_lacks : profile.websocket_lacks).count(feature) != 0;
}

FittedSettings fit_settings(const Profile& profile, const std::map<std::string, std::string>& asked) {
    FittedSettings fitted;
    fitted.known = profile.declares;
    for (const auto& [setting, value] : asked) {
        const bool tellable = profile.launch && profile.launch->settings.count(setting) != 0;
        if (tellable) {
            fitted.told[setting] = value;
            fitted.known[setting] = value;
        } else if (profile.declares.count(setting) == 0) {
            fitted.unknown.push_back(setting);
        }
    }
    return fitted;
}

}  // namespace squall
