// Takes a body out of Content-Encoding: gzip (RFC 1952), piece by piece: what it expands to is never there as a whole.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

struct z_stream_s;

namespace squall::workload {

class Inflater {
public:
    /// What it holds while it is there: zlib's window of 32 KiB and its tables (zlib's technical details: "about 7
    /// KiB").
    static constexpr std::size_t bytes = 40 * 1024;
    /// What the bytes of one feed() may expand to. zlib's format allows 1,032 times as much as comes.
    static constexpr std::size_t expanded_bytes_max = 16 * 1024 * 1024;

    Inflater();  ///< throws std::bad_alloc

    /// Hands on what the bytes expand to, at most 16 KiB at a time, until `take` returns false. False: broken, see
    /// why().
    bool feed(std::string_view wire, const std::function<bool(std::string_view)>& take);
    const char* why() const { return why_; }

private:
    struct End {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, End> stream_;
    const char* why_ = nullptr;
};

}  // namespace squall::workload
