#include "suites/cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "suites/cli/output.hpp"

namespace squall::cli {
namespace {

constexpr Nanos log_interval = nanos_per_second;

std::size_t columns() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
}

}  // namespace

void Progress::clear() {
    if (shown_) note("\r\x1b[K");
    shown_ = false;
}

void Progress::phase(const Scenario& scenario, const std::string& name, Nanos duration) {
    phase_ = name;
    if (terminal_) return;
    note(fmt::format("{}: {} ({}{})\n", scenario.name, name, name == "connect" ? "up to " : "",
                     format_quantity(to_seconds(duration), dimension::time)));
}

void Progress::fault(const std::string& name, FaultNews news, const std::string& detail) {
    constexpr const char* words[] = {"in force", "over", "could not be injected"};
    if (news == FaultNews::in_force) {
        in_force_.insert(name);
    } else {
        in_force_.erase(name);
    }
    if (terminal_ && news != FaultNews::not_injected) return;
    clear();
    note(fmt::format("  fault {} {}{}{}\n", name, words[static_cast<std::size_t>(news)], detail.empty() ? "" : ": ",
                     detail));
}

std::string Progress::status(Nanos elapsed, const workload::Live& live) const {
    std::string faults;
    for (const auto& name : in_force_)
        faults += (faults.empty() ? "" : ", ") + name;
    return fmt::format("{:>5.1f}s {} | {}/{} connected | {:.0f} deliveries/s | p99 {} | {} disconnects | faults: {}",
                       to_seconds(std::max<Nanos>(elapsed, 0)), phase_, live.open, live.wanted, live.rate,
                       live.p99 > 0 ? format_quantity(to_seconds(live.p99), dimension::time) : "-", live.disconnects,
                       faults.empty() ? "none" : faults);
}

void Progress::tick(Nanos elapsed, const workload::Live& live) {
    if (terminal_) {
        note("\r\x1b[K" + status(elapsed, live).substr(0, columns() - 1));
        shown_ = true;
        return;
    }
    if (elapsed >= 0 && elapsed < last_logged_) last_logged_ = -log_interval;  // the connecting had a clock of its own
    if (elapsed - last_logged_ < log_interval) return;
    last_logged_ = elapsed;
    note(fmt::format("  {}\n", status(elapsed, live)));
}

}  // namespace squall::cli
