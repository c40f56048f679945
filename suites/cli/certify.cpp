#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "faults/core/clock.hpp"
#include "suites/cli/certify_cases.hpp"
#include "suites/cli/commands.hpp"
#include "suites/cli/output.hpp"
#include "suites/cli/session.hpp"
#include "suites/engine/host.hpp"
#include "suites/report/grade.hpp"
#include "suites/targets/offered.hpp"

namespace squall::cli {
namespace {

using report::CaseResult;
using report::CaseVerdict;
using report::Certificate;

std::string host_line() {
    const auto facts = host_facts();
    const auto gigabytes = facts.at("memory_bytes").to_number<double>() / (1024.0 * 1024 * 1024);
    return fmt::format("{}, {} CPUs, {:.0f} GiB", std::string_view(facts.at("kernel").as_string()),
                       facts.at("cpus").to_number<std::uint64_t>(), gigabytes);
}

std::vector<std::string> command_of(const CertifyArguments& arguments, const std::string& target) {
    std::vector<std::string> command{self(), "certify", "--target", target};
    if (arguments.quick) command.push_back("--quick");
    if (arguments.suite != "certification") command.insert(command.end(), {"--suite", arguments.suite});
    if (!arguments.filter.empty()) command.insert(command.end(), {"--filter", arguments.filter});
    if (!arguments.protocol.empty()) command.insert(command.end(), {"--protocol", arguments.protocol});
    for (const auto& capability : arguments.without)
        command.insert(command.end(), {"--without", capability});
    return command;
}

bool is_named(const CertifyArguments& arguments, const Scenario& scenario) {
    return matches(arguments.filter, scenario.certify->id) || matches(arguments.filter, scenario.name);
}

/// Makes one server's certificate, and keeps it on disk from case to case.
class Certification {
public:
    Certification(const CertifyArguments& arguments, const std::string& target, const Profile& profile,
                  const PlayOptions& session)
        : arguments_(arguments), target_(target), profile_(profile), options_(session) {
        directory_ = std::filesystem::path(arguments.out) / profile.name;
        options_.runs = directory_ / "runs";
        certificate_.server = profile.name;
        certificate_.summary = profile.summary;
        certificate_.profile = shortest(profile.file);
        certificate_.squall_version = SQUALL_VERSION;
        certificate_.made_at = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
        certificate_.host = host_line();
        certificate_.command = joined(command_of(arguments, target));
        certificate_.quick = arguments.quick;
    }

    /// False: something could not be written, and that was said.
    bool run(const std::vector<CertifiedCase>& all);

    const Certificate& certificate() const { return certificate_; }
    int exit_code() const { return exit_code_; }

private:
    bool wanted(const CertifiedCase& which) const {
        return is_named(arguments_, which.scenario) &&
               (arguments_.protocol.empty() || arguments_.protocol == to_string(which.protocol));
    }
    CaseResult one(const CertifiedCase& which);
    void play(const CertifiedCase& which, CaseResult& result);
    void count(const CaseResult& result, bool cut_short);
    bool write() const {
        std::error_code error;
        std::filesystem::create_directories(directory_, error);  // write_report says what the matter is
        return write_report((directory_ / "certificate.json").string(), report::to_json(certificate_));
    }

