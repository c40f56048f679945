// A visitor made of lambdas, for std::visit.
#pragma once

namespace squall {

template <class... Ts>
struct overloaded : Ts... {
    using Ts::operator()...;
};

}  // namespace squall
