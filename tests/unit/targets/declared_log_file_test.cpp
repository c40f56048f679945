#include "suites/targets/declared_log_file.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace squall {
namespace {

namespace fs = std::filesystem;

const DeclaredLog format{"event", "disconnect", "peer", "protocol", "reason", "time"};

std::string line(const std::string& reason) {
    return R"({"event":"disconnect","peer":"198.18.0.1:4000","reason":")" + reason + "\"}\n";
}

std::vector<std::string> reasons_in(const std::string& text) {
    std::string pattern = (fs::temp_directory_path() / "squall-log-XXXXXX").string();
    const fs::path directory = ::mkdtemp(pattern.data());
    std::ofstream(directory / "target.log", std::ios::binary) << text;
    const auto content = read_declared_log_file(directory / "target.log", format);
    fs::remove_all(directory);
    std::vector<std::string> reasons;
    EXPECT_TRUE(content.has_value());
    for (const auto& disconnect : content->disconnects) {
        reasons.push_back(disconnect.reason);
        EXPECT_EQ(disconnect.offset, text.find("{\"event\":\"disconnect\",\"peer\":\"198.18.0.1:4000\",\"reason\":\"" +
                                               disconnect.reason));
    }
    return reasons;
}

TEST(DeclaredLogFile, LinesAreReadWhereverAPieceEnds) {
    for (std::size_t filler = 65'400; filler < 65'600; ++filler) {
        const auto reasons = reasons_in(std::string(filler, '.') + "\n" + line("first") + line("second"));
        ASSERT_EQ(reasons, (std::vector<std::string>{"first", "second"})) << filler;
    }
}

TEST(DeclaredLogFile, ALineThatIsTooLongIsPassedOver) {
    const std::string long_line = line(std::string(3 * log_line_bytes_max, 'x'));
    EXPECT_EQ(reasons_in(line("before") + long_line + line("after")), (std::vector<std::string>{"before", "after"}));
}

TEST(DeclaredLogFile, TheLastLineNeedsNoEnd) {
    std::string text = line("only");
    text.pop_back();
    EXPECT_EQ(reasons_in(text), std::vector<std::string>{"only"});
    EXPECT_TRUE(reasons_in("").empty());
}

TEST(DeclaredLogFile, AMissingFileIsAnError) {
    EXPECT_FALSE(read_declared_log_file("/nonexistent/target.log", format).has_value());
}

}  // namespace
}  // namespace squall
