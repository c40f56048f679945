// squall: exit codes 0 all held, 1 an invariant was violated, 2 the input is wrong, 3 inconclusive, 4 the rig failed.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "suites/cli/commands.hpp"
#include "suites/cli/incident.hpp"
#include "suites/cli/options.hpp"

namespace {

using squall::cli::add_protocol;
using squall::cli::add_repeat;
using squall::cli::add_runs;
using squall::cli::add_seed;
using squall::cli::add_target;
using squall::cli::add_without;
using squall::cli::CertifyArguments;
using squall::cli::CompareArguments;
using squall::cli::InitArguments;
using squall::cli::ProxyArguments;
using squall::cli::ReportArguments;
using squall::cli::ReproduceArguments;
using squall::cli::RunArguments;
using squall::cli::several;

void add_run(CLI::App& app, RunArguments& arguments, int& code) {
    auto* run = app.add_subcommand("run", "Play scenarios on a target and judge them");
    run->add_option("scenario", arguments.scenarios, "Files, directories, or names in the catalogue (core)")
        ->required();
    add_target(*run, arguments.target);
    add_seed(*run, arguments.seed);
    add_repeat(*run, arguments.repeat);
    run->add_option("--filter", arguments.filter, "Only scenarios whose name matches this glob ('cpu-*')");
    run->add_option("--junit", arguments.junit, "Write JUnit XML to this file");
    run->add_option("--json", arguments.json, "Write the findings as JSON to this file");
    run->add_option("--html", arguments.html,
                    "Draw each run, an HTML file each and an index, in this directory; or one run in this .html file");
    run->add_option("--markdown", arguments.markdown, "Write a summary to this file, such as $GITHUB_STEP_SUMMARY");
    add_protocol(*run, arguments.protocol);
    add_runs(*run, arguments.runs);
    add_without(*run, arguments.without);
    run->add_flag("--plain", arguments.plain, "Plain progress lines even on a terminal");
    run->callback([&] { code = squall::cli::run(arguments); });
}

void add_certify(CLI::App& app, CertifyArguments& arguments, int& code) {
    auto* certify =
        app.add_subcommand("certify", "Play the certification suite on servers, and write a certificate each");
    several(certify->add_option(
                "--target", arguments.targets,
                "Profile of a server: a file, or a name from `squall list targets`; may be given several times"))
        ->required();
    certify->add_flag("--quick", arguments.quick,
                      "A third of the cases: under 3 minutes for a server with both protocols");
    certify->add_option("--filter", arguments.filter,
                        "Only cases whose id or name matches this glob ('3.*', 'slow-*')");
    certify->add_option("--protocol", arguments.protocol,
                        "Only over sse or websocket; default: all that a target offers");
    certify->add_option("--suite", arguments.suite, "The cases: a directory, or a name in the catalogue")
        ->capture_default_str();
    certify->add_option("--out", arguments.out, "Directory that a directory for each server is made in")
        ->capture_default_str();
    certify->add_option("--junit", arguments.junit, "Write JUnit XML to this file");
    certify->add_option("--json", arguments.json, "Write all certificates as JSON to this file");
    add_without(*certify, arguments.without);
    certify->add_flag("--plain", arguments.plain, "No progress line even on a terminal");
    certify->callback([&] { code = squall::cli::certify(arguments); });
}

void add_reproduce(CLI::App& app, ReproduceArguments& arguments, int& code) {
    auto* reproduce = app.add_subcommand(
        "reproduce",
        "Play incidents on the server as it was and as it was mended; exit code 0 where the one fails by the "
        "invariant that is named, and the other passes");
    auto* names = reproduce->add_option("incident", arguments.incidents,
                                        "Names in the catalogue (gateway-spin), files or directories");
    auto* all = reproduce->add_flag("--all", arguments.all, "All of the catalogue")->excludes(names);
    reproduce->add_option("--server", arguments.server, "Only on the server of this name");
    add_seed(*reproduce, arguments.seed);
    add_repeat(*reproduce, arguments.repeat);
    reproduce->add_option("--junit", arguments.junit, "Write JUnit XML to this file");
    reproduce->add_option("--json", arguments.json, "Write the findings and figures as JSON to this file");
    reproduce->add_option("--html", arguments.html, "Draw each run, and an index, in this directory");
    add_runs(*reproduce, arguments.runs);
    add_without(*reproduce, arguments.without);
    reproduce->add_flag("--plain", arguments.plain, "No progress line even on a terminal");
    reproduce->callback([&, names, all] {
        if (names->count() + all->count() == 0) throw CLI::RequiredError("incident or --all");
        code = squall::cli::reproduce(arguments);
    });
}

void add_proxy(CLI::App& app, ProxyArguments& arguments, int& code) {
    auto* proxy = app.add_subcommand("proxy", "Pass TCP connections on, with faults, until it is interrupted");
    proxy->add_option("--listen", arguments.listen, "HOST:PORT that clients connect to; port 0: a free one");
    proxy->add_option("--upstream", arguments.upstream, "HOST:PORT that they are passed on to");
    several(
        proxy->add_option("--fault", arguments.faults,
                          "As in a scenario: 'proxy-latency delay=100ms direction=both'; may be given several times"));
    proxy
        ->add_option("--control", arguments.control,
                     "Serve a control API like Toxiproxy's on HOST:PORT, by default 127.0.0.1:8474; it has no "
                     "authentication")
        ->expected(0, 1)
        ->default_str("127.0.0.1:8474");
    proxy->callback([&] { code = squall::cli::proxy(arguments); });
}

void add_report(CLI::App& app, ReportArguments& arguments, int& code) {
    auto* report = app.add_subcommand("report", "Draw saved runs, an HTML file each, or an index over certificates");
    report->add_option("what", arguments.what, "Run directories; or certificates, or a directory that holds some")
        ->required();
    report->add_option(
        "--html", arguments.html,
        "A file for one run, or a directory; default: report.html in the run directory, index.html above "
        "certificates");
    report->add_option("--markdown", arguments.markdown, "Of certificates: write a summary to this file");
    report->callback([&] { code = squall::cli::report(arguments); });
}

void add_compare(CLI::App& app, CompareArguments& arguments, int& code) {
    auto* compare = app.add_subcommand("compare",
                                       "Hold a run against an earlier one, or a certificate against another; "
                                       "exit code 1 where something got worse");
    compare->add_option("a", arguments.a, "Run directory or certificate: what was")->required();
    compare->add_option("b", arguments.b, "Run directory or certificate: what is")->required();
    compare->add_flag("--gate", arguments.gate, "Refuse certificates of two servers (exit code 2)");
    compare->add_option("--json", arguments.json, "Write it as JSON to this file");
    compare->add_option("--html", arguments.html, "Write it as HTML to this file");
    compare->add_option("--markdown", arguments.markdown, "Write it as Markdown to this file");
    compare->callback([&] { code = squall::cli::compare(arguments); });
}

void add_init(CLI::App& app, InitArguments& arguments, int& code) {
    auto* init = app.add_subcommand("init", "Write the profile of a server that runs, checking it step by step");
    init->add_option("--sse", arguments.sse, "URL of an event stream; {topic} stands for the topic");
    init->add_option("--websocket", arguments.websocket, "URL of a WebSocket (ws://, wss://), likewise");
    init->add_option("--publish", arguments.publish, "How a message is published: 'POST URL', likewise");
    init->add_option("--body", arguments.body, "What is published; {payload} stands for the message");
    several(init->add_option("--header", arguments.headers,
                             "'Name: value', sent with every request; may be given several times"));
    several(
        init->add_option("--opening", arguments.opening,
                         "Text frame that subscribes, sent once the WebSocket is open; may be given several times"));
    auto* ca = init->add_option("--ca", arguments.ca, "Trust the certificates in this file (PEM)");
    init->add_flag("--insecure", arguments.insecure, "Take any certificate")->excludes(ca);
    init->add_option("--output", arguments.output, "Where the profile goes; a file that is there is not replaced")
        ->capture_default_str();
    init->add_option("--listen", arguments.listen_s, "Seconds to wait for a message to arrive, and then for heartbeats")
        ->check(CLI::Range(0.1, 3600.0))
        ->capture_default_str();
    init->callback([&] { code = squall::cli::init(arguments); });
}

/// An exception that nobody catches (memory ran out in a thread): nothing is unwound any more.
[[noreturn]] void give_up() {
    const char* reason = "unknown";
    try {
        if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
        reason = error.what();
    } catch (...) {  // not ours: nothing here throws anything else
    }
    dprintf(STDERR_FILENO, "squall: internal error: %s; `squall heal` puts back what this run had made\n", reason);
    _exit(4);
}

}  // namespace

