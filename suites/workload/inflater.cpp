#include "suites/workload/inflater.hpp"

#include <zlib.h>

#include <new>

namespace squall::workload {
namespace {

constexpr int gzip_only = 15 + 16;  // zlib.h: the largest window, and 16 for a gzip header
constexpr std::size_t piece_bytes = 16 * 1024;

}  // namespace

void Inflater::End::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}

Inflater::Inflater() {
    auto stream = std::make_unique<z_stream_s>();
    if (inflateInit2(stream.get(), gzip_only) != Z_OK) throw std::bad_alloc();
    stream_.reset(stream.release());
}

bool Inflater::feed(std::string_view wire, const std::function<bool(std::string_view)>& take) {
    char piece[piece_bytes];
    std::size_t expanded = 0;
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(wire.data()));
    stream_->avail_in = static_cast<uInt>(wire.size());
    do {
        stream_->next_out = reinterpret_cast<Bytef*>(piece);
        stream_->avail_out = sizeof piece;
        const int result = inflate(stream_.get(), Z_NO_FLUSH);
        const std::size_t size = sizeof piece - stream_->avail_out;
        expanded += size;
        if (expanded > expanded_bytes_max) {
            why_ = "gzip that expands to more than 16 MiB at once";
            return false;
        }
        if (size > 0 && !take({piece, size})) return true;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            why_ = "a body that is not the gzip that it says it is";
            return false;
        }
        if (result == Z_STREAM_END) inflateReset(stream_.get());  // a member's end; another may follow it
    } while (stream_->avail_in > 0 || stream_->avail_out == 0);
    return true;
}

}  // namespace squall::workload
