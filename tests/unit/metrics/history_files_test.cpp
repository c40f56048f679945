#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include "suites/metrics/history.hpp"

namespace squall {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class HistoryFiles : public testing::Test {
protected:
    HistoryFiles() {
        std::string pattern = (fs::temp_directory_path() / "squall-history-XXXXXX").string();
        directory = ::mkdtemp(pattern.data());
    }
    ~HistoryFiles() override { fs::remove_all(directory); }

    void write(const std::string& name, const std::string& text) { std::ofstream(directory / name) << text; }
    std::string read(const std::string& name) {
        std::ostringstream text;
        text << std::ifstream(directory / name).rdbuf();
        return text.str();
    }
    std::string load_error() {
        const auto loaded = History::load(directory);
        return loaded ? "loaded" : loaded.error().message;
    }

    fs::path directory;
};

bool same_bits(double a, double b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
}

void expect_same(const History& a, const History& b) {
    ASSERT_EQ(a.gauges().size(), b.gauges().size());
    for (const auto& [key, points] : a.gauges()) {
        const auto& others = b.gauges().at(key);
        ASSERT_EQ(points.size(), others.size());
        for (std::size_t i = 0; i < points.size(); ++i) {
            EXPECT_EQ(points[i].at, others[i].at);
            EXPECT_TRUE(same_bits(points[i].value, others[i].value)) << points[i].value << " " << others[i].value;
        }
    }
    ASSERT_EQ(a.distributions().size(), b.distributions().size());
    for (const auto& [key, slices] : a.distributions()) {
        for (const auto& [slice, values] : slices) {
            const Histogram& other = b.distributions().at(key).at(slice);
            EXPECT_EQ(values.buckets(), other.buckets());
            EXPECT_EQ(values.min(), other.min());
            EXPECT_EQ(values.max(), other.max());
            EXPECT_TRUE(same_bits(values.sum(), other.sum()));
        }
    }
    ASSERT_EQ(a.events().size(), b.events().size());
    for (std::size_t i = 0; i < a.events().size(); ++i) {
        EXPECT_EQ(a.events()[i].at, b.events()[i].at);
        EXPECT_EQ(a.events()[i].metric, b.events()[i].metric);
        EXPECT_EQ(a.events()[i].labels, b.events()[i].labels);
        EXPECT_TRUE(same_bits(a.events()[i].value, b.events()[i].value));
    }
    ASSERT_EQ(a.spans().size(), b.spans().size());
    for (std::size_t i = 0; i < a.spans().size(); ++i) {
        EXPECT_EQ(a.spans()[i].name, b.spans()[i].name);
        EXPECT_EQ(a.spans()[i].start, b.spans()[i].start);
        EXPECT_EQ(a.spans()[i].end, b.spans()[i].end);
    }
    EXPECT_EQ(a.facts(), b.facts());
}

/// Any finite double whatever: random bits, so that all magnitudes and both signs come up.
double any_double(std::mt19937_64& random) {
    while (true) {
        const std::uint64_t bits = random();
        double value;
        std::memcpy(&value, &bits, sizeof value);
        if (std::isfinite(value)) return value;
    }
}

std::string any_string(std::mt19937_64& random) {
    std::string text;
    for (std::size_t i = random() % 12; i > 0; --i)
        text += static_cast<char>(random() % 256);
    return text;
}

History any_history(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    History history;
    for (std::size_t series = random() % 4; series > 0; --series) {
        const Labels labels{{any_string(random), any_string(random)}, {"cohort", "a"}};
        for (std::size_t i = random() % 3000; i > 0; --i) {
            history.sample("target.memory", labels, static_cast<Nanos>(random() >> 1), any_double(random));
        }
        for (std::size_t i = random() % 500; i > 0; --i) {
            history.record("silence", labels, static_cast<Nanos>(random() % 10'000'000'000),
                           static_cast<Nanos>(random() >> (1 + random() % 63)));
        }
    }
    for (std::size_t i = random() % 300; i > 0; --i) {
        history.event({static_cast<Nanos>(random() % 1000),
                       "connects",
                       {{"connection", any_string(random)}},
                       any_double(random)});
    }
    history.span({"run", -5, static_cast<Nanos>(random() >> 1)});
    history.facts()["seed"] = random();
    history.facts()["load"] = any_double(random);
    history.facts()["nested"] = json::array{json::object{{any_string(random), nullptr}}, true, -1};
    history.sort();
    return history;
}

TEST_F(HistoryFiles, RoundTripIsExactToTheBit) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        SCOPED_TRACE(seed);
        const History history = any_history(seed);
        ASSERT_TRUE(history.save(directory).has_value());
        const auto loaded = History::load(directory);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
        expect_same(history, *loaded);
    }
}

TEST_F(HistoryFiles, EmptyHistoryRoundTrips) {
    const fs::path deeper = directory / "not" / "there" / "yet";
    ASSERT_TRUE(History().save(deeper).has_value());
    const auto loaded = History::load(deeper);
    ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
    expect_same(History(), *loaded);
}

