// What the readers of all formats fill: values by name and time, in the order in which the file has them.
#pragma once

#include <map>

#include "suites/incident/values.hpp"

namespace squall::incident {

class Builder {
public:
    explicit Builder(std::string file) : file_(std::move(file)) {}

    void mistake(Place place, std::string_view message);
    /// There are as many mistakes as anybody reads, or more values than are kept: nothing further need be read.
    bool enough() const { return enough_; }

    /// `at_s` on the file's own clock.
    void value(const std::string& name, double at_s, Value value, Place place);
    void event(Event::What what, double at_s, std::string text, Place place);
    void unread(const std::string& name, std::string problem, Place place, bool in_words = false);
    /// A value that is NaN, infinite, or written as none.
    void gap() { ++gaps_; }
    void note(std::string sentence) { notes_.push_back(std::move(sentence)); }

    /// Instants begin at 0, points are sorted, units that only the name tells are applied.
    ReadRecording finish(std::string format) &&;

private:
    struct Read {
        Point point;
        Place place;
    };
    struct Kept {
        Series series;
        std::vector<Read> values;
    };
    void fit_units(Kept& kept);
    void order(Kept& kept, double first_s);
    void several_at_once();

    std::string file_;
    std::vector<InputError> errors_;
    std::vector<Kept> kept_;
    std::map<std::string, std::size_t, std::less<>> index_;
    std::vector<Event> events_;
    std::vector<Unread> unread_;
    std::map<std::string, std::size_t, std::less<>> unread_index_;
    std::vector<std::string> notes_;
    std::size_t values_ = 0, gaps_ = 0;
    std::vector<Unread> replaced_;  ///< by another value of the same instant
    bool enough_ = false;
};

/// rss, pod="b" → rss{pod="b"}.
std::string labelled(std::string name, const std::string& label);

void read_log(std::string_view text, Builder& builder);
void read_csv(std::string_view text, Builder& builder);
void read_prometheus(std::string_view text, Builder& builder);

/// A first line that is CSV's header.
bool begins_as_csv(std::string_view text);

}  // namespace squall::incident
