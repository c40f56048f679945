// The faults that an imported scenario uses, with the options that it gives them: for fuzzers, which are built without
// the kernel's wrappers.
#pragma once

#include "tests/unit/model/scenario_faults.hpp"

namespace squall {

inline std::vector<Fault> replay_faults() {
    using Kind = OptionSpec::Kind;
    const auto fault = [](std::string name, bool aimed, std::string holds, std::vector<OptionSpec> options) {
        Fault fault;
        fault.name = std::move(name);
        fault.summary = "For tests.";
        fault.aimed = aimed;
        fault.holds = std::move(holds);
        fault.options = std::move(options);
        return fault;
    };
    OptionSpec mode = test_option("mode", Kind::choice, dimension::none);
    mode.choices = {"limited"};
    OptionSpec pace = test_option("rate", Kind::quantity, dimension::bandwidth);
    pace.min = 1;
    OptionSpec cores = test_option("cores", Kind::curve, dimension::cores);
    cores.min = 0.001;
    cores.max = 1024;
    OptionSpec rate = test_option("rate", Kind::quantity, dimension::rate);
    rate.min = 0.01;
    rate.max = 100'000;
    OptionSpec headroom = test_option("headroom", Kind::quantity, dimension::bytes);
    headroom.max = 1e15;
    return {fault("cpu-cap", false, "the target's CPU quota", {cores}),
            fault("memory-cap", false, "the target's memory limit",
                  {headroom, test_option("canary", Kind::flag, dimension::none)}),
            fault("slow-reader", true, "a subscriber's reading", {mode, pace}),
            fault("subscribe-churn", true, "", {rate}),
            fault("mass-disconnect", true, "", {}),
            fault("kill", false, "whether the target runs", {test_option("restart_after", Kind::quantity, dimension::time)})};
}

}  // namespace squall
