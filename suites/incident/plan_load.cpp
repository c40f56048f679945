#include "suites/incident/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "suites/incident/course.hpp"
#include "suites/incident/names.hpp"
#include "suites/incident/wording.hpp"
#include "suites/model/scenario_keys.hpp"

namespace squall::incident {
namespace {

using By = Decision::By;

// What two cores, shared by a server and the rig, carry with room to spare: docs/how-to/import-an-incident.md.
constexpr double connections_max = 1000, deliveries_max = 20'000, delivered_bytes_max = 100e6;
constexpr double replay_s_max = 120;
// Beyond these, a record means something else, or nobody could play it.
constexpr double recorded_connections_max = 1e8, replayed_connections_max = 100'000, published_max = 100'000,
                 size_max = 1e8;

/// 1, 2, 5, 10, 20, … : the least that is not below.
double round_up(double value) {
    double power = 1;
    while (power * 10 <= value)
        power *= 10;
    for (const double step : {1.0, 2.0, 5.0, 10.0})
        if (step * power >= value * (1 - 1e-9)) return step * power;
    return power * 10;
}

double most(const std::vector<Point>& points) {
    double most = 0;
    for (const Point& point : points)
        most = std::max(most, point.value);
    return std::max(most, 1e-3);
}
std::string spread(const Recognised& one, Dimension dimension) {
    return fmt::format("{} to {}", format_quantity(one.least(), dimension), format_quantity(one.most(), dimension));
}

}  // namespace

/// The record begins when it was late already: so long before had it begun to be.
double Planner::recorded_lead_s() const {
    return std::min(late_at_first_ / std::clamp(growth_, 0.05, 0.95), std::max(60.0, 3 * recording_.length_s));
}

void Planner::choose_speed() {
    const double lead = recorded_lead_s();
    const double needed =
        std::max((recording_.length_s + lead) / replay_s_max, recording_.length_s / (replay_s_max - plan_.baseline_s));
    plan_.speed = options_.speed > 0 ? options_.speed : needed <= 1 ? 1 : round_up(needed);
    if (options_.speed <= 0 && needed > 1) {
        decide(
            By::default_value, "speed",
            fmt::format("{:g}x, so that {}{} are replayed in two minutes (--speed)", plan_.speed,
                        in_time(recording_.length_s), lead > 0 ? fmt::format(", and {} before,", in_time(lead)) : ""));
    }
}

/// How often something is published, as recorded.
void Planner::messages() {
    const Recognised* rate = find_positive("messages.published");
    const Recognised* bandwidth = find_positive("publish.bandwidth");
    const Recognised* size = find_positive("message.size");
    if (rate != nullptr) {
        recorded_rate_ = rate->points;
        decide(By::record, "publish rate", spread(*rate, dimension::rate));
    } else if (const auto inferred = rate_by_queues()) {
        rate_alone(*inferred, bandwidth);
    } else if (bandwidth != nullptr && size != nullptr) {
        for (const Point& point : bandwidth->points)
            recorded_rate_.push_back({point.at_s, point.value / size->most()});
        decide(By::inference, "publish rate", "what was published per second, divided by the size of a message");
    } else {
        recorded_rate_ = {{0, 10}};
        decide(By::default_value, "publish rate", "10/s");
    }
    recorded_rate_ = simplified(recorded_rate_, 0.05 * most(recorded_rate_));
}

Status Planner::message_size() {
    const Recognised* bandwidth = find_positive("publish.bandwidth");
    if (const Recognised* size = find_positive("message.size")) {
        recorded_size_ = size->most();
        decide(By::record, "message size", in_bytes(recorded_size_));
    } else if (bandwidth != nullptr) {
        recorded_size_ = bandwidth->most() / most(recorded_rate_);
        decide(By::inference, "message size",
               fmt::format("{}: {}/s of bytes, {:.3g}/s of messages", in_bytes(recorded_size_),
                           in_bytes(bandwidth->most()), most(recorded_rate_)));
    } else {
        recorded_size_ = 1024;
        decide(By::default_value, "message size", "1KiB");
    }
    if (recorded_size_ <= size_max && most(recorded_rate_) * plan_.speed <= published_max) return {};
    return Error{
        fmt::format("{} messages a second of {} each are more than squall publishes ({}, {}): is something else "
                    "called so (--map), or --speed too high?",
                    number(most(recorded_rate_) * plan_.speed), in_bytes(recorded_size_), number(published_max),
                    in_bytes(size_max))};
}

/// Little's law: a queue of N messages that is T long is drained at N / T a second.
std::optional<double> Planner::rate_by_queues() {
    for (const char* statistic : {"p99", "p95", "max"}) {
        const auto* depth = find(fmt::format("{}(queue.depth)", statistic));
        const auto* late = find(fmt::format("{}(delivery.latency)", statistic));
        if (depth == nullptr || late == nullptr || depth->most() < queue_short || late->most() < on_time_s) continue;
        std::vector<double> rates;
        for (const Point& point : depth->points)
            if (const double t = course_at(late->points, point.at_s); t > 0) rates.push_back(point.value / t);
        std::sort(rates.begin(), rates.end());
        if (rates.empty()) continue;
        decide(By::inference, "publish rate",
               fmt::format("{:.3g}/s, by Little's law: a queue of {} messages that was {} long ({} of both)",
                           rates[rates.size() / 2], number(depth->first()), in_time(late->first()), statistic));
        return rates[rates.size() / 2];
    }
    return std::nullopt;
}

/// Where bytes per second were recorded, messages per second have their course.
void Planner::rate_alone(double rate, const Recognised* bandwidth) {
    if (bandwidth == nullptr) {
        recorded_rate_ = {{0, rate}};
        return;
    }
    for (const Point& point : bandwidth->points)
        recorded_rate_.push_back({point.at_s, rate * point.value / bandwidth->most()});
}

Status Planner::connections() {
    const Recognised* open = find("connections");
    recorded_connections_ = open == nullptr ? 200 : open->most();
    if (!(recorded_connections_ >= 1 && recorded_connections_ <= recorded_connections_max)) {
        return Error{fmt::format("{} connections at most cannot be; is something else called so (--map)?",
                                 number(recorded_connections_))};
    }
    const double per_second = most(recorded_rate_) * plan_.speed;
    const double fit = std::max(10.0, std::min(connections_max, deliveries_max / std::max(per_second, 1e-9)));
    plan_.scale = options_.scale > 0 ? options_.scale : round_up(std::max(1.0, recorded_connections_ / fit));
    const double replayed = std::floor(recorded_connections_ / plan_.scale + 0.5);
    if (replayed > replayed_connections_max) {
        return Error{fmt::format("--scale 1:{:g} makes {} connections; {} are the most that are replayed", plan_.scale,
                                 number(replayed), number(replayed_connections_max))};
    }
    all_ = static_cast<std::uint32_t>(replayed);
    if (all_ < 10) {
        return Error{
            fmt::format("--scale 1:{:g} leaves {} of {} connections, of which none can be slow; ten are needed",
                        plan_.scale, all_, number(recorded_connections_))};
    }
    share_of_all_ = all_ / recorded_connections_;
    if (open == nullptr) {
        decide(By::default_value, "connections", fmt::format("{}, as the record has no number of them", all_));
    } else {
        decide(By::record, "connections",
               fmt::format("{} at most, {} replayed (1:{:g})", number(open->most()), number(all_), plan_.scale));
    }
    if (options_.scale > 0 && per_second * all_ > deliveries_max) {
        decide(By::default_value, "load",
               fmt::format("{} deliveries a second are more than two cores are sure to carry ({}): if the run is "
                           "inconclusive, raise --scale or lower --speed",
                           number(per_second * all_), number(deliveries_max)));
    }
    return {};
}

/// How much later the last ones get, per second: 1 is a reader that has stopped.
void Planner::lateness() {
    const Recognised* tail = find_tail("delivery.latency", {"p99", "p95", "max", "p99.9"}, on_time_s, 2);
    const bool by_time = tail != nullptr;
    if (!by_time) tail = find_tail("queue.depth", {"p99", "p95", "max"}, queue_short, 2);
    if (tail == nullptr) return;
    const double per_second = by_time ? 1 : most(recorded_rate_);  // a message is so much later than the one before
    // Behind its highest point somebody has died, or the queues have been thrown away.
    const auto peak = std::max_element(tail->points.begin(), tail->points.end(),
                                       [](const Point& a, const Point& b) { return a.value < b.value; });
    const double over = peak->at_s - tail->points.front().at_s;
    late_at_first_ = tail->first() / per_second;
    growth_ = over > 0 ? (peak->value - tail->first()) / per_second / over : 0;
    const auto readable = [&](double value) { return in_unit(value, tail->meaning->unit); };
    growth_by_ = over > 0 ? fmt::format("{} went from {} to {} in {}", tail->names.front(), readable(tail->first()),
                                        readable(peak->value), in_time(over))
                          : fmt::format("{} did not rise above {}", tail->names.front(), readable(tail->first()));
}

void Planner::sizes() {
    const double wanted = most(recorded_rate_) * plan_.speed * recorded_size_ * all_;
    plan_.shrink = wanted > delivered_bytes_max ? std::ceil(wanted / delivered_bytes_max) : 1;
    plan_.message_bytes = static_cast<std::uint32_t>(
        std::clamp(std::round(recorded_size_ / plan_.shrink), message_bytes_min, 1024.0 * 1024));
    plan_.shrink = recorded_size_ / plan_.message_bytes;
    if (wanted > delivered_bytes_max) {
        decide(
            By::default_value, "bytes",
            fmt::format("messages are {}, 1:{:.3g} of what they were: at full size {}/s would be delivered, and "
                        "two cores carry {}/s",
                        in_bytes(plan_.message_bytes), plan_.shrink, in_bytes(wanted), in_bytes(delivered_bytes_max)));
    }
    for (const Point& point : recorded_rate_)
        plan_.publish_rate.push_back({point.at_s, point.value * plan_.speed});
}

Status Planner::slow_readers() {
    const Recognised* called_slow = find("slow.consumers");
    const Recognised* open = find("connections");
    const Recognised* called_share = find("slow.share");
    double share = 0.01;
    if (called_share != nullptr) share = called_share->most();
    if (called_slow != nullptr && open != nullptr) share = called_slow->most() / open->most();
    if (share > 1) {
        return Error{
            fmt::format("{} slow of {} connections at most cannot be; --map '{}=ignore' if it is something else",
                        number(called_slow->most()), number(open->most()), whole_of(called_slow->names.front()))};
    }
    const bool called = called_share != nullptr || (called_slow != nullptr && open != nullptr);
    const std::string in_percent = format_quantity(share, dimension::none, true);
    const double behind = share_behind();
    if (behind > share) {
        decide(By::inference, "slow readers",
               behind_by_ + (called ? fmt::format(", though at most {} are called slow", in_percent) : ""));
        share = behind;
    } else {
        slow_by_record_ = called;
        decide(called ? By::record : By::default_value, "slow readers", in_percent + (called ? " at most" : ""));
    }
    plan_.slow =
        static_cast<std::uint32_t>(std::clamp(std::llround(share * all_), 1LL, static_cast<long long>(all_) - 1));
    const double read = growth_by_.empty() ? 0.5 : std::clamp(1 - growth_, 0.05, 0.95);
    plan_.slow_rate = plan_.message_bytes * plan_.published_at_first() * read;
    decide(growth_by_.empty() ? By::default_value : By::inference, "pace of slow readers",
           fmt::format("{}/s, {:.0f}% of what is published{}{}", in_bytes(plan_.slow_rate), read * 100,
                       growth_by_.empty() ? "" : ": ", growth_by_));
    return {};
}

void Planner::queue_bound() {
    double deepest = 0;
    for (const char* word : {"p95(queue.depth)", "p99(queue.depth)", "max(queue.depth)"})
        if (const auto* depth = find(word)) deepest = std::max(deepest, depth->most());
    std::string text = fmt::format("{:.0f} messages, which is asked of the server", plan_.queue_bound);
    if (deepest > plan_.queue_bound)
        text += fmt::format("; queues of {} were seen, so that it had none below that", number(deepest));
    decide(By::default_value, "bound of a queue", text);
}

/// The share of connections that queues and latencies show to be behind.
double Planner::share_behind() {
    struct Tail {
        const char* statistic;
        double share;
        const char* words;
    };
    for (const Tail& tail : {Tail{"p95", 0.06, "one connection in twenty"}, {"p99", 0.015, "one in a hundred"}}) {
        const Recognised* by = find_tail("queue.depth", {tail.statistic}, queue_short);
        if (by == nullptr) by = find_tail("delivery.latency", {tail.statistic}, on_time_s);
        if (by == nullptr) continue;
        const std::string how_far = in_unit(by->most(), by->meaning->unit);
        behind_by_ = fmt::format("{}: {} was behind by {} or more ({})",
                                 format_quantity(tail.share, dimension::none, true), tail.words,
                                 how_far + (by->meaning->word == "queue.depth" ? " messages" : ""), by->names.front());
        return tail.share;
    }
    return 0;
}

}  // namespace squall::incident
