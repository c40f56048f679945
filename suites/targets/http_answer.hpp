// One HTTP/1.1 response, taken from the bytes of its connection. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "faults/core/result.hpp"

namespace squall {

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};  ///< as they came
};

class AnswerReader {
public:
    /// Of the head, and of what stands around the body's chunks.
    static constexpr std::size_t framing_bytes_max = 8 * 1024;

    /// A longer body is an error.
    explicit AnswerReader(std::size_t body_bytes_max);
    ~AnswerReader();

    /// The connection's next bytes. True: the answer is whole; what follows is not looked at.
    /// Errors: not HTTP, too long.
    Result<bool> feed(std::string_view bytes);
    /// The connection has ended. Error: it was cut off inside of the answer.
    Status end();
    HttpAnswer take();  ///< once it is whole

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::string pending_;  // of the head or of a chunk's head: not yet whole
};

}  // namespace squall
