#include "faults/core/journal_format.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

namespace squall::journal_format {
namespace json = boost::json;

std::string open_line(const UndoRecord& record) {
    json::object arguments;
    for (const auto& [name, value] : record.arguments)
        arguments[name] = value;
    return json::serialize(json::object{{"open", record.id}, {"kind", record.kind}, {"arguments", arguments}}) + "\n";
}

std::string close_line(std::uint64_t id) {
    return json::serialize(json::object{{"close", id}}) + "\n";
}

namespace {

Status write_to_disk(int descriptor, std::string_view rest) {
    while (!rest.empty()) {
        const ssize_t written = ::write(descriptor, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return system_failure("write", errno, "is the disk full?");
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fdatasync(descriptor) != 0) return system_failure("fdatasync", errno, "is the disk full?");
    return {};
}

}  // namespace

Status append(int descriptor, std::string_view line) {
    struct stat before {};
    if (fstat(descriptor, &before) != 0) return system_failure("reading the journal's size", errno);
    const Status written = write_to_disk(descriptor, line);
    if (!written && ftruncate(descriptor, before.st_size) != 0) {
        return Error{written.error().message + "; what was written of it could not be taken back: " + strerror(errno),
                     written.error().system_error};
    }
    return written;
}

namespace {

std::optional<std::uint64_t> id_in(const json::value& value) {
    boost::system::error_code not_an_id;  // negative, with a fraction, or no number at all
    const auto id = value.to_number<std::uint64_t>(not_an_id);
    return not_an_id ? std::nullopt : std::optional(id);
}

/// False: the line is neither an open nor a close record.
bool apply(const json::value& line, std::vector<UndoRecord>& open) {
    const json::object* object = line.if_object();
    if (object == nullptr) return false;
    if (const json::value* closed = object->if_contains("close")) {
        const auto id = id_in(*closed);
        if (!id) return false;
        std::erase_if(open, [&](const UndoRecord& r) { return r.id == *id; });
        return true;
    }
    const json::value* opened = object->if_contains("open");
    const json::value* kind = object->if_contains("kind");
    const json::value* arguments = object->if_contains("arguments");
    if (opened == nullptr || kind == nullptr || arguments == nullptr) return false;
    const auto id = id_in(*opened);
    if (!id || !kind->is_string() || !arguments->is_object()) return false;

    UndoRecord record{*id, std::string(kind->get_string()), {}};
    for (const auto& [name, value] : arguments->get_object()) {
        if (!value.is_string()) return false;
        record.arguments.emplace(std::string(name), std::string(value.get_string()));
    }
    open.push_back(std::move(record));
    return true;
}

}  // namespace

Contents parse(std::string_view text) {
    Contents contents;
    for (std::size_t end; (end = text.find('\n', contents.whole_bytes)) != std::string_view::npos;) {
        const std::string_view line = text.substr(contents.whole_bytes, end - contents.whole_bytes);
        contents.whole_bytes = end + 1;
        boost::system::error_code malformed;
        const json::value value = json::parse(json::string_view(line.data(), line.size()), malformed);
        if (malformed || !apply(value, contents.open)) contents.damaged.emplace_back(line);
    }
    return contents;
}

}  // namespace squall::journal_format
