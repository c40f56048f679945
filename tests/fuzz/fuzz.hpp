// What the fuzzers share: docs/reference/fuzzing.md. A fuzzer is one file: it defines fuzz(), which is called with one
// input after the other and has to be left through REQUIRE when a property does not hold.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace squall::fuzz {

void fuzz(std::string_view input);

/// Cuts `wire` into the pieces in which a connection delivers it. The input decides: its first byte is not part of the
/// stream, it is how the rest is cut (0 to 7, modulo 8: at most so many bits of length).
class Pieces {
public:
    explicit Pieces(std::string_view input)
        : state_(input.empty() ? 0 : static_cast<unsigned char>(input.front())), bits_(state_ % 8) {
        wire_ = input.substr(input.empty() ? 0 : 1);
    }

    std::string_view wire() const { return wire_; }
    /// The next piece's length, from 1 to 128.
    std::size_t next() {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX generator
        return 1 + ((state_ >> 33) & ((1U << bits_) - 1));
    }

private:
    std::string_view wire_;
    std::uint64_t state_;
    unsigned bits_;
};

[[noreturn]] inline void violated(const char* property, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: property violated: %s\n", file, line, property);
    std::abort();
}

}  // namespace squall::fuzz

#define REQUIRE(property) ((property) ? void() : ::squall::fuzz::violated(#property, __FILE__, __LINE__))
