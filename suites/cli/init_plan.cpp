#include "suites/cli/init_plan.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>

#include "suites/workload/http.hpp"

namespace squall::cli {
namespace {

struct Scheme {
    std::string_view name;
    bool tls, websocket;
    std::uint16_t port;
};
constexpr Scheme schemes[] = {
    {"http", false, false, 80}, {"https", true, false, 443}, {"ws", false, true, 80}, {"wss", true, true, 443}};

std::uint16_t usual_port(const Url& url) {
    return url.tls ? 443 : 80;
}

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < ' ') {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

class Planner {
public:
    Planner(const InitArguments& arguments, std::vector<std::string>& mistakes)
        : arguments_(arguments), mistakes_(mistakes) {}

    std::optional<InitPlan> plan() {
        Profile& profile = plan_.profile;
        if (arguments_.sse.empty() && arguments_.websocket.empty()) {
            mistakes_.push_back("--sse URL or --websocket URL (or both): where do subscribers connect?");
        }
        if (const auto url = take("--sse", arguments_.sse, false)) profile.sse_path = url->target;
        if (const auto url = take("--websocket", arguments_.websocket, true)) profile.websocket_path = url->target;
        publish();
        profile.websocket.opening = arguments_.opening;
        if (!arguments_.opening.empty() && arguments_.websocket.empty()) {
            mistakes_.push_back("--opening: is said on a WebSocket, so --websocket has to be");
        }
        profile.topics = says_topic();
        for (const std::string& header : arguments_.headers)
            take_header(header);
        tls();
        name();
        if (!mistakes_.empty()) return {};
        return std::move(plan_);
    }

private:
    std::optional<Url> take(const char* option, std::string_view text, bool websocket) {
        if (text.empty()) return {};
        const auto url = parse_url(text);
        if (!url) {
            mistakes_.push_back(fmt::format("{}: {}", option, url.error().message));
            return {};
        }
        if (url->websocket != websocket) {
            mistakes_.push_back(fmt::format("{}: '{}' has to begin with {}", option, text,
                                            websocket ? "ws:// or wss://" : "http:// or https://"));
            return {};
        }
        Url& server = plan_.server;
        if (server.host.empty()) {
            server = *url;
            plan_.profile.host = url->authority();
        } else if (url->host != server.host || url->port != server.port || url->tls != server.tls) {
            mistakes_.push_back(
                fmt::format("{}: '{}' is not at {}:{}{}; a profile has one address, with or without "
                            "TLS: put a proxy in front of a server that has several",
                            option, text, server.host, server.port, server.tls ? " with TLS" : ""));
        }
        return *url;
    }

    bool says_topic() const {
        std::vector<std::string> texts{arguments_.sse, arguments_.websocket, arguments_.publish, arguments_.body};
        texts.insert(texts.end(), arguments_.opening.begin(), arguments_.opening.end());
        return std::any_of(texts.begin(), texts.end(),
                           [](const std::string& text) { return text.find("{topic}") != std::string::npos; });
    }

    void publish() {
        const std::string& text = arguments_.publish;
        if (text.empty()) {
            if (!arguments_.body.empty()) mistakes_.push_back("--body: is what is published, so --publish has to be");
            return;
        }
        const std::size_t blank = text.find(' ');
        if (blank == std::string::npos || blank == 0) {
            mistakes_.push_back("--publish: expected a method and a URL, such as 'POST http://127.0.0.1:8080/publish'");
            return;
        }
        Profile& profile = plan_.profile;
        profile.publish_method = text.substr(0, blank);
        if (const auto url = take("--publish", std::string_view(text).substr(blank + 1), false)) {
            profile.publish_path = url->target;
        }
        plan_.body_given = !arguments_.body.empty();
        if (!plan_.body_given) return;
        profile.publish_body = arguments_.body;
        if (profile.publish_body.find("{payload}") == std::string::npos) {
            mistakes_.push_back("--body: holds no {payload}: squall could not tell its messages from others");
        }
        const char first = profile.publish_body.front();
        if (first == '{' && profile.publish_body.rfind("{payload}", 0) != 0) {
            profile.publish_content_type = "application/json";
        }
    }

    void take_header(const std::string& text) {
        const std::size_t colon = text.find(':');
        const std::size_t value = text.find_first_not_of(' ', colon == std::string::npos ? colon : colon + 1);
        const bool broken = text.find_first_of("\r\n") != std::string::npos;
        if (colon == std::string::npos || colon == 0 || value == std::string::npos || broken) {
            mistakes_.push_back(fmt::format("--header: expected 'Name: value', not '{}'", text));
            return;
        }
        const std::string name = text.substr(0, colon);
        Profile& profile = plan_.profile;
        if (workload::equals_ignoring_case(name, "Content-Type")) {
            profile.publish_content_type = text.substr(value);
        } else if (workload::equals_ignoring_case(name, "Sec-WebSocket-Protocol")) {
            profile.websocket_subprotocol = text.substr(value);
        } else if (workload::equals_ignoring_case(name, "Host")) {
            profile.host = text.substr(value);
        } else {
            profile.headers.emplace_back(name, text.substr(value));
        }
    }

    void tls() {
        if (!plan_.server.tls) {
            if (!arguments_.ca.empty()) mistakes_.push_back("--ca: is for https:// and wss://");
            if (arguments_.insecure) mistakes_.push_back("--insecure: is for https:// and wss://");
            return;
        }
        auto& tls = plan_.profile.tls.emplace();
        tls.verify = !arguments_.insecure;
        tls.server_name = plan_.server.host;
        if (!arguments_.ca.empty()) tls.ca_file = std::filesystem::absolute(arguments_.ca).string();
        if (const auto usable = tls::Context::make(tls); !usable)
            mistakes_.push_back("--ca: " + usable.error().message);
    }

    /// After the file that it goes to.
    void name() {
        Profile& profile = plan_.profile;
        for (const char c : std::filesystem::path(arguments_.output).stem().string()) {
            const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
            profile.name += plain ? lower : '-';
        }
        if (!is_kebab(profile.name)) profile.name = "target";
        profile.summary =
            fmt::format("The server at {}:{}, as squall init found it.", plan_.server.host, plan_.server.port);
    }

    static bool is_kebab(const std::string& name) {
        return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && name.back() != '-' &&
               name.find("--") == std::string::npos;
    }

    const InitArguments& arguments_;
    std::vector<std::string>& mistakes_;
    InitPlan plan_;
};

}  // namespace

std::string Url::authority() const {
    return port == usual_port(*this) ? host : fmt::format("{}:{}", host, port);
}

Result<Url> parse_url(std::string_view text) {
    const std::size_t colon = text.find("://");
    const auto* scheme = std::find_if(std::begin(schemes), std::end(schemes),
                                      [&](const Scheme& known) { return known.name == text.substr(0, colon); });
    if (colon == std::string_view::npos || scheme == std::end(schemes)) {
        return Error{fmt::format("'{}' is no URL that begins with http://, https://, ws:// or wss://", text)};
    }
    const auto no_url = [&](const char* why) { return Error{fmt::format("'{}': {}", text, why)}; };
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ') return no_url("a URL holds no blanks; write %20");
    }
    std::string_view rest = text.substr(colon + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(authority.size());
    if (authority.find('@') != std::string_view::npos) {
        return no_url("squall takes no user name in a URL; give --header 'Authorization: …'");
    }
    if (authority.find('[') != std::string_view::npos) return no_url("squall speaks IPv4 only");
    if (rest.find('#') != std::string_view::npos) return no_url("what follows # is not sent to servers");
    Url url{scheme->tls, scheme->websocket, std::string(authority.substr(0, authority.find(':'))), scheme->port, {}};
    if (url.host.empty()) return no_url("it names no host");
    if (const std::size_t at = authority.find(':'); at != std::string_view::npos) {
        const std::string_view digits = authority.substr(at + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
        if (error != std::errc() || end != digits.data() + digits.size() || url.port == 0) {
            return no_url("its port is no number from 1 to 65535");
        }
    }
    url.target = rest.empty() || rest.front() != '/' ? "/" + std::string(rest) : std::string(rest);
    return url;
}

std::optional<InitPlan> plan_init(const InitArguments& arguments, std::vector<std::string>& mistakes) {
    return Planner(arguments, mistakes).plan();
}

Result<Endpoint> resolve(const Url& server) {
    addrinfo wanted{};
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(server.host.c_str(), nullptr, &wanted, &found); error != 0) {
        return Error{fmt::format("resolve {}: {}", server.host, ::gai_strerror(error))};
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
    const auto* address = reinterpret_cast<const sockaddr_in*>(list->ai_addr);
    return Endpoint{ntohl(address->sin_addr.s_addr), server.port};
}

std::string to_yaml(const Profile& profile, const std::vector<std::string>& notes) {
    std::string text;
    for (const std::string& note : notes)
        text += "# " + note + "\n";
    text += fmt::format("name: {}\nsummary: {}\naddress: {}\nhost: {}\n", profile.name, in_quotes(profile.summary),
                        to_string(*profile.address), in_quotes(profile.host));
    if (!profile.ready_path.empty()) text += fmt::format("ready: {{path: {}}}\n", in_quotes(profile.ready_path));
    if (!profile.topics) text += "topics: false\n";
    if (!profile.sse_path.empty()) text += fmt::format("sse: {{path: {}}}\n", in_quotes(profile.sse_path));
    if (!profile.websocket_path.empty()) {
        text += fmt::format("websocket:\n  path: {}\n", in_quotes(profile.websocket_path));
        const std::string& protocol = profile.websocket_subprotocol;
        if (!protocol.empty()) text += fmt::format("  subprotocol: {}\n", in_quotes(protocol));
        if (!profile.websocket.opening.empty()) text += "  opening:\n";
        for (const std::string& frame : profile.websocket.opening)
            text += fmt::format("    - {}\n", in_quotes(frame));
    }
    if (!profile.publish_path.empty()) {
        text += fmt::format("publish:\n  http:\n    request: {}\n    body: {}\n    content_type: {}\n",
                            in_quotes(profile.publish_method + " " + profile.publish_path),
                            in_quotes(profile.publish_body), in_quotes(profile.publish_content_type));
    }
    if (!profile.headers.empty()) text += "headers:\n";
    for (const auto& [name, value] : profile.headers)
        text += fmt::format("  {}: {}\n", in_quotes(name), in_quotes(value));
    if (profile.tls) {
        const tls::Settings& tls = *profile.tls;
        text += "tls:\n";
        if (!tls.verify) text += "  verify: false\n";
        if (!tls.ca_file.empty()) text += fmt::format("  ca: {}\n", in_quotes(tls.ca_file));
        text += fmt::format("  server_name: {}\n", in_quotes(tls.server_name));
    }
    return text;
}

}  // namespace squall::cli
