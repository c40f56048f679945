// What the readers of all formats fill: values by name and time, in the order in which the file has them.
#pragma once

#include <map>

#include "suites/incident/values.hpp"

namespace squall::incident {

class Builder {
public:
    explicit Builder(std::string file) : file_(std::move(file)) {}

    void mistake(Place place, std::string message);
    /// There are as many mistakes as anybody reads, or more values than are kept: nothing further need be read.
    bool enough() const { return enough_; }

    /// `at_s` on the file's own clock.
    void value(const std::string& name, double at_s, const Value& value, Place place);
    void event(Event::What what, double at_s, std::string text, Place place);
    void unread(std::string name, std::string problem, Place place);
    void note(std::string sentence) { notes_.push_back(std::move(sentence)); }

    /// Instants begin at 0, points are sorted, units that only the name tells are applied.
    ReadRecording finish(std::string format) &&;

private:
    void fit_units(Series& series);
    void order(Series& series, double first_s);

    std::string file_;
    std::vector<InputError> errors_;
    std::vector<Series> series_;
    std::map<std::string, std::size_t, std::less<>> index_;
    std::vector<Event> events_;
    std::vector<Unread> unread_;
    std::vector<std::string> notes_;
    std::size_t values_ = 0;
    bool enough_ = false;
};

void read_log(std::string_view text, Builder& builder);
void read_csv(std::string_view text, Builder& builder);
void read_prometheus(std::string_view text, Builder& builder);

/// A first line that is CSV's header.
bool begins_as_csv(std::string_view text);

}  // namespace squall::incident
