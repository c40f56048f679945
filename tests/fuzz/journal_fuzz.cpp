// A dead run's journal; the records that are still open, written anew, are the same records.
#include <algorithm>
#include <string>

#include "faults/core/journal_format.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace squall::fuzz {

void fuzz(std::string_view input) {
    const journal_format::Contents contents = journal_format::parse(input);
    REQUIRE(contents.whole_bytes <= input.size());
    REQUIRE(input.substr(contents.whole_bytes).find('\n') == std::string_view::npos);
    REQUIRE(contents.open.size() + contents.damaged.size() <=
            static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n')));

    std::string rewritten;
    for (const UndoRecord& record : contents.open)
        rewritten += journal_format::open_line(record);
    const journal_format::Contents again = journal_format::parse(rewritten);
    REQUIRE(again.damaged.empty());
    REQUIRE(again.open.size() == contents.open.size());
    for (std::size_t i = 0; i < again.open.size(); ++i) {
        REQUIRE(again.open[i].id == contents.open[i].id);
        REQUIRE(again.open[i].kind == contents.open[i].kind);
        REQUIRE(again.open[i].arguments == contents.open[i].arguments);
    }
}

}  // namespace squall::fuzz
