// What a run shows while it works: one line that is rewritten on a terminal, plain lines in a log.
#pragma once

#include <set>
#include <string>

#include "suites/engine/play.hpp"

namespace squall::cli {

class Progress : public Observer {
public:
    explicit Progress(bool terminal) : terminal_(terminal) {}
    ~Progress() override { clear(); }

    void phase(const Scenario& scenario, const std::string& name, Nanos duration) override;
    void fault(const std::string& name, FaultNews news, const std::string& detail) override;
    void tick(Nanos elapsed, const workload::Live& live) override;
    void clear();  ///< takes the line away, so that something else can be printed

private:
    std::string status(Nanos elapsed, const workload::Live& live) const;

    bool terminal_;
    bool shown_ = false;
    Nanos last_logged_ = -nanos_per_second;
    std::string phase_;
    std::set<std::string> in_force_;
};

}  // namespace squall::cli
