#include <algorithm>

#include "suites/invariants/judge.hpp"

namespace squall {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return "pass";
        case Verdict::inconclusive:
            return "inconclusive";
        case Verdict::fail:
            return "fail";
        case Verdict::error:
            return "error";
    }
    return "?";
}

Verdict worse(Verdict a, Verdict b) {
    return std::max(a, b);
}

int exit_code(Verdict verdict) {
    switch (verdict) {
        case Verdict::pass:
            return 0;
        case Verdict::inconclusive:
            return 3;
        case Verdict::fail:
            return 1;
        case Verdict::error:
            return 4;
    }
    return 4;
}

}  // namespace squall
