// Facts about the machine, and the share of it that each side of a run gets.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "faults/core/result.hpp"

namespace squall {

boost::json::object host_facts();  ///< kernel, CPUs, memory, load

/// Rig and target apart where there are two CPUs: the rig gets the first half of those that squall may use.
struct CpuSplit {
    std::vector<int> rig;
    std::vector<int> target;
};
CpuSplit split_cpus();
Status pin_thread(const std::vector<int>& cpus);  ///< the calling thread, and what it starts

/// Lets the calling thread run before whatever else wants its CPU (SCHED_RR at the lowest real-time priority); what it
/// starts does not inherit it. Error: the host refuses (no CAP_SYS_NICE); the thread goes on as it was.
Status run_promptly();

/// "r20261121-034455-1a2b": time of day in UTC, and enough of the clock and the pid to be alone.
std::string make_run_id();

}  // namespace squall
