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

/// Where the first line begins that is neither blank nor a comment.
std::size_t header_at(std::string_view text) {
    std::size_t at = 0;
    for (;;) {
        const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
        while (at < begin && text.find_first_of("\r\n", at) < begin)
            at = text.find_first_of("\r\n", at) + 1;
        if (text.substr(at, 1) != "#") return at;
        at = std::min(text.find_first_of("\r\n", at), text.size());
    }
}

/// Without what stands in quotes.
std::string plain_header(std::string_view text) {
    text.remove_prefix(header_at(text));
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
    Cells(std::string_view text, std::size_t begin, char separator)
        : text_(text),
          separator_(separator),
          at_(begin),
          line_(1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + begin, '\n'))),
          line_begin_(begin) {}

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
    std::size_t at_, line_, line_begin_;
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

/// What a comma in a number is, where cells are separated by semicolons.
struct Comma {
    bool decimal = false, thousands = false;  ///< both: cells of the column show one, and others the other
};

enum class Written { plain, decimal_comma, thousands, either };

/// 0,5 and 1234,567 have a decimal comma, 1,234,567 and 1,234.5 have not; of 1,234 and 1.234 nothing tells.
Written written(std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    const std::string_view number = text.substr(0, text.find_first_not_of("0123456789,."));
    const auto commas = std::count(number.begin(), number.end(), ',');
    const auto points = std::count(number.begin(), number.end(), '.');
    const std::size_t mark = number.find_first_of(",.");
    if (commas == 0) return Written::plain;
    const bool three_behind = number.size() - number.find_last_of(",.") == 4;
    if (commas + points == 1)
        return three_behind && mark >= 1 && mark <= 3 && number.front() != '0' ? Written::either
                                                                               : Written::decimal_comma;
    // 1.234,5: of both, the last is the decimal one.
    return points > 0 && number.find_last_of(",.") == number.find_last_of(',') ? Written::decimal_comma
                                                                               : Written::thousands;
}

struct Columns {
    std::vector<Cell> header;
    std::size_t time = 0;
    std::optional<NamedUnit> time_unit;
    std::vector<Comma> commas;  ///< of each column; none: commas separate thousands
    Clock clock;
};

Columns columns_of(std::vector<Cell> header, std::size_t time) {
    const auto unit = unit_in_name(header[time].text);
    Columns columns{std::move(header), time, unit, {}, {}};
    std::set<std::string> names;
    for (std::size_t i = 0; i < columns.header.size(); ++i) {
        std::string& name = columns.header[i].text;
        if (trimmed(name).empty()) name = fmt::format("column {}", i + 1);
        if (!names.insert(name).second) name = labelled(name, fmt::format("column=\"{}\"", i + 1));
    }
    return columns;
}

/// 1.5, unlike 2026-03-14 14:23:45.5.
bool is_pointed(std::string_view text) {
    const auto mark = text.find_first_not_of("+-0123456789 ");
    return mark != text.npos && text[mark] == '.' && text.find('-', 1) == text.npos;
}

/// What the cells of each column show.
std::vector<Comma> commas_in(Cells cells) {
    std::vector<Comma> columns;
    while (!cells.done()) {
        Place wrong;
        const auto row = cells.next(wrong);
        if (!row) break;  // it is said when it is read
        columns.resize(std::max(columns.size(), row->size()));
        for (std::size_t i = 0; i < row->size(); ++i) {
            const Written how = written((*row)[i].text);
            columns[i].decimal |= how == Written::decimal_comma;
            columns[i].thousands |= how == Written::thousands;
        }
    }
    return columns;
}

/// 1,5 as 1.5 where that is what it means. Error: nothing tells.
Result<std::string> with_point(std::string text, const Columns& columns, std::size_t column) {
    if (columns.commas.empty()) return text;
    const Written how = written(text);
    const Comma shown = column < columns.commas.size() ? columns.commas[column] : Comma{};
    const std::string cell(beginning(text, 40));
    if (how == Written::either && shown.decimal == shown.thousands)
        return Error{
            fmt::format("'{}' has a comma, and no other cell of the column tells whether it is a decimal one; write "
                        "1234 or 1.234",
                        cell)};
    // 1.234 next to 0,5: its point is that of thousands, or a slip.
    if (how == Written::plain && shown.decimal && is_pointed(text))
        return Error{fmt::format("'{}' has a point, and other cells of the column have decimal commas", cell)};
    if (how == Written::decimal_comma || (how == Written::either && shown.decimal)) {
        text.erase(std::remove(text.begin(), text.end(), '.'), text.end());  // 1.234,5
        std::replace(text.begin(), text.end(), ',', '.');
    }
    return text;
}

Result<double> instant_of(const Cell& when, Columns& columns) {
    const auto text = with_point(std::string(trimmed(when.text)), columns, columns.time);
    if (!text) return text.error();
    const auto time = time_of(*text, columns.time_unit);
    return time ? columns.clock.going_on(*time, when.text, when.place.line) : time.error();
}

void read_row(const std::vector<Cell>& row, Columns& columns, Builder& builder) {
    if (row.size() != columns.header.size()) {
        builder.mistake(row.front().place, fmt::format("has {} cell{}, and the header has {}", row.size(),
                                                       row.size() == 1 ? "" : "s", columns.header.size()));
        return;
    }
    const Cell& when = row[columns.time];
    const auto at_s = instant_of(when, columns);
    if (!at_s) {
        builder.mistake(when.place, at_s.error().message);
        return;
    }
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i == columns.time) continue;
        const auto& [text, place] = row[i];
        if (is_gap(text)) {
            if (!trimmed(text).empty()) builder.gap();
            continue;
        }
        const auto plain = with_point(text, columns, i);
        const auto value = plain ? parse_value(*plain) : plain.error();
        if (value) {
            builder.value(columns.header[i].text, *at_s, *value, place);
        } else {
            builder.unread(columns.header[i].text, value.error().message, place);
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
    Cells cells(text, header_at(text), separator);
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
                            fmt::format("is taken for CSV, by its header, and has no column of "
                                        "times: expected one called 'time' or 'timestamp'; there are {}",
                                        names.substr(0, 200)));
            return;
        }
        columns = columns_of(*row, static_cast<std::size_t>(time - row->begin()));
        if (separator == ';') columns->commas = commas_in(cells);
    }
}

}  // namespace squall::incident
