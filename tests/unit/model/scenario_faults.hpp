// Faults that exist in tests only: scenarios are parsed against whatever faults they are given.
#pragma once

#include "suites/model/scenario.hpp"

namespace squall {

inline OptionSpec test_option(std::string name, OptionSpec::Kind kind, Dimension dimension) {
    OptionSpec spec;
    spec.name = std::move(name);
    spec.kind = kind;
    spec.dimension = dimension;
    spec.doc = "For tests.";
    return spec;
}

inline std::vector<Fault> test_faults() {
    Fault cap;
    cap.name = "cpu-cap";
    cap.summary = "Takes the CPU away.";
    cap.witness = "throttled periods rose";
    cap.options = {test_option("cores", OptionSpec::Kind::curve, dimension::cores),
                   test_option("period", OptionSpec::Kind::quantity, dimension::time)};
    cap.options[0].required = true;
    cap.options[0].min = 0.01;
    cap.options[1].fallback = "100ms";
    cap.holds = "the target's CPU quota";
    Fault open;
    open.name = "half-open";
    open.summary = "Loses one end.";
    open.aimed = true;
    open.options = {test_option("state", OptionSpec::Kind::choice, dimension::none),
                    test_option("quietly", OptionSpec::Kind::flag, dimension::none)};
    open.options[0].choices = {"peer-vanished", "peer-rebooted"};
    open.options[0].required = true;
    Fault slow;
    slow.name = "slow-reader";
    slow.summary = "Reads slowly.";
    slow.aimed = true;
    slow.holds = "a subscriber's reading";
    Fault latency;
    latency.name = "proxy-latency";
    latency.summary = "A long way.";
    latency.site = Site::proxy;
    latency.aimed = true;
    return {cap, open, slow, latency};
}

}  // namespace squall
