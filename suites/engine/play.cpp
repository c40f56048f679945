#include "suites/engine/play.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>

#include <boost/json/serialize.hpp>
#include <optional>

#include "faults/core/capability.hpp"
#include "faults/core/files.hpp"
#include "suites/engine/closing.hpp"
#include "suites/engine/injections.hpp"
#include "suites/engine/json_facts.hpp"
#include "suites/engine/load.hpp"
#include "suites/engine/reconcile.hpp"
#include "suites/engine/stage.hpp"
#include "suites/model/timeline.hpp"
#include "suites/report/report.hpp"
#include "suites/targets/declared_log_file.hpp"

namespace squall {
namespace {

/// One play, from the first subscriber to the last sample. The stage is set before and struck after.
class Play {
public:
    Play(const Scenario& scenario, const PlayOptions& options, Observer& observer, Stage& stage, Recorder& recorder,
         workload::Workload& workload, Injections& injections)
        : scenario_(scenario),
          options_(options),
          observer_(observer),
          stage_(stage),
          recorder_(recorder),
          workload_(workload),
          injections_(injections) {}

    /// Problems of the rig that make the run inconclusive; empty when it went through.
    std::vector<std::string> run() {
        const Nanos connecting = recorder_.now();
        observer_.phase(scenario_, "connect", scenario_.connect_deadline);
        workload_.connect();
        const bool connected = connect();
        recorder_.span({"connect", connecting, recorder_.now()});
        if (!connected) return problems_;
        start_ = recorder_.now();
        for (const auto& step : timeline(scenario_)) {
            step_due_ = start_ + step.at;
            if (!wait_until(step_due_)) break;
            std::visit([this](const auto& action) { take(action); }, step.action);
        }
        // A phase that was cut short has no span: nothing is judged over the part of it that was played.
        injections_.heal_all();
        return problems_;
    }

    const std::optional<ProcessEnd>& target_ended() const { return target_ended_; }
    /// Before its end, and not by the target's.
    bool cut_short() const { return cut_short_; }

private:
    bool connect() {
        const Nanos until = recorder_.now() + scenario_.connect_deadline;
        while (!workload_.connected()) {
            if (recorder_.now() > until) {
                const auto live = workload_.live();
                const auto why = workload_.first_failure();
                problems_.push_back(
                    fmt::format("only {} of {} subscribers were connected within {}{}", live.open, live.wanted,
                                format_quantity(to_seconds(scenario_.connect_deadline), dimension::time),
                                why.empty() ? "" : "; the first failure: " + why));
                return false;
            }
            if (!wait_until(recorder_.now() + tick)) return false;
        }
        return true;
    }

    bool end_early(const std::string& why) {
        problems_.push_back(why);
        cut_short_ = true;
        return false;
    }

    /// False: the run is cut short, or the target is gone, and the timeline ends here.
    bool wait_until(Nanos instant) {
        for (;;) {
            if (options_.interrupted && options_.interrupted->load()) {
                return end_early("interrupted before its end");
            }
            target_ended_ = stage_.process() ? stage_.process()->died() : std::nullopt;
            if (target_ended_) return false;
            injections_.advance();
            const Nanos now = recorder_.now();
            if (disconnect_at_ && now >= *disconnect_at_) {
                workload_.disconnect();
                disconnect_at_.reset();
            }
            if (now >= last_tick_ + slice_length) {
                last_tick_ = now;
                if (const auto problem = stage_.log_problem(); !problem.empty()) return end_early(problem);
                observer_.tick(now - start_, workload_.live());
            }
            const Nanos left = instant - now;
            if (left <= 0) return true;
            const timespec wait{0, std::min(left, std::max<Nanos>(injections_.next_look() - now, 0))};
            nanosleep(&wait, nullptr);
        }
    }

    void take(const BeginPhase& step) {
        const auto& phase = scenario_.phases[step.phase];
        open_spans_.push_back({phase.name, recorder_.now(), 0});
        observer_.phase(scenario_, phase.name, phase.duration);
        if (phase.load) publish(phase);
    }
    void take(const EndPhase& step) { close_span(scenario_.phases[step.phase].name); }
    void take(const Inject& step) {
        const auto& phase = scenario_.phases[step.phase];
        injections_.inject(phase, phase.faults[step.fault], step.occurrence, step_due_);
    }
    void take(const Heal& step) { injections_.heal(scenario_.phases[step.phase].faults[step.fault]); }
    void take(const StartLoad&) {
        open_spans_.push_back({"load", recorder_.now(), 0});
        if (load_stopped_) workload_.connect();
        load_stopped_ = false;
        disconnect_at_.reset();
    }
    /// What is in flight has `settle` to arrive before the subscribers go. At the end of a run they stay: only of one
    /// that is still there can it be said that a message never came.
    void take(const StopLoad&) {
        close_span("load");
        workload_.publish({}, 0);
        load_stopped_ = true;
        if (!scenario_.phases.back().load) disconnect_at_ = recorder_.now() + scenario_.settle;
    }
    void take(const Finish&) {}

