// What is written as JSON beside its schema in docs/reference.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

namespace squall::report {

inline boost::json::object schema_in(const char* file) {
    std::ifstream stream(file);
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    return boost::json::parse(text).as_object();
}

/// They are all of the schema's, which requires them all.
inline void expect_keys(const boost::json::object& object, const boost::json::object& schema,
                        const std::string& where) {
    const auto& properties = schema.at("properties").as_object();
    EXPECT_EQ(object.size(), properties.size()) << where;
    EXPECT_EQ(object.size(), schema.at("required").as_array().size()) << where;
    for (const auto& [key, value] : object)
        EXPECT_TRUE(properties.contains(key)) << where << ": " << key;
}

}  // namespace squall::report
