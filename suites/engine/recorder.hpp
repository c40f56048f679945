// The history while several threads write to it.
#pragma once

#include <mutex>
#include <set>

#include "faults/core/clock.hpp"
#include "suites/metrics/history.hpp"

namespace squall {

class Recorder {
public:
    explicit Recorder(Nanos origin) : origin_(origin) {}

    Nanos now() const { return monotonic_now() - origin_; }
    Nanos origin() const { return origin_; }

    void sample(const std::string& metric, const Labels& labels, Nanos at, double value) {
        const std::lock_guard lock(mutex_);
        history_.sample(metric, labels, at, value);
    }
    void event(Event event) {
        const std::lock_guard lock(mutex_);
        history_.event(std::move(event));
    }
    void span(Span span) {
        const std::lock_guard lock(mutex_);
        history_.span(std::move(span));
    }
    /// What could not be measured, once however often it happens: for the facts' notes.
    void note(const std::string& what) {
        const std::lock_guard lock(mutex_);
        notes_.insert(what);
    }
    std::set<std::string> notes() const {
        const std::lock_guard lock(mutex_);
        return notes_;
    }
    /// Only while no other thread writes.
    History& history() { return history_; }

private:
    Nanos origin_;
    mutable std::mutex mutex_;
    History history_;
    std::set<std::string> notes_;
};

}  // namespace squall
