// Compresses the server-sent events that a connection carries, as a reverse proxy or a compression middleware does.
// Looks at the first response of a connection only, which is all that a stream of events has.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "faults/proxy/http_head.hpp"
#include "faults/proxy/rewrite.hpp"

struct z_stream_s;

namespace squall::proxy {

/// What all connections under one fault share: written on the proxy's thread, read on any.
struct Compression {
    struct Count {
        std::uint64_t responses = 0;   ///< that were compressed
        std::uint64_t not_asked = 0;   ///< streams of events whose request accepts no gzip: they pass
        std::uint64_t bytes_came = 0;  ///< of bodies that are compressed …
        std::uint64_t bytes_left = 0;  ///< … and what came of them
        std::uint64_t pieces = 0;      ///< that left …
        Nanos kept_for_min = 0;        ///< … and how long the compressor had kept the first byte of those
        Nanos kept_for_max = 0;
    };

    /// The first byte that the compressor keeps waits no longer than this; none: until the compressor has a block full.
    std::optional<Nanos> flush_after;
    std::atomic<bool> in_force = true;  ///< then what is compressed already is, to its end, but nothing is kept
    std::mutex mutex;                   ///< of count
    Count count;
};

/// Takes a body out of its chunks. Trailers are left out.
class Dechunker {
public:
    /// Appends what there is of the body. False: that is no chunk.
    bool take(std::string_view bytes, std::string& body);
    bool over() const { return part_ == Part::over; }

private:
    enum class Part { size, extension, data, data_end, over };

    Part part_ = Part::size;
    std::uint64_t left_ = 0;
    bool digits_ = false;
};

class GzipResponse final : public Rewrite {
public:
    explicit GzipResponse(std::shared_ptr<Compression> shared);
    ~GzipResponse() override;

    Outcome take(Way way, std::string_view bytes, Nanos now) override;
    std::string end(Way way, Nanos now) override;
    std::string flush(Nanos now) override;
    std::optional<Nanos> due() const override;
    bool over() const override { return over_; }

private:
    struct EndDeflate {
        void operator()(z_stream_s* stream) const;
    };
    bool begins();
    bool compress(std::string_view bytes, Nanos now, std::string& out);
    void deflate_some(std::string_view body, int flush, Nanos now, std::string& out);

    std::shared_ptr<Compression> shared_;
    HttpHead request_, response_;
    std::unique_ptr<z_stream_s, EndDeflate> deflate_;  ///< 256 KiB, once there is something to compress
    std::optional<Dechunker> chunks_;                  ///< of a response that comes in chunks, and leaves in some
    std::optional<Nanos> kept_since_;
    bool over_ = false;
};

}  // namespace squall::proxy
