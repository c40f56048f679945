// A visitor made of lambdas, for std::visit.
#pragma once

namespace squall {

template <class... Ts>
struct overloaded : Ts... {
    using Ts::operator()...;
};
template <class... Ts>
overloaded(Ts...) -> overloaded<Ts...>;  // clang 14 does not deduce it for aggregates by itself

}  // namespace squall