    const CertifyArguments& arguments_;
    const std::string& target_;
    const Profile& profile_;
    PlayOptions options_;
    std::filesystem::path directory_;
    Certificate certificate_;
    int exit_code_ = 0;
};

/// Of exit codes, the one that hides none that is worse: 4, 1, 3, 0.
int worse_code(int a, int b) {
    constexpr int order[] = {4, 1, 3, 0};
    return *std::find_if(std::begin(order), std::end(order), [&](int code) { return code == a || code == b; });
}

void Certification::count(const CaseResult& result, bool cut_short) {
    const bool played = !result.run.empty() || cut_short;
    int code = 0;
    if (result.judgement.verdict == Verdict::error && played) code = 4;
    if (result.verdict == CaseVerdict::failed) code = worse_code(code, 1);
    if (result.verdict == CaseVerdict::inconclusive && played) code = worse_code(code, 3);
    exit_code_ = worse_code(exit_code_, code);
}

void Certification::play(const CertifiedCase& which, CaseResult& result) {
    auto played = play_one_of_many(which.scenario, which.loaded->text, profile_, options_, arguments_.plain);
    const auto graded = report::grade(which.scenario, played.result.judgement);
    result.verdict = graded.verdict;
    result.reason = graded.reason;
    result.seconds += played.result.seconds;
    result.judgement = std::move(played.result.judgement);
    if (const auto version = recorded_version(played.history); !version.empty()) certificate_.version = version;
    const std::filesystem::path run = played.result.directory;
    result.run = run.empty() ? "" : (std::filesystem::path("runs") / run.filename()).string();
}

CaseResult Certification::one(const CertifiedCase& which) {
    options_.command = cli::command_of(which.scenario, target_, arguments_.without);
    CaseResult result = begin_result(which, options_.command);
    if (settle_without_play(which, profile_, result)) {
        count(result, false);
        return result;
    }
    if (!interrupted()) play(which, result);
    // What could not be told is looked at once more before it is believed.
    if (result.verdict == CaseVerdict::inconclusive && !result.run.empty() && !interrupted()) {
        result.earlier_runs.push_back(result.run);
        play(which, result);
    }
    if (interrupted() && result.run.empty()) result.reason = "interrupted before it";
    count(result, true);
    return result;
}

std::string colour_of(CaseVerdict verdict) {
    switch (verdict) {
        case CaseVerdict::ok:
        case CaseVerdict::informational:
            return "\x1b[32m";
        case CaseVerdict::non_strict:
        case CaseVerdict::inconclusive:
            return "\x1b[33m";
        case CaseVerdict::unimplemented:
            return "\x1b[90m";
        case CaseVerdict::failed:
            return "\x1b[31m";
    }
    return "";
}

std::string line_of(const CaseResult& result) {
    auto verdict = fmt::format("{:<13}", to_string(result.verdict));
    if (isatty(STDOUT_FILENO) == 1) verdict = colour_of(result.verdict) + verdict + "\x1b[0m";
    return fmt::format("{:<5} {:<32} {:<9} {} {:>5.1f}s  {}\n", result.id, result.name, result.protocol, verdict,
                       result.seconds, result.reason);
}

/// Which levels it has reached, and what keeps it from the others.
std::string levels_text(const Certificate& certificate) {
    std::string text;
    for (const auto& level : certificate.levels) {
        text +=
            fmt::format("  {:<9} {}  {}\n", level.name, level.reached ? "reached    " : "not reached", level.meaning);
        const auto reasons = level.reached ? "" : report::in_the_way(level, certificate.cases);
        if (!reasons.empty()) text += fmt::format("{:24}{}\n", "", reasons);
    }
    return text;
}

bool Certification::run(const std::vector<CertifiedCase>& all) {
    bool good = show(fmt::format("{}: {}\n", profile_.name, profile_.summary));
    const Nanos began = monotonic_now();
    certificate_.levels = levels_of(all);
    for (const auto& which : all) {
        if (!wanted(which)) continue;
        certificate_.cases.push_back(one(which));
        good = show(line_of(certificate_.cases.back())) && write() && good;
    }
    const bool played = std::any_of(certificate_.cases.begin(), certificate_.cases.end(),
                                    [](const CaseResult& result) { return !result.run.empty(); });
    if (!played) exit_code_ = worse_code(exit_code_, squall::exit_code(Verdict::inconclusive));  // no data is no pass
    // Of a server that was looked at over one protocol of two, or in some cases only, the others are not known.
    const bool whole = std::all_of(all.begin(), all.end(), [this](const auto& which) { return wanted(which); });
    for (auto& level : certificate_.levels)
        level.reached = whole && report::reached(level, certificate_.cases);
    good = write() && good;
    return show(fmt::format("{} in {:.0f}s: {}\n{}  {}\n\n", certificate_.server, to_seconds(monotonic_now() - began),
                            report::tally(certificate_.cases), levels_text(certificate_),
                            (directory_ / "certificate.json").string())) &&
           good;
}

std::string certificates_json(const std::vector<Certificate>& certificates, int code) {
    std::string text = fmt::format("{{\"format\":1,\"exit_code\":{},\"certificates\":[", code);
    for (const auto& certificate : certificates) {
        auto one = report::to_json(certificate);
        one.pop_back();  // its line break
        text += (&certificate == &certificates.front() ? "" : ",") + one;
    }
    return text + "]}\n";
}

}  // namespace

int certify(const CertifyArguments& arguments) {
    ignore_closed_pipes();
    std::vector<InputError> errors;
    std::vector<std::optional<Profile>> profiles;
    bool launches = false;
    for (const auto& target : arguments.targets) {
        profiles.push_back(load_profile(target, errors));
        launches |= profiles.back() && profiles.back()->launch;
    }
    for (auto one = profiles.begin(); one != profiles.end(); ++one) {
        const bool again = *one && std::any_of(profiles.begin(), one, [&](const auto& earlier) {
            return earlier && earlier->name == (*one)->name;
        });
        if (again) {
            errors.push_back(
                {(*one)->file, 0, 0,
                 fmt::format("name: '{}' is another target's, too, and certificates go by it", (*one)->name)});
        }
    }
    chosen_protocol(arguments.protocol, errors);
    const auto cases = load_cases(arguments.suite, errors);
    check_without(arguments.without, errors);
    check_reports({arguments.junit, arguments.json}, arguments.out, errors);
    std::vector<std::vector<CertifiedCase>> plans;
    for (const auto& profile : profiles) {
        auto plan = profile ? cases_for(cases, *profile) : std::vector<CertifiedCase>();
        std::erase_if(plan, [&](const auto& which) { return arguments.quick && !which.scenario.certify->quick; });
        plans.push_back(std::move(plan));
    }
    const auto named = [&](const LoadedScenario& loaded) { return is_named(arguments, loaded.scenario); };
    if (errors.empty() && std::none_of(cases.begin(), cases.end(), named)) {
        errors.push_back({arguments.filter, 0, 0, "--filter: no case has an id or a name like this"});
    }
    if (!errors.empty()) {
        print(errors);
        return 2;
    }
    const auto session = begin_session(launches, arguments.without);
    if (!session) return refuse(session.error().message, exit_code(Verdict::error));
    int code = 0;
    bool good = true;
    std::vector<Certificate> certificates;
    for (std::size_t i = 0; i < profiles.size(); ++i) {
        Certification certification(arguments, arguments.targets[i], *profiles[i], *session);
        good &= certification.run(plans[i]);
        code = worse_code(code, certification.exit_code());
        certificates.push_back(certification.certificate());
    }
    if (!good) code = worse_code(code, exit_code(Verdict::error));
    if (!arguments.json.empty() && !write_report(arguments.json, certificates_json(certificates, code))) code = 4;
    if (!arguments.junit.empty() && !write_report(arguments.junit, report::to_junit(certificates))) code = 4;
    return code;
}

}  // namespace squall::cli