TEST_F(HistoryFiles, FormatIsTheDocumentedOne) {
    History history;
    history.sample("connections", {{"cohort", "a"}}, 5, 200);
    history.sample("connections", {{"cohort", "a"}}, 6, 199.5);
    history.record("silence", {}, 300'000'000, 600);
    history.event({7, "connects", {{"connection", "a#0.1"}}, 1});
    history.span({"run", 0, 9});
    history.facts()["seed"] = 7;
    ASSERT_TRUE(history.save(directory).has_value());
    EXPECT_EQ(read("gauges.jsonl"),
              "{\"format\":\"squall.gauges\",\"version\":1}\n"
              "{\"metric\":\"connections\",\"labels\":{\"cohort\":\"a\"},\"points\":[[5,200],[6,199.5]]}\n");
    EXPECT_EQ(read("distributions.jsonl"),
              "{\"format\":\"squall.distributions\",\"version\":1}\n"
              "{\"metric\":\"silence\",\"labels\":{},\"slice\":1,\"min\":600,\"max\":600,\"sum\":600,"
              "\"buckets\":[[556,1]]}\n");
    EXPECT_EQ(read("events.jsonl"),
              "{\"format\":\"squall.events\",\"version\":1}\n"
              "{\"at\":7,\"metric\":\"connects\",\"labels\":{\"connection\":\"a#0.1\"},\"value\":1}\n");
    EXPECT_EQ(read("facts.json"),
              "{\"format\":\"squall.facts\",\"version\":1,\n"
              "\"spans\":[{\"name\":\"run\",\"start\":0,\"end\":9}],\n\"facts\":{\"seed\":7}}\n");
}

TEST_F(HistoryFiles, ErrorsNameFileAndLine) {
    const std::string at = directory.string() + "/";
    EXPECT_NE(load_error().find("open " + at + "facts.json"), std::string::npos) << load_error();

    ASSERT_TRUE(any_history(3).save(directory).has_value());
    const std::string header = "{\"format\":\"squall.gauges\",\"version\":1}\n";
    write("gauges.jsonl", header + "{\"metric\":\"connections\",\"labels\":{},\"points\":[[1,2]\n");
    EXPECT_EQ(load_error().find(at + "gauges.jsonl:2: no JSON: "), 0u) << load_error();
    write("gauges.jsonl", header + "{\"labels\":{},\"points\":[]}\n");
    EXPECT_EQ(load_error(), at + "gauges.jsonl:2: 'metric' is missing");
    write("gauges.jsonl", header + "{\"metric\":\"m\",\"labels\":{},\"points\":[[1,2],[1]]}\n");
    EXPECT_EQ(load_error(), at + "gauges.jsonl:2: each element of 'points' must be a pair");
    write("gauges.jsonl", header + "{\"metric\":\"m\",\"labels\":{},\"points\":[[1.5,2]]}\n");
    EXPECT_EQ(load_error(), at + "gauges.jsonl:2: 'points' must be a whole number");
    write("gauges.jsonl", "{\"format\":\"squall.gauges\",\"version\":2}\n");
    EXPECT_EQ(load_error(), at + "gauges.jsonl:1: format version 2; this squall reads version 1");
    write("gauges.jsonl", "{\"format\":\"squall.events\",\"version\":1}\n");
    EXPECT_EQ(load_error(), at + "gauges.jsonl:1: 'format' must be squall.gauges");
    write("gauges.jsonl", "");
    EXPECT_EQ(load_error(), at + "gauges.jsonl:1: is empty; the first line must name the format");
}

TEST_F(HistoryFiles, HistogramsThatContradictThemselvesAreRefused) {
    ASSERT_TRUE(History().save(directory).has_value());
    const auto distribution = [&](const std::string& rest) {
        write("distributions.jsonl",
              "{\"format\":\"squall.distributions\",\"version\":1}\n"
              "{\"metric\":\"silence\",\"labels\":{},\"slice\":0," +
                  rest + "}\n");
        return load_error();
    };
    EXPECT_EQ(distribution(R"("min":5,"max":5,"sum":5,"buckets":[[5,1]])"), "loaded");
    EXPECT_NE(distribution(R"("min":5,"max":9,"sum":5,"buckets":[[5,1]])").find("'min' and 'max' must"),
              std::string::npos);
    EXPECT_NE(distribution(R"("min":0,"max":0,"sum":0,"buckets":[])").find("'min' and 'max' must"), std::string::npos);
    EXPECT_NE(distribution(R"("min":5,"max":5,"sum":5,"buckets":[[5,0]])").find("at least 1"), std::string::npos);
    EXPECT_NE(distribution(R"("min":5,"max":5,"sum":9,"buckets":[[5,1],[5,1]])").find("once"), std::string::npos);
}

TEST_F(HistoryFiles, FullDiskIsReportedAndLeavesNoHalfFile) {
    // A directory in the file's place: the rename fails as late as a full disk would.
    fs::create_directory(directory / "facts.json");
    const Status status = History().save(directory);
    ASSERT_FALSE(status.has_value());
    EXPECT_NE(status.error().message.find("facts.json"), std::string::npos);
    EXPECT_NE(status.error().system_error, 0);
    for (const auto& entry : fs::directory_iterator(directory))
        EXPECT_NE(entry.path().extension(), ".partial") << entry.path();
}

}  // namespace
}  // namespace squall
