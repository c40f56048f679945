#include "suites/workload/sse_stream.hpp"

#include <algorithm>

namespace squall::workload {
namespace {

constexpr std::size_t said_bytes_max = 512;
constexpr Progress open_still{};

constexpr std::size_t id_line_bytes_max = SseStream::id_bytes_max + std::string_view("id: ").size();
constexpr std::string_view data_field = "data:";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The value behind `name:` and one optional blank, if `line` is that field.
bool value_of(std::string_view line, std::string_view name, std::string_view& value) {
    if (!line.starts_with(name)) return false;
    line.remove_prefix(name.size());
    if (line.empty()) {  // a field's name alone is the field with an empty value
        value = {};
        return true;
    }
    if (line.front() != ':') return false;
    line.remove_prefix(1);
    if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    value = line;
    return true;
}

std::size_t end_of_line_in(std::string_view text) {
    const std::size_t lf = text.find('\n');
    const std::size_t cr = text.substr(0, lf).find('\r');
    return std::min(lf, cr);
}

}  // namespace

std::string_view reason_in(std::string_view json) {
    constexpr std::string_view member = "\"reason\"";
    std::string_view rest = json.substr(std::min(json.find(member), json.size()));
    if (!rest.empty()) {
        rest.remove_prefix(member.size());
        const std::size_t open = rest.find('"');
        const std::size_t close = open == std::string_view::npos ? open : rest.find('"', open + 1);
        if (close != std::string_view::npos &&
            rest.substr(0, open).find_first_not_of(" \t:") == std::string_view::npos) {
            return rest.substr(open + 1, close - open - 1).substr(0, 120);
        }
    }
    return json.substr(0, 120);
}

SseStream::SseStream(const ResponseHead& head, std::uint32_t run, Telling telling)
    : body_(head.framing, head.content_length),
      inflater_(head.gzip ? std::make_unique<Inflater>() : nullptr),
      message_(run),
      notes_(Notes::make(telling)) {}

Progress SseStream::feed(std::string_view wire, StreamSink& sink) {
    while (true) {
        std::string_view bytes;
        switch (body_.next(wire, bytes)) {
            case BodyReader::Step::more:
                return open_still;
            case BodyReader::Step::ended:
                return {Progress::State::ended, nullptr};
            case BodyReader::Step::broken:
                return broken(body_.why());
            case BodyReader::Step::data:
                const Progress progress = inflater_ ? compressed_body(bytes, sink) : body(bytes, sink);
                if (progress.state != Progress::State::open) return progress;
        }
    }
}

Progress SseStream::compressed_body(std::string_view bytes, StreamSink& sink) {
    Progress progress = open_still;
    const bool sound = inflater_->feed(bytes, [&](std::string_view text) {
        progress = body(text, sink);
        return progress.state == Progress::State::open;
    });
    return sound ? progress : broken(inflater_->why());
}

Progress SseStream::body(std::string_view bytes, StreamSink& sink) {
    while (mark_ < byte_order_mark.size() && !bytes.empty()) {
        if (bytes.front() == byte_order_mark[mark_]) {
            bytes.remove_prefix(1);
            ++mark_;
        } else {
            mark_ = byte_order_mark.size();
        }
    }
    while (!bytes.empty()) {
        if (skip_lf_) {  // CR LF is one end of line, also when a read ends between them
            skip_lf_ = false;
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
        }
        const std::size_t end = end_of_line_in(bytes);
        if (notes_) notes_->begin(bytes.substr(0, end));
        if (end == std::string_view::npos) return part_of_line(bytes);
        skip_lf_ = bytes[end] == '\r';
        const Progress progress = end_of_line(bytes.substr(0, end), sink);
        if (progress.state != Progress::State::open) return progress;
        if (notes_) notes_->tell_beginning(sink);
        bytes.remove_prefix(end + 1);
    }
    return open_still;
}

Progress SseStream::part_of_line(std::string_view part) {
    if (part.size() > line_bytes_max - line_bytes_) return broken("line longer than 1 MiB");
    line_bytes_ += static_cast<std::uint32_t>(part.size());
    if (line_ == Line::data && !data(part)) return broken("more than 65,536 markers in one event");
    if (line_ != Line::undecided) return open_still;

    // Kept until its meaning is known. Fields that are kept whole are short; of others this is a beginning.
    const std::size_t before = part_.size();
    part_.append(part.substr(0, id_line_bytes_max + 1 - before));
    if (part_.size() > data_field.size() && part_.starts_with(data_field)) {
        // Decided by the byte behind the colon, which may be the blank that is not part of the value.
        const std::size_t value_at = data_field.size() + (part_[data_field.size()] == ' ' ? 1 : 0);
        line_ = Line::data;
        part_ = {};
        if (!data(part.substr(value_at - before))) return broken("more than 65,536 markers in one event");
    } else if (part_.size() > id_line_bytes_max) {
        if (part_.starts_with("id:")) return broken("id longer than 1024 bytes");
        if (part_.starts_with("event:")) farewell_ = false;  // whatever it is called, it is not that
        line_ = Line::ignored;
        part_ = {};
    }
    return open_still;
}

Progress SseStream::end_of_line(std::string_view rest, StreamSink& sink) {
    if (rest.size() > line_bytes_max - line_bytes_) return broken("line longer than 1 MiB");
    Progress progress;
    if (line_bytes_ == 0) {
        progress = line(rest, sink);
    } else {
        progress = part_of_line(rest);
        if (progress.state == Progress::State::open && line_ == Line::undecided) progress = line(part_, sink);
        if (line_ == Line::data) message_.boundary();
        part_ = {};
    }
    line_bytes_ = 0;
    line_ = Line::undecided;
    return progress;
}

Progress SseStream::line(std::string_view text, StreamSink& sink) {
    if (text.empty()) {
        dispatch(sink);
        return open_still;
    }
    std::string_view value;
    if (text.front() == ':') {  // a comment, which is how servers keep the line from being silent
    } else if (value_of(text, "data", value)) {
        if (!data(value)) return broken("more than 65,536 markers in one event");
        message_.boundary();
    } else if (value_of(text, "id", value)) {
        if (value.size() > id_bytes_max) return broken("id longer than 1024 bytes");
        if (value.find('\0') == std::string_view::npos) {
            id_ = value;
            has_id_ = true;
        }
    } else if (value_of(text, "event", value)) {
        farewell_ = value == farewell_event;
    } else if (value_of(text, "retry", value)) {
        const bool number = !value.empty() && value.size() <= 9 &&
                            std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
        if (number) sink.on_retry(static_cast<std::uint32_t>(std::stoul(std::string(value))));
    }
    return open_still;
}

bool SseStream::data(std::string_view bytes) {
    if (farewell_ && said_.size() < said_bytes_max) said_.append(bytes.substr(0, said_bytes_max - said_.size()));
    if (notes_) notes_->hold(bytes);
    return message_.scan(bytes);
}

void SseStream::dispatch(StreamSink& sink) {
    if (has_id_) {
        sink.on_event_id(id_);
        has_id_ = false;
        if (id_.size() > 15) id_ = {};  // nothing stays allocated between events
    }
    if (notes_) notes_->tell_content(sink);
    if (const std::uint32_t foreign = message_.complete([&](const Marker& marker) { sink.on_marker(marker); })) {
        sink.on_foreign(foreign);
    }
    if (farewell_) {
        sink.on_said(reason_in(said_));
        farewell_said_ = true;
        farewell_ = false;
        said_ = {};
    }
}

}  // namespace squall::workload
