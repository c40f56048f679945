// The head of an HTTP/1 message on its way through the proxy, as far as faults look at it and change it. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace squall::proxy {

class HttpHead {
public:
    static constexpr std::size_t bytes_max = 16 * 1024;
    enum class State {
        more,
        complete,
        too_long,  ///< or no HTTP/1 at all: text() is what came of it
    };

    /// Takes the head's bytes off the front of `bytes`.
    State take(std::string_view& bytes);
    State state() const { return state_; }

    const std::string& text() const { return text_; }
    /// The request line or the status line, without its end.
    std::string_view first_line() const { return std::string_view(text_).substr(0, text_.find("\r\n")); }
    /// Whether a field of that name lists the token: names and tokens in any case, parameters (";q=1") aside.
    bool lists(std::string_view name, std::string_view token) const;
    bool has(std::string_view name) const;

    void first_line(std::string_view line);
    void remove(std::string_view name);
    void add(std::string_view name, std::string_view value);

private:
    std::string text_;
    State state_ = State::more;
};

}  // namespace squall::proxy