    void publish(const Phase& phase) {
        std::vector<std::string> names;
        for (const auto& publisher : scenario_.publishers) {
            const auto& during = publisher.during;
            if (during.empty() || std::find(during.begin(), during.end(), phase.name) != during.end()) {
                names.push_back(publisher.name);
            }
        }
        workload_.publish(names, phase.duration);
    }
    void close_span(const std::string& name) {
        for (auto span = open_spans_.begin(); span != open_spans_.end(); ++span) {
            if (span->name != name) continue;
            recorder_.span({span->name, span->start, recorder_.now()});
            open_spans_.erase(span);
            return;
        }
    }

    const Scenario& scenario_;
    const PlayOptions& options_;
    Observer& observer_;
    Stage& stage_;
    Recorder& recorder_;
    workload::Workload& workload_;
    Injections& injections_;
    std::vector<std::string> problems_;
    std::vector<Span> open_spans_;
    std::optional<ProcessEnd> target_ended_;
    Nanos start_ = 0;
    Nanos step_due_ = 0;
    Nanos last_tick_ = 0;
    bool cut_short_ = false;
    bool load_stopped_ = false;
    std::optional<Nanos> disconnect_at_;
};

template <class Strings>
boost::json::array json_strings(const Strings& strings) {
    boost::json::array array;
    for (const auto& string : strings)
        array.emplace_back(string);
    return array;
}

template <class Map>
boost::json::object json_map(const Map& map) {
    boost::json::object object;
    for (const auto& [key, value] : map)
        object[key] = value;
    return object;
}

/// What the target declared, once it has been stopped and has written its last line.
Status read_declared(const Profile& profile, const std::filesystem::path& log, Recorder& recorder, Views& views) {
    if (!profile.log) return {};
    auto content = read_declared_log_file(log, *profile.log);
    if (!content) return content.error();
    recorder.history().facts()["declared_log"] = declared_log_facts(*content);
    views.declared = std::move(content->disconnects);
    return {};
}

/// Everything that the workload recorded, with its events as reconciled.
void take_over(History& history, const History& workload, std::vector<Event> events) {
    for (const auto& [key, points] : workload.gauges()) {
        for (const auto& point : points)
            history.sample(key.metric, key.labels, point.at, point.value);
    }
    for (const auto& [key, slices] : workload.distributions()) {
        for (const auto& [slice, values] : slices)
            history.merge_slice(key.metric, key.labels, slice, values);
    }
    for (auto& event : events)
        history.event(std::move(event));
}

/// What kept the load generator from doing its part.
void add_problems(const History& workload, std::vector<std::string>& problems) {
    for (const auto& event : workload.events()) {
        if (event.metric != "rig.problems") continue;
        problems.push_back("load generator: " + event.labels.at("what") + ": " + event.labels.at("detail"));
    }
}

/// Makes the directory and refuses to write into one that is there: two runs never share one.
Result<std::filesystem::path> make_run_directory(const std::filesystem::path& runs, const std::string& name) {
    const auto directory = runs / name;
    std::error_code error;
    std::filesystem::create_directories(runs, error);
    if (error || !std::filesystem::create_directory(directory, error)) {
        return Error{fmt::format("make the run directory {}: {}; is it writable?", directory.string(),
                                 error ? error.message() : "it exists already")};
    }
    return std::filesystem::absolute(directory);
}

}  // namespace

Result<Played> play(Scenario scenario, const std::string& scenario_text, const Profile& profile,
                    const PlayOptions& options, Observer& observer) {
    probe_all();  // now: probing takes a while, and what is probed is what a run is played on
    const auto run_id = make_run_id();
    auto journal = Journal::create(options.state, run_id);
    if (!journal) return journal.error();
    auto directory = make_run_directory(options.runs, run_id + "-" + scenario.name);
    if (!directory) return directory.error();

    const auto fitted = fit_settings(profile, scenario.settings);
    scenario.settings = fitted.known;
    if (auto written = write_file(*directory / "scenario.yaml", scenario_text); !written) return written.error();

    auto set = Stage::set(scenario, profile, fitted, *journal, *directory);
    if (!set) return set.error();
    Stage& stage = **set;
    if (auto ready = stage.wait_ready(profile, options.interrupted); !ready) return ready.error();
    const auto version = stage.version(profile);

    Recorder recorder(monotonic_now());
    workload::Plan plan = load_of(scenario, profile);
    plan.wire = stage.wire(profile);
    plan.run_id = run_id;
    plan.origin = recorder.origin();
    plan.on_thread_start = stage.enter_clients();
    auto workload = workload::Workload::start(std::move(plan));
    if (!workload) return workload.error();

    auto& facts = recorder.history().facts();
    facts["started_at"] = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
    Injections injections(stage.rig(*journal, **workload), recorder, options.without, observer);
    std::vector<std::string> problems;
    std::optional<ProcessEnd> ended;
    History from_workload;
    Views views;
    const auto log = *directory / "target.log";
    bool page_at_end = true;
    {
        StallWatch stalls(recorder);
        DeclaredSampler declared(recorder, stage.sampled(), profile);
        std::optional<KernelSampler> kernel;
        if (stage.process()) kernel.emplace(recorder, stage.sampled());
        Play played(scenario, options, observer, stage, recorder, **workload, injections);
        problems = played.run();
        ended = played.target_ended();
        kernel.reset();
        (*workload)->finish(from_workload);
        const Nanos finished = monotonic_now();
        views.connections = (*workload)->ever_established();
        if (stage.proxy()) views.pairs = stage.proxy()->pairs();
        if (stage.process() && !ended) ended = stage.process()->died();
        page_at_end = !ended && declared.wait_for_last_page(finished + noticing_max - recorder.origin());
        if (!ended && !page_at_end) {
            problems.push_back("the target's metrics could not be read after the load: " + declared.problem());
        }
        if (!ended) {
            auto looked = look_at_held_sockets(stage.sampled(), log, finished + noticing_max, views);
            if (!looked) problems.push_back("the target's sockets could not be looked at: " + looked.error().message);
        }
        // Only now: what never came, and silences without an end, are booked as the workload finishes.
        // What a run that was cut short lacks is not the target's failure.
        if (!played.cut_short()) recorder.span({"run", 0, recorder.now()});
        if (!profile.metrics_path.empty() && declared.pages() == 0) {
            problems.push_back("the target's metrics could not be read: " + declared.problem());
        }
    }
    const auto cgroup = stage.describe_cgroup();
    if (stage.process() && !ended) {
        views.stopped_at = recorder.now();
        auto stopped = stage.process()->stop();
        if (!stopped) problems.push_back(stopped.error().message);
        if (stopped && !stage.process()->ended_as_told()) ended = stage.process()->end_of_last();
    }
    const auto restarts = stage.process() ? stage.process()->restarts() : std::vector<Restart>{};
    for (const Restart& restart : restarts)
        views.killed.push_back(
            {restart.told_at - recorder.origin(), std::max(restart.told_at, restart.ended_at) - recorder.origin()});
    add_problems(from_workload, problems);
    views.target = stage.sampled().endpoint;
    views.realtime_minus_run = realtime_now() - (monotonic_now() - recorder.origin());
    if (auto read = read_declared(profile, log, recorder, views); !read) problems.push_back(read.error().message);
    take_over(recorder.history(), from_workload, reconcile(from_workload.events(), views));

    facts["run_id"] = run_id;
    facts["scenario"] = scenario.name;
    facts["seed"] = scenario.seed;
    facts["chosen_protocol"] = chosen_protocol(scenario);
    facts["version"] = SQUALL_VERSION;
    facts["command"] = json_strings(options.command);
    facts["host"] = host_facts();
    facts["cgroup"] = cgroup;
    facts["settings"] = json_map(fitted.known);
    facts["settings_unknown_to_target"] = json_strings(fitted.unknown);
    auto notes = recorder.notes();
    notes.insert(stage.notes().begin(), stage.notes().end());
    if (!takes_messages(profile)) {
        notes.insert(
            "the target takes no messages: latency counts from each message's first arrival at any subscriber");
    }
    if (!version) notes.insert("the target's version is not known: " + version.error().message);
    facts["notes"] = json_strings(notes);
    facts["injections"] = injections.facts();
    facts["rig"] = boost::json::object{{"problems", json_strings(problems)}};
    boost::json::object target{{"name", profile.name},
                               {"profile", profile.file},
                               {"version", version ? *version : ""},
                               {"declares", declares(profile)},
                               {"page_at_end", page_at_end},
                               {"restarts", json_restarts(restarts, profile.ready_within, recorder.origin())},
                               {"exited", nullptr}};
    if (ended) {
        target["exited"] = {{"at_ns", ended->at - recorder.origin()}, {"how", ended->how}, {"expected", false}};
    }
    facts["target"] = target;

    auto& history = recorder.history();
    history.sort();
    if (auto saved = history.save(*directory); !saved) return saved.error();
    Judgement judgement = judge(scenario, history);
    if (auto struck = stage.strike(); !struck) {
        judgement.findings.push_back({.name = "rig: clean-up",
                                      .verdict = Verdict::error,
                                      .expected = "nothing of the run is left behind",
                                      .detail = struck.error().message + "; `squall heal` tries again"});
        judgement.verdict = worse(judgement.verdict, Verdict::error);
    }
    if (auto written = write_file(*directory / "verdict.json", report::to_json(scenario, history, judgement));
        !written) {
        return written.error();
    }
    return Played{*directory, std::move(history), std::move(judgement)};
}

}  // namespace squall
