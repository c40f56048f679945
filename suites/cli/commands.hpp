// What `squall` can be told to do. Each function returns the process's exit code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "suites/report/report.hpp"

namespace squall::cli {

struct RunArguments {
    std::vector<std::string> scenarios;  ///< files, directories, or names in the catalogue
    std::string target = "reference-server";
    std::optional<std::uint64_t> seed;
    unsigned repeat = 1;
    std::string filter;    ///< glob on scenario names
    std::string protocol;  ///< of cohorts with `protocol: any`; empty: the first that the target offers
    std::string junit;
    std::string json;
    std::string html;      ///< a directory, or a file for one run
    std::string markdown;  ///< a file
    std::string runs = "runs";
    std::vector<std::string> without;
    bool plain = false;
};

struct CertifyArguments {
    std::vector<std::string> targets;
    std::string suite = "certification";  ///< directory, or a name in the catalogue
    std::string filter;                   ///< glob on ids and names
    std::string protocol;                 ///< only this one; empty: all that the target offers
    bool quick = false;
    std::string junit;
    std::string json;
    std::string out = "certificates";
    std::vector<std::string> without;
    bool plain = false;
};

struct ReproduceArguments {
    std::vector<std::string> incidents;  ///< files, directories, or names in the catalogue
    bool all = false;                    ///< those of the catalogue instead
    std::string server;                  ///< only this one; empty: all of each incident
    std::optional<std::uint64_t> seed;
    unsigned repeat = 1;
    std::string junit;
    std::string json;
    std::string html;  ///< a directory
    std::string runs = "runs";
    std::vector<std::string> without;
    bool plain = false;
};

struct ProxyArguments {
    std::string listen, upstream, control;  ///< empty: none
    std::vector<std::string> faults;        ///< "NAME OPTION=VALUE …"
};

struct ReportArguments {
    std::vector<std::string> what;  ///< run directories; or certificates, or directories that hold some
    std::string html;               ///< a file or a directory; empty: beside what is drawn
    std::string markdown;           ///< a file; empty: none
};

struct CompareArguments {
    std::string a, b;                  ///< two run directories, or two certificates
    std::string json, html, markdown;  ///< files; empty: none
    bool gate = false;                 ///< two servers are a mistake
};

struct IncidentImportArguments {
    std::string file;
    std::vector<std::string> map;  ///< "NAME=WORD"
    std::string scale, speed;      ///< "1:50", "4x"; empty: chosen
    std::string output;            ///< empty: NAME.yaml, after the file
};

struct IncidentFitArguments {
    std::string scenario;  ///< a file whose record has free parameters
    std::string target = "reference-server";
    std::size_t runs = 12;
    std::optional<std::uint64_t> seed;
    std::string protocol;  ///< as of RunArguments
    std::string out = "runs";
    std::string output;  ///< where the fitted scenario goes; empty: NAME-fitted.yaml
    std::vector<std::string> without;
    bool plain = false;
};

struct InitArguments {
    std::string sse, websocket;        ///< URLs
    std::string publish;               ///< "POST URL"
    std::string body;                  ///< with {payload}; empty: what the server takes is found out
    std::vector<std::string> headers;  ///< "Name: value"
    std::vector<std::string> opening;  ///< text frames that a WebSocket begins with
    std::string ca;
    bool insecure = false;
    std::string output = "target.yaml";
    double listen_s = 5;  ///< for a message to arrive, and then for heartbeats
};

int run(const RunArguments& arguments);
int certify(const CertifyArguments& arguments);
int reproduce(const ReproduceArguments& arguments);
int validate(const std::vector<std::string>& files, const std::string& target);
int list(const std::string& what);
int explain(const std::string& name);
int doctor();
int judge(const std::string& directory, const std::string& scenario, const std::string& json);
int report(const ReportArguments& arguments);
/// What `squall run --html --markdown` asked for: 0, or the exit code of what went wrong. `said`: of all together, in
/// words.
int report_played(const std::vector<report::RunResult>& results, std::string_view said, Verdict verdict,
                  const std::string& html, const std::string& markdown);
int compare(const CompareArguments& arguments);
int incident_import(const IncidentImportArguments& arguments);
int incident_fit(const IncidentFitArguments& arguments);
int heal();
int proxy(const ProxyArguments& arguments);
int init(const InitArguments& arguments);
int schema();

}  // namespace squall::cli
