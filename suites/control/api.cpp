#include "suites/control/api.hpp"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <utility>

#include "suites/control/fields.hpp"
#include "suites/control/toxic_types.hpp"

namespace squall::control {
namespace {

namespace json = boost::json;

Answer answer(const json::value& value, unsigned status = 200) {
    return {status, json::serialize(value)};
}

Answer refuse(unsigned status, const std::string& message) {
    return answer(json::object{{"error", message}, {"status", status}}, status);
}

Answer bad_request(const Error& error) {
    return refuse(400, "bad request body: " + error.message);
}

Answer wrong_method(std::string_view method, const char* right) {
    return refuse(405, fmt::format("method {} is not for this; use {}", method, right));
}

Answer pinned() {
    return refuse(409,
                  "this proxy has faults of the command line (--fault) on it: it stays as it is while squall runs");
}

json::object show(const NamedToxic& toxic) {
    return {{"name", toxic.name},
            {"type", toxic.type},
            {"stream", toxic.upstream ? "upstream" : "downstream"},
            {"toxicity", toxic.toxicity},
            {"attributes", toxic.attributes}};
}

json::array show_toxics(const NamedProxy& proxy) {
    json::array toxics;
    for (const NamedToxic& toxic : proxy.toxics())
        toxics.push_back(show(toxic));
    return toxics;
}

json::object show(const NamedProxy& proxy) {
    return {{"name", proxy.name()},
            {"listen", to_string(proxy.listen())},
            {"upstream", to_string(proxy.upstream())},
            {"enabled", proxy.enabled()},
            {"toxics", show_toxics(proxy)}};
}

/// What a new proxy is asked to be.
struct Wish {
    std::string name;
    Endpoint listen, upstream;
    bool enabled = true;
};

Result<Wish> wish_of(const json::object& object) {
    Wish wish;
    auto name = text_of(object, "name", {});
    if (!name) return name.error();
    if (name->empty() || name->size() > name_bytes_max) {
        return Error{fmt::format("name: has {} bytes; expected 1 to {}", name->size(), name_bytes_max)};
    }
    wish.name = *name;
    const std::pair<const char*, Endpoint&> addresses[] = {{"listen", wish.listen}, {"upstream", wish.upstream}};
    for (const auto& [key, endpoint] : addresses) {
        const auto written = text_of(object, key, key == std::string_view("listen") ? "127.0.0.1:0" : "");
        if (!written) return written.error();
        if (written->empty()) return Error{fmt::format("missing required field: {}", key)};
        const auto resolved = resolve(*written);
        if (!resolved) return Error{fmt::format("{}: {}", key, resolved.error().message)};
        endpoint = *resolved;
    }
    const auto enabled = flag_of(object, "enabled", true);
    if (!enabled) return enabled.error();
    wish.enabled = *enabled;
    return wish;
}

}  // namespace

Result<NamedProxy*> Api::add(const std::string& name, Endpoint listen, Endpoint upstream) {
    if (proxies_.contains(name)) return Error{"proxy already exists", 409};
    if (proxies_.size() >= proxies_max) return Error{fmt::format("there are {} proxies already", proxies_max)};
    NamedProxy& proxy = proxies_.try_emplace(name, name, listen, upstream).first->second;
    if (auto enabled = proxy.enable(); !enabled) {
        proxies_.erase(name);
        return enabled.error();
    }
    return &proxy;
}

Answer Api::handle(std::string_view method, std::string_view target, std::string_view body) {
    const auto path = segments_of(target);
    if (!path) return refuse(400, path.error().message);
    const auto is = [&](std::size_t size, const char* first) { return path->size() == size && path->front() == first; };
    if (is(1, "version")) {
        if (method != "GET") return wrong_method(method, "GET");
        return answer(json::object{{"version", version_}, {"server", "squall"}});
    }
    if (is(1, "reset")) return method == "POST" ? reset() : wrong_method(method, "POST");
    if (is(1, "populate")) return method == "POST" ? populate(body) : wrong_method(method, "POST");
    if (is(1, "proxies")) return proxies(method, body);
    const bool of_proxy = is(2, "proxies") || ((is(3, "proxies") || is(4, "proxies")) && (*path)[2] == "toxics");
    if (!of_proxy) return refuse(404, fmt::format("there is nothing at '{}'", target));
    const auto found = proxies_.find((*path)[1]);
    if (found == proxies_.end()) return refuse(404, "proxy not found");
    if (path->size() == 2) return proxy(found->second, method, body);
    return path->size() == 3 ? toxics(found->second, method, body) : toxic(found->second, (*path)[3], method, body);
}

Answer Api::proxies(std::string_view method, std::string_view body) {
    if (method == "GET") {
        json::object all;
        for (const auto& [name, proxy] : proxies_)
            all[name] = show(proxy);
        return answer(all);
    }
    if (method != "POST") return wrong_method(method, "GET or POST");
    const auto object = object_of(body);
    if (!object) return bad_request(object.error());
    const auto wish = wish_of(*object);
    if (!wish) return bad_request(wish.error());
    if (proxies_.contains(wish->name)) return refuse(409, "proxy already exists");
    auto added = add(wish->name, wish->listen, wish->upstream);
    if (!added) return refuse(500, added.error().message);
    if (!wish->enabled) (*added)->disable();
    return answer(show(**added), 201);
}

Answer Api::proxy(NamedProxy& proxy, std::string_view method, std::string_view body) {
    if (method == "GET") return answer(show(proxy));
    if (method == "POST" || method == "PATCH") return update(proxy, body);
    if (method != "DELETE") return wrong_method(method, "GET, POST, PATCH or DELETE");
    if (proxy.pinned) return pinned();
    proxies_.erase(std::string(proxy.name()));
    return {204};
}

Answer Api::update(NamedProxy& proxy, std::string_view body) {
    auto object = object_of(body);
    if (!object) return bad_request(object.error());
    json::object whole = show(proxy);
    for (const char* key : {"listen", "upstream", "enabled"}) {
        if (object->contains(key)) whole[key] = object->at(key);
    }
    const auto wish = wish_of(whole);
    if (!wish) return bad_request(wish.error());
    const bool moves = wish->listen != proxy.listen() || wish->upstream != proxy.upstream();
    if (proxy.pinned && (moves || !wish->enabled)) return pinned();
    if (moves || !wish->enabled) proxy.disable();
    if (moves) proxy.move(wish->listen, wish->upstream);
    if (wish->enabled) {
        if (auto enabled = proxy.enable(); !enabled) return refuse(500, enabled.error().message);
    }
    return answer(show(proxy));
}

Answer Api::toxics(NamedProxy& proxy, std::string_view method, std::string_view body) {
    if (method == "GET") return answer(show_toxics(proxy));
    if (method != "POST") return wrong_method(method, "GET or POST");
    const auto object = object_of(body);
    if (!object) return bad_request(object.error());
    auto toxic = toxic_of(*object, {});
    if (!toxic) return bad_request(toxic.error());
    if (proxy.find(toxic->name) != nullptr) return refuse(409, "toxic already exists");
    if (proxy.toxics().size() >= toxics_max) return refuse(500, fmt::format("there are {} toxics already", toxics_max));
    const Answer shown = answer(show(*toxic));
    proxy.add(std::move(*toxic));
    return shown;
}

Answer Api::toxic(NamedProxy& proxy, const std::string& name, std::string_view method, std::string_view body) {
    const NamedToxic* known = proxy.find(name);
    if (known == nullptr) return refuse(404, "toxic not found");
    if (method == "GET") return answer(show(*known));
    if (method == "DELETE") {
        proxy.remove(name);
        return {204};
    }
    if (method != "POST" && method != "PATCH") return wrong_method(method, "GET, POST, PATCH or DELETE");
    const auto object = object_of(body);
    if (!object) return bad_request(object.error());
    const auto changed = toxic_of(*object, *known);
    if (!changed) return bad_request(changed.error());
    proxy.replace(*changed);
    return answer(show(*changed));
}

/// Those that are there already, with the same addresses, are left as they are.
Answer Api::populate(std::string_view body) {
    json::error_code malformed;
    const json::value list = json::parse({body.data(), body.size()}, malformed);
    if (malformed || !list.is_array()) return bad_request(Error{"expected an array of proxies"});
    std::vector<Wish> wishes;
    for (const json::value& entry : list.as_array()) {
        const auto wish = entry.is_object() ? wish_of(entry.as_object()) : Result<Wish>(Error{"is no object"});
        if (!wish) return bad_request(Error{fmt::format("proxy {}: {}", wishes.size() + 1, wish.error().message)});
        wishes.push_back(*wish);
    }
    json::array shown;
    for (const Wish& wish : wishes) {
        std::optional<Answer> refused;
        const auto there = proxies_.find(wish.name);
        const bool same = there != proxies_.end() && there->second.listen() == wish.listen &&
                          there->second.upstream() == wish.upstream;
        if (!same && there != proxies_.end() && there->second.pinned) return pinned();
        if (!same) {
            if (there != proxies_.end()) proxies_.erase(there);
            auto added = add(wish.name, wish.listen, wish.upstream);
            if (!added) return refuse(500, fmt::format("{}: {}", wish.name, added.error().message));
            if (!wish.enabled) (*added)->disable();
        }
        shown.push_back(show(proxies_.find(wish.name)->second));
    }
    return answer(json::object{{"proxies", shown}}, 201);
}

Answer Api::reset() {
    for (auto& [name, proxy] : proxies_) {
        proxy.remove_all();
        if (auto enabled = proxy.enable(); !enabled)
            return refuse(500, fmt::format("{}: {}", name, enabled.error().message));
    }
    return {204};
}

}  // namespace squall::control
