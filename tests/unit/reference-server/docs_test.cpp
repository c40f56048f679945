// The reference page tells of everything there is, with the right defaults.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "reference-server/src/config.hpp"
#include "reference-server/src/exposition.hpp"

namespace squall::reference {
namespace {

struct ReferencePage : ::testing::Test {
    ReferencePage() {
        std::stringstream text;
        text << std::ifstream(REFERENCE_PAGE).rdbuf();
        page = text.str();
    }
    bool says(const std::string& text) const { return page.find(text) != std::string::npos; }
    std::string page;
};

TEST_F(ReferencePage, HasEverySettingWithItsDefault) {
    const Config defaults;
    for (const Setting& setting : settings()) {
        const auto row = page.find("| `" + std::string(setting.name) + "` |");
        ASSERT_NE(row, std::string::npos) << setting.name;
        const std::string line = page.substr(row, page.find('\n', row) - row);
        EXPECT_NE(line.find(" | " + value_text(defaults, setting) + " | "), std::string::npos) << line;
        EXPECT_NE(line.find(setting.meaning), std::string::npos) << line;
    }
}

TEST_F(ReferencePage, HasEveryReasonAndCause) {
    for (const Reason reason : all_reasons)
        EXPECT_TRUE(says("| `" + std::string(name(reason)) + "` |"));
    for (const Refusal refusal : all_refusals)
        EXPECT_TRUE(says("| `" + std::string(name(refusal)) + "` |"));
}

TEST_F(ReferencePage, HasEveryMetric) {
    const Metrics metrics;
    std::istringstream lines(
        exposition({.metrics = metrics, .queue_depths = {}, .queue_bytes = {}, .topics = 0, .log_lines_lost = 0}));
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("# TYPE ", 0) != 0) continue;
        const std::string metric = line.substr(7, line.find(' ', 7) - 7);
        EXPECT_TRUE(says("`" + metric + "`")) << metric;
    }
}

}  // namespace
}  // namespace squall::reference
