// Expected failures are values: what was attempted, what came of it, and what to do about it.
#pragma once

#include <boost/system/result.hpp>
#include <cstring>
#include <string>
#include <system_error>
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

template <class T>
using Result = boost::system::result<T, Error>;
using Status = Result<void>;

/// "attempted: strerror(number); advice". `number` is taken from errno by the caller, before anything can change it.
inline Error system_failure(std::string attempted, int number, const std::string& advice = {}) {
    std::string text = std::move(attempted) + ": " + std::strerror(number);
    if (!advice.empty()) text += "; " + advice;
    return Error{std::move(text), number};
}

}  // namespace squall
