#include "faults/proxy/gzip_response.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <new>

namespace squall::proxy {
namespace {

// What nginx and Node's compression middleware use: zlib's own defaults, with a gzip header (zlib.h: 16 is added).
constexpr int level = 6, window_bits = 15 + 16, memory_level = 8;
constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string chunk(std::string_view data) {
    return data.empty() ? std::string() : fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

bool Dechunker::take(std::string_view bytes, std::string& body) {
    while (!bytes.empty() && part_ != Part::over) {
        if (part_ == Part::data) {
            const std::string_view data =
                bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
            body.append(data);
            bytes.remove_prefix(data.size());
            left_ -= data.size();
            if (left_ == 0) part_ = Part::data_end;
            continue;
        }
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (c == '\n') {
            if (part_ == Part::data_end) {
                part_ = Part::size;
                continue;
            }
            if (!digits_) return false;
            part_ = left_ == 0 ? Part::over : Part::data;
            digits_ = false;
        } else if (part_ == Part::data_end) {
            if (c != '\r') return false;
        } else if (const int value = digit(c); part_ == Part::size && value >= 0) {
            if (left_ >> 59 != 0) return false;
            left_ = left_ << 4 | static_cast<std::uint64_t>(value);
            digits_ = true;
        } else {
            if (!digits_) return false;
            part_ = Part::extension;
        }
    }
    return true;
}

void GzipResponse::EndDeflate::operator()(z_stream_s* stream) const {
    deflateEnd(stream);
    delete stream;
}

GzipResponse::GzipResponse(std::shared_ptr<Compression> shared) : shared_(std::move(shared)) {}
GzipResponse::~GzipResponse() = default;

Rewrite::Outcome GzipResponse::take(Way way, std::string_view bytes, Nanos now) {
    if (way == Way::to_target) {
        std::string_view rest = bytes;
        request_.take(rest);
        return {std::string(bytes), {}};
    }
    if (over_) return {std::string(bytes), {}};
    std::string out;
    if (!deflate_) {
        if (response_.take(bytes) == HttpHead::State::more) return {};
        if (!begins()) {
            over_ = true;
            return {response_.text() + std::string(bytes), {}};
        }
        out = response_.text();
    }
    if (!compress(bytes, now, out))
        return {{}, ""};  // what is no chunk is no response: as proxies do, it is broken off
    return {std::move(out), {}};
}

/// Whether the response whose head is complete is compressed. It says so then.
bool GzipResponse::begins() {
    const bool stream = response_.state() == HttpHead::State::complete &&
                        response_.lists("Content-Type", "text/event-stream") &&
                        response_.first_line().find(" 200 ") == 8 && !response_.has("Content-Encoding") &&
                        !response_.has("Content-Length");
    if (!stream || !shared_->in_force) return false;
    const bool asked = request_.lists("Accept-Encoding", "gzip");
    {
        const std::lock_guard lock(shared_->mutex);
        ++(asked ? shared_->count.responses : shared_->count.not_asked);
    }
    if (!asked) return false;
    auto stream_of = std::make_unique<z_stream_s>();
    if (deflateInit2(stream_of.get(), level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    deflate_.reset(stream_of.release());
    response_.add("Content-Encoding", "gzip");
    response_.add("Vary", "Accept-Encoding");
    if (response_.lists("Transfer-Encoding", "chunked")) chunks_.emplace();
    return true;
}

/// False: the response is not in the chunks that it says it is in.
bool GzipResponse::compress(std::string_view bytes, Nanos now, std::string& out) {
    std::string unchunked;
    if (chunks_) {
        if (chunks_->over()) return true;
        if (!chunks_->take(bytes, unchunked)) return false;
        bytes = unchunked;
    }
    const bool last = chunks_ && chunks_->over();
    const bool keeps = shared_->in_force && shared_->flush_after != Nanos{0};
    if (!bytes.empty() || last) deflate_some(bytes, last ? Z_FINISH : keeps ? Z_NO_FLUSH : Z_SYNC_FLUSH, now, out);
    if (last) out += last_chunk;
    return true;
}

void GzipResponse::deflate_some(std::string_view body, int flush, Nanos now, std::string& out) {
    if (!kept_since_ && !body.empty()) kept_since_ = now;
    std::string compressed;
    char piece[16 * 1024];
    deflate_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    deflate_->avail_in = static_cast<uInt>(body.size());
    do {
        deflate_->next_out = reinterpret_cast<Bytef*>(piece);
        deflate_->avail_out = sizeof piece;
        deflate(deflate_.get(), flush);  // it cannot fail: there is room, and the state is sound
        compressed.append(piece, sizeof piece - deflate_->avail_out);
    } while (deflate_->avail_out == 0);
    out += chunks_ ? chunk(compressed) : compressed;

    const std::lock_guard lock(shared_->mutex);
    Compression::Count& count = shared_->count;
    const bool head_only = deflate_->total_out == compressed.size() && compressed.size() <= 10;  // RFC 1952's header
    count.bytes_came += body.size();
    count.bytes_left += compressed.size();
    if (compressed.empty() || head_only || !kept_since_) return;
    const Nanos kept_for = now - *kept_since_;
    ++count.pieces;
    count.kept_for_min = count.pieces == 1 ? kept_for : std::min(count.kept_for_min, kept_for);
    count.kept_for_max = std::max(count.kept_for_max, kept_for);
    if (flush == Z_NO_FLUSH) {
        kept_since_ = now;  // of what is behind the block that left
    } else {
        kept_since_.reset();
    }
}

std::string GzipResponse::flush(Nanos now) {
    std::string out;
    if (deflate_ && kept_since_) deflate_some({}, Z_SYNC_FLUSH, now, out);
    return out;
}

std::optional<Nanos> GzipResponse::due() const {
    if (!kept_since_ || !shared_->flush_after) return std::nullopt;
    return *kept_since_ + *shared_->flush_after;
}

std::string GzipResponse::end(Way way, Nanos now) {
    if (way == Way::to_target || over_) return {};
    if (!deflate_) return response_.text();
    if (chunks_ && chunks_->over()) return {};
    // In chunks, an end without the last one is a cut, and stays one.
    std::string out;
    deflate_some({}, chunks_ ? Z_SYNC_FLUSH : Z_FINISH, now, out);
    return out;
}

}  // namespace squall::proxy
