// What plan.hpp promises, step by step: each step reads the record and what the earlier ones decided.
#pragma once

#include "suites/incident/plan.hpp"

namespace squall::incident {

class Planner {
public:
    Planner(const Recording& recording, const Recognition& recognition, const PlanOptions& options)
        : recording_(recording), recognition_(recognition), options_(options) {}

    Result<Plan> plan();

private:
    const Recognised* find(std::string_view word) const;
    const Recognised* find_positive(std::string_view word) const;  ///< that is not nought throughout
    /// The first of these statistics of a metric that reaches `least` somewhere.
    const Recognised* find_tail(std::string_view metric, std::initializer_list<const char*> statistics, double least,
                                std::size_t points_min = 1) const;
    void decide(Decision::By by, std::string what, std::string text);
    double replayed(double recorded_s) const { return plan_.begin_s + recorded_s / plan_.speed; }
    /// Connections, of so many that were recorded.
    long long replayed_count(double recorded) const;

    // plan_load.cpp: how much there is of everything
    void messages();
    std::optional<double> rate_by_queues();
    void rate_alone(double rate, const Recognised* bandwidth);
    Status message_size();
    Status connections();
    void lateness();
    double recorded_lead_s() const;  ///< before the record begins
    void choose_speed();
    void sizes();
    Status slow_readers();
    double share_behind();
    void queue_bound();

    // plan_course.cpp: when what happens
    Status lead_in();
    void move_connections();
    void slow_course();
    void memory_cap();
    void cpu_cap();
    struct Death {
        double at_s = 0;  ///< of the record
        bool for_memory = false;
        std::string text;
    };
    std::vector<Death> recorded_deaths() const;
    void deaths();
    void churn();

    const Recording& recording_;
    const Recognition& recognition_;
    const PlanOptions options_;
    Plan plan_;
    std::vector<Point> recorded_rate_;
    double recorded_size_ = 0, recorded_connections_ = 0, share_of_all_ = 1;
    double late_at_first_ = 0, growth_ = 0;  ///< seconds; how much later per second
    std::string growth_by_, behind_by_;
    bool slow_by_record_ = false;  ///< nothing but the number of those called slow says how many are
    std::uint32_t all_ = 0;
};

// More than so many messages in the queue of one connection in twenty (in a hundred): as many are behind.
inline constexpr double queue_short = 5, on_time_s = 1;

}  // namespace squall::incident
