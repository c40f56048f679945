// Expected failures are values: what was attempted, what came of it, and what to do about it.
#pragma once

#include <boost/system/result.hpp>
#include <concepts>
#include <cstring>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace squall {

struct Error {
    std::string message;   ///< one sentence a user can act on; carries no trailing full stop or newline
    int system_error = 0;  ///< errno of the failing call, 0 where there was none
};

/// For boost::system::result: reaching for the value of a failure is a bug in the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
    throw std::logic_error("value of a failed result: " + error.message);
}

/// boost::system::result with one difference: what converts to T is the value. Boost's own constructor gives up where
/// the error could be made from it too, and Error, an aggregate that begins with a string, can be made from a string.
template <class T>
class ValueOrError : public boost::system::result<T, Error> {
    using Base = boost::system::result<T, Error>;

public:
    ValueOrError() requires std::default_initializable<T>
    = default;
    ValueOrError(const Error& error) : Base(boost::system::in_place_error, error) {}
    ValueOrError(Error&& error) : Base(boost::system::in_place_error, std::move(error)) {}
    template <class A = T>
    requires(std::convertible_to<A, T> && !std::same_as<std::remove_cvref_t<A>, Error> &&
             !std::derived_from<std::remove_cvref_t<A>, Base>) ValueOrError(A&& value)
        : Base(boost::system::in_place_value, std::forward<A>(value)) {}
};

template <class T>
struct ResultOf {
    using type = ValueOrError<T>;
};
template <>
struct ResultOf<void> {
    using type = boost::system::result<void, Error>;
};

template <class T>
using Result = typename ResultOf<T>::type;
using Status = Result<void>;

/// "attempted: strerror(number); advice". `number` is taken from errno by the caller, before anything can change it.
inline Error system_failure(std::string attempted, int number, const std::string& advice = {}) {
    std::string text = std::move(attempted) + ": " + std::strerror(number);
    if (!advice.empty()) text += "; " + advice;
    return Error{std::move(text), number};
}

}  // namespace squall
