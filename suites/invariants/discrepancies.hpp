// What does not add up in the books, in words, and who had part in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "suites/invariants/measure.hpp"

namespace squall {

class Discrepancies {
public:
    /// `how_many` of one kind; nothing happens for 0 or less. `name`: whose, and what is off there.
    void add(double how_many, std::string_view kind, std::string name = {}, std::optional<Nanos> at = {});
    /// One more who had part in a kind that has been added; a kind that has not is left alone.
    void name(std::string_view kind, std::string name);

    bool none() const { return kinds_.empty(); }
    bool only(std::string_view kind) const { return kinds_.size() == 1 && kinds_[0].words == kind; }
    /// The share of `expected` that is not among the discrepancies. The detail names at most ten of each kind.
    Measured result(double expected, std::string_view of_what) const;

private:
    struct Kind {
        std::string words;
        double how_many = 0;
        std::vector<std::string> names;
    };
    Kind* find(std::string_view words);

    std::vector<Kind> kinds_;
    std::optional<Nanos> since_;
};

}  // namespace squall
