// CSV after RFC 4180, with commas, semicolons or tabs: a header, a column of times, cells of which each knows its
// place. (Debian's readers do not tell where a cell stood, which is what a mistake has to say.)
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "suites/incident/builder.hpp"
#include "suites/incident/text.hpp"

namespace squall::incident {
namespace {

struct Cell {
    std::string text;
    Place place;
};

/// The first line that is not blank, without what stands in quotes.
std::string plain_header(std::string_view text) {
    const auto begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    text.remove_prefix(text.substr(0, begin).find_last_of("\r\n") + 1);  // npos + 1 is 0
    std::string plain;
    bool quoted = false;
    for (const char c : text.substr(0, text.find_first_of("\r\n"))) {
        if (c == '"') quoted = !quoted;
        if (!quoted) plain += c;
    }
    return plain;
}

/// The separator of which the header has most; none: it has one column.
std::optional<char> separator_of(std::string_view header) {
    std::optional<char> best;
    std::ptrdiff_t most = 0;
    for (const char c : {',', ';', '\t'}) {
        const auto many = std::count(header.begin(), header.end(), c);
        if (many > most) {
            best = c;
            most = many;
        }
    }
    return best;
}

class Cells {
public:
    Cells(std::string_view text, char separator) : text_(text), separator_(separator) {}

    bool done() const { return at_ >= text_.size(); }

    /// One record. Error: a quote that is not closed, or that text follows.
    Result<std::vector<Cell>> next(Place& wrong) {
        std::vector<Cell> cells;
        while (true) {
            Cell cell{"", here()};
            if (!done() && text_[at_] == '"') {
                if (Status status = quoted(cell); !status) {
                    wrong = cell.place;
                    return status.error();
                }
            } else {
                while (!done() && text_[at_] != separator_ && text_[at_] != '\n' && text_[at_] != '\r')
                    cell.text += text_[at_++];
            }
            cells.push_back(std::move(cell));
            if (done() || text_[at_] != separator_) break;
            ++at_;
        }
        if (!done() && text_[at_] == '\r') ++at_;
        if (!done() && text_[at_] == '\n') new_line();
        return cells;
    }

private:
    Place here() const { return {line_, at_ - line_begin_ + 1}; }
    void new_line() {
        line_begin_ = ++at_;
        ++line_;
    }
    Status quoted(Cell& cell) {
        for (++at_; !done();) {
            if (text_[at_] == '"' && text_.substr(at_, 2) != "\"\"") {
                ++at_;
                if (done() || text_[at_] == separator_ || text_[at_] == '\n' || text_[at_] == '\r') return {};
                return Error{"text follows the closing quote"};
            }
            at_ += text_[at_] == '"';
            cell.text += text_[at_];
            if (text_[at_] == '\n') {
                new_line();
            } else {
                ++at_;
            }
        }
        return Error{"the quote is not closed"};
    }

    std::string_view text_;
    char separator_;
    std::size_t at_ = 0, line_ = 1, line_begin_ = 0;
};

bool is_time_column(std::string_view header) {
    const std::string name = lower(header);
    for (const char* exact : {"t", "ts", "date", "datetime", "@timestamp", "at", "instant"})
        if (name == exact) return true;
    return name.rfind("elapsed", 0) == 0 || (name.rfind("time", 0) == 0 && name.rfind("timeout", 0) != 0);
}

/// With the column's unit: "time [ms]". A number without one goes by its size.
Result<Time> time_of(const std::string& text, const std::optional<NamedUnit>& unit) {
    const auto time = time_at(text);
    if (time && !*time) return time->error();
    if (time && (*time)->length == text.size() && (*time)->kind != Time::Kind::number) return **time;
    const auto number = parse_value(text);
    if (!number || number->unit)
        return Error{fmt::format("'{}' is no time (2026-03-14T14:23:45Z, 14:23:45, or seconds)", beginning(text, 40))};
    return Time{Time::Kind::number, unit ? number->number * unit->factor : seconds_by_size(number->number), 0,
                text.size()};
}

struct Columns {
    std::vector<Cell> header;
    std::size_t time = 0;
    std::optional<NamedUnit> time_unit;
    bool decimal_commas = false;
    Clock clock;
};

Columns columns_of(std::vector<Cell> header, std::size_t time) {
    const auto unit = unit_in_name(header[time].text);
    Columns columns{std::move(header), time, unit, false, {}};
    std::set<std::string> names;
    for (std::size_t i = 0; i < columns.header.size(); ++i) {
        std::string& name = columns.header[i].text;
        if (!name.empty() && !names.insert(name).second) name = labelled(name, fmt::format("column=\"{}\"", i + 1));
    }
    return columns;
}

/// 1,5 where commas separate nothing else.
std::string with_point(std::string text) {
    if (std::count(text.begin(), text.end(), ',') == 1 && text.find('.') == std::string::npos)
        text[text.find(',')] = '.';
    return text;
}

void read_row(const std::vector<Cell>& row, Columns& columns, Builder& builder) {
    if (row.size() != columns.header.size()) {
        builder.mistake(row.front().place, fmt::format("has {} cell{}, and the header has {}", row.size(),
                                                       row.size() == 1 ? "" : "s", columns.header.size()));
        return;
    }
    const Cell& when = row[columns.time];
    const auto plain = [&](const std::string& text) { return columns.decimal_commas ? with_point(text) : text; };
    const auto time = time_of(plain(std::string(trimmed(when.text))), columns.time_unit);
    const auto at_s = time ? columns.clock.going_on(*time, when.text, when.place.line) : time.error();
    if (!at_s) {
        builder.mistake(when.place, at_s.error().message);
        return;
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i == columns.time || columns.header[i].text.empty()) continue;
        if (is_not_finite(row[i].text)) builder.gap();
        if (is_gap(row[i].text)) continue;
        const auto value = parse_value(plain(row[i].text));
        if (value) {
            builder.value(columns.header[i].text, *at_s, *value, row[i].place);
        } else {
            builder.unread(columns.header[i].text, value.error().message, row[i].place);
        }
    }
}

}  // namespace

bool begins_as_csv(std::string_view text) {
    const std::string header = plain_header(text);
    return separator_of(header) && !time_at(header) && header.find_first_of(":=") == std::string_view::npos;
}

void read_csv(std::string_view text, Builder& builder) {
    const char separator = *separator_of(plain_header(text));
    Cells cells(text, separator);
    std::optional<Columns> columns;
    while (!cells.done() && !builder.enough()) {
        Place wrong;
        auto row = cells.next(wrong);
        if (!row) {
            builder.mistake(wrong, row.error().message);
            return;
        }
        if (row->size() == 1 && row->front().text.find_first_not_of(" \t") == std::string::npos) continue;
        if (columns) {
            read_row(*row, *columns, builder);
            continue;
        }
        const auto time =
            std::find_if(row->begin(), row->end(), [](const Cell& cell) { return is_time_column(cell.text); });
        if (time == row->end()) {
            std::string names;
            for (const Cell& cell : *row)
                names += (names.empty() ? "" : ", ") + cell.text;
            builder.mistake(row->front().place,
                            fmt::format("no column of times: expected one called 'time' or 'timestamp'; there "
                                        "are {}",
                                        names.substr(0, 200)));
            return;
        }
        columns = columns_of(*row, static_cast<std::size_t>(time - row->begin()));
        columns->decimal_commas = separator == ';';
    }
}

}  // namespace squall::incident
