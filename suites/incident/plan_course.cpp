#include "suites/incident/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "suites/incident/course.hpp"
#include "suites/incident/text.hpp"
#include "suites/incident/wording.hpp"

namespace squall::incident {
namespace {

using By = Decision::By;

}  // namespace

Status Planner::lead_in() {
    const double lead = recorded_lead_s() / plan_.speed;
    plan_.begin_s = std::max(plan_.baseline_s, std::round(lead * 10) / 10);
    if (lead > plan_.baseline_s) {
        decide(By::inference, "lead-in",
               fmt::format("{} before the record's first instant, at which it was {} late", in_time(plan_.begin_s),
                           in_time(late_at_first_)));
    }
    plan_.end_s = plan_.begin_s + recording_.length_s / plan_.speed;
    for (Point& point : plan_.publish_rate)
        point.at_s = replayed(point.at_s);
    constexpr double apart_s = 0.1;
    double last = plan_.baseline_s;
    for (const Point& point : plan_.publish_rate) {
        if (plan_.publish_rate.size() == 1 || point.at_s <= last + apart_s || point.at_s >= plan_.end_s - apart_s)
            continue;
        plan_.turns.push_back(last = point.at_s);
    }
    constexpr double hour = 3600;
    if (plan_.end_s <= hour) return {};
    return Error{
        fmt::format("the replay would last {}; with a higher --speed it lasts less than the hour that is the most",
                    in_time(plan_.end_s))};
}

void Planner::move_connections() {
    plan_.healthy = all_ - plan_.slow;
    const Recognised* open = find("connections");
    if (open == nullptr) return;
    const double tolerance = std::max(0.02 * open->most(), 1 / share_of_all_);
    const auto course = simplified(open->points, tolerance);
    long long now = std::max<long long>(replayed_count(course.front().value), plan_.slow + 1LL);
    plan_.healthy = static_cast<std::uint32_t>(now - plan_.slow);
    long long may_leave = plan_.healthy - 1;
    for (std::size_t i = 1; i < course.size() && plan_.movements.size() < 32; ++i) {
        if (!plan_.kills.empty() && replayed(course[i].at_s) > plan_.kills.front())
            break;  // that follows from the death
        const long long change = replayed_count(course[i].value) - now;
        Movement movement{replayed(course[i - 1].at_s), replayed(course[i].at_s), 0, change > 0};
        const long long moved = change > 0 ? change : std::min(-change, may_leave);
        if (moved == 0) continue;
        movement.connections = static_cast<std::uint32_t>(moved);
        plan_.movements.push_back(movement);
        may_leave -= change > 0 ? 0 : moved;
        now += change > 0 ? moved : -moved;
    }
    if (plan_.movements.empty()) {
        decide(By::record, "comings and goings",
               plan_.kills.empty() ? "none: the number of connections changes by less than 2%"
                                   : "none before the first death");
    } else {
        decide(By::record, "comings and goings",
               fmt::format("{} spell{}", plan_.movements.size(), plan_.movements.size() == 1 ? "" : "s"));
    }
}

/// Where nothing but their number says who is slow, they become slow, and well again, as that did.
void Planner::slow_course() {
    const Recognised* slow = find("slow.consumers");
    if (!slow_by_record_ || slow == nullptr) return;
    const auto course = simplified(slow->points, 0.1 * slow->most());
    const std::uint32_t both = plan_.slow + plan_.healthy;
    plan_.slow = static_cast<std::uint32_t>(std::clamp(replayed_count(course.front().value), 1LL, plan_.slow + 0LL));
    plan_.healthy = both - plan_.slow;
    long long now = plan_.slow, may_turn = plan_.healthy - 1LL;
    for (std::size_t i = 1; i < course.size(); ++i) {
        const double at = (replayed(course[i - 1].at_s) + replayed(course[i].at_s)) / 2;
        long long change = replayed_count(course[i].value) - now;
        if (change > 0 && may_turn > 0) {
            change = std::min(change, may_turn);
            plan_.slowed.push_back({at, plan_.end_s, static_cast<double>(change)});
            now += change;
            may_turn -= change;
        }
        for (auto one = plan_.slowed.rbegin(); one != plan_.slowed.rend() && change < 0; ++one) {
            const auto many = std::llround(one->value);
            if (one->until_s < plan_.end_s || many > -change || one->from_s >= at) continue;
            one->until_s = at;
            change += many;
            now -= many;
        }
    }
}

/// What a process has anyway does not shrink with the number of its clients: the limit is what is left for queues.
void Planner::memory_cap() {
    const Recognised* limit = find_positive("memory.limit");
    if (limit == nullptr) return;
    const Recognised* used = find("target.memory");
    const Recognised* queued = find("queued.bytes");
    double anyway = 0;
    if (used != nullptr && queued != nullptr) {
        anyway = used->first() - queued->first();
    } else if (used != nullptr && late_at_first_ < on_time_s) {
        anyway = used->first();  // the record begins before there was anything to queue
    }
    const double left = limit->first() - std::max(anyway, 0.0);
    if (left <= 0) return decide(By::record, "memory", "not limited: what was recorded is above its limit");
    plan_.memory_headroom = std::clamp(left * share_of_all_ / plan_.shrink, 256 * 1024.0, 1e15);
    const std::string smaller = plan_.shrink > 1.001 ? fmt::format(", of messages 1:{:.3g}", plan_.shrink) : "";
    plan_.memory_imposed = plan_.turns.empty();
    decide(anyway > 0 ? By::inference : By::record, "memory",
           fmt::format("{} beyond what the server has at first: {}{} were left for queues, of which there are "
                       "1:{:g}{}{}",
                       in_bytes(*plan_.memory_headroom), in_bytes(left),
                       anyway > 0 ? fmt::format(" of {}", in_bytes(limit->first())) : "", plan_.scale, smaller,
                       plan_.memory_imposed ? ""
                                            : "; judged, and not imposed: where the publish rate turns it would count "
                                              "from what the server has then"));
}

void Planner::cpu_cap() {
    const Recognised* limit = find_positive("cpu.limit");
    if (limit == nullptr) return;
    const Recognised* used = find("target.cpu");
    if (used != nullptr && used->most() < 0.9 * limit->least())
        return decide(By::record, "CPU", "not capped: less than 90% of its limit was used");
    for (const Point& point : simplified(limit->points, 0.02 * limit->most())) {
        const double cap = std::clamp(point.value * share_of_all_ * plan_.speed, 0.01, 1024.0);
        if (plan_.cpu_cap.empty() || cap != plan_.cpu_cap.back().value)
            plan_.cpu_cap.push_back({replayed(point.at_s), cap});
    }
    std::string later;
    for (std::size_t i = 1; i < plan_.cpu_cap.size(); ++i)
        later += fmt::format(", {:.3g} from {}", plan_.cpu_cap[i].value, in_time(plan_.cpu_cap[i].at_s));
    decide(By::record, "CPU",
           fmt::format("{:.3g} cores of {:.3g}{}", plan_.cpu_cap.front().value, limit->first(), later));
}

/// Instants of the record at which the server died; "killed" and "restarting" are one death.
std::vector<Planner::Death> Planner::recorded_deaths() const {
    std::vector<Death> all;
    for (const Event& event : recording_.events)
        all.push_back({event.at_s, event.what == Event::What::killed_for_memory, event.text});
    if (const Recognised* restarts = find("restarts")) {
        for (std::size_t i = 1; i < restarts->points.size(); ++i)
            if (restarts->points[i].value > restarts->points[i - 1].value)
                all.push_back({restarts->points[i].at_s, false, ""});
    }
    std::stable_sort(all.begin(), all.end(), [](const Death& a, const Death& b) { return a.at_s < b.at_s; });
    std::vector<Death> deaths;
    for (Death& one : all) {
        constexpr double one_death_s = 10;
        if (deaths.empty() || one.at_s - deaths.back().at_s > one_death_s) {
            deaths.push_back(std::move(one));
        } else if (one.for_memory && !deaths.back().for_memory) {
            deaths.back().for_memory = true;
            deaths.back().text = std::move(one.text);
        }
    }
    return deaths;
}

void Planner::deaths() {
    constexpr double apart_s = 2;  // to die, to be started again, and to be there
    constexpr std::size_t kills_max = 30;
    std::size_t left_out = 0, follow = 0;
    std::string text;
    for (const Death& death : recorded_deaths()) {
        const double at = replayed(death.at_s);
        if (death.for_memory && plan_.memory_imposed) {
            if (follow++ == 0) text = beginning(death.text, 60);
        } else if (plan_.kills.size() == kills_max || (!plan_.kills.empty() && at - plan_.kills.back() < apart_s)) {
            ++left_out;
        } else {
            plan_.kills.push_back(at);
        }
    }
    if (follow > 0) {
        decide(By::record, "kill",
               fmt::format("'{}'{} is not injected: it has to follow from the memory limit", text,
                           follow == 1 ? "" : fmt::format(", and {} more,", follow - 1)));
    }
    if (plan_.kills.empty()) return;
    plan_.end_s = std::max(plan_.end_s, plan_.kills.back() + 3);  // for it to come back
    text = plan_.kills.size() == 1 ? "injected once" : fmt::format("injected {} times", plan_.kills.size());
    if (left_out > 0)
        text += fmt::format("; {} more are left out, within {} of another at this speed (--speed), or beyond {} kills",
                            left_out, in_time(apart_s), kills_max);
    decide(By::record, "kill", text);
}

void Planner::churn() {
    const Recognised* connects = find("connects");
    if (connects == nullptr) return;
    auto course = simplified(connects->points, 0.1 * connects->most());
    if (course.size() == 1) course.push_back({recording_.length_s, course.front().value});
    for (std::size_t i = 0; i + 1 < course.size(); ++i) {
        const double rate = (course[i].value + course[i + 1].value) / 2 * share_of_all_ * plan_.speed;
        if (rate >= 0.05)
            plan_.churn.push_back({replayed(course[i].at_s), replayed(course[i + 1].at_s), std::min(rate, 1e5)});
    }
    decide(By::record, "churn", fmt::format("{:.3g}/s at most recorded", connects->most()));
}

}  // namespace squall::incident