int main(int argc, char** argv) {
    std::set_terminate(give_up);
    CLI::App app{"Chaos and fault-injection tests for servers that push over SSE or WebSocket"};
    app.set_version_flag("--version", SQUALL_VERSION);
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 all held, 1 an invariant was violated, 2 the input is wrong, 3 inconclusive, 4 the rig failed.");
    int code = 0;
    RunArguments arguments;
    std::vector<std::string> files;
    std::string name, directory, scenario, json;
    add_run(app, arguments, code);
    CertifyArguments certify_arguments;
    add_certify(app, certify_arguments, code);
    ReproduceArguments reproduce_arguments;
    add_reproduce(app, reproduce_arguments, code);
    ProxyArguments proxy_arguments;
    add_proxy(app, proxy_arguments, code);
    InitArguments init_arguments;
    add_init(app, init_arguments, code);

    squall::cli::IncidentArguments incident_arguments;
    squall::cli::add_incident(app, incident_arguments, code);

    auto* validate =
        app.add_subcommand("validate", "Check scenarios and profiles; reports every mistake with line and column");
    validate->add_option("scenario", files, "Files, directories, or names in the catalogue")->required();
    validate->add_option("--target", arguments.target, "Also check that this target can be put to it")
        ->capture_default_str();
    validate->callback([&] { code = squall::cli::validate(files, arguments.target); });

    auto* list = app.add_subcommand("list", "Show the faults, metrics, targets and scenarios there are");
    list->add_option("what", name, "faults, metrics, targets or scenarios; all of them if left out")
        ->check(CLI::IsMember({"faults", "metrics", "targets", "scenarios"}));
    list->callback([&] { code = squall::cli::list(name); });

    auto* explain = app.add_subcommand("explain", "Tell what one fault, metric or scenario does");
    explain->add_option("name", name, "As `squall list` shows it")->required();
    explain->callback([&] { code = squall::cli::explain(name); });

    auto* doctor =
        app.add_subcommand("doctor", "Tell which faults this host can inject, and what would enable the rest");
    doctor->callback([&] { code = squall::cli::doctor(); });

    auto* judge = app.add_subcommand("judge", "Judge a saved run again, by its own invariants or by others");
    judge->add_option("run", directory, "Run directory")->required();
    judge->add_option("--scenario", scenario, "Take the invariants from this file");
    judge->add_option("--json", json, "Write the findings as JSON to this file");
    judge->callback([&] { code = squall::cli::judge(directory, scenario, json); });

    ReportArguments report_arguments;
    add_report(app, report_arguments, code);
    CompareArguments compare_arguments;
    add_compare(app, compare_arguments, code);

    auto* heal =
        app.add_subcommand("heal", "Put right whatever killed runs have left behind; living ones are not touched");
    heal->callback([&] { code = squall::cli::heal(); });

    auto* schema = app.add_subcommand("schema", "Print the JSON Schema of the scenario format, for editors");
    schema->callback([&] { code = squall::cli::schema(); });

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {  // a bug of squall's: what was made is unwound on the way here
        std::cerr << "squall: internal error: " << error.what() << "\n";
        return 4;
    }
    return code;
}
