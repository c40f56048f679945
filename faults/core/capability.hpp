// What this host lets squall do, found out by trying, and the command that would enable what is missing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace squall {

struct Capability {
    std::string key;      ///< "cgroup-cpu", "network-namespaces", "nftables", "tcp-repair", "socket-diagnostics"
    std::string summary;  ///< one line
    bool available = false;
    std::string detail;  ///< available: which variant (v1 at …, v2 at …); otherwise why not (the errno's text)
    std::string enable;  ///< what would enable it, as a command or a setting; empty when available
};

struct RegisterCapability {
    /// `probe` tries the real thing in a child process or on a throw-away object, leaving nothing behind.
    RegisterCapability(std::string key, std::string summary, Capability (*probe)());
};

const std::vector<Capability>& probe_all();     ///< each probe runs once a process; sorted by key
const Capability& probe(std::string_view key);  ///< unknown key: available == false, detail says so

}  // namespace squall
