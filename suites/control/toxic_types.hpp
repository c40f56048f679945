// The toxics of Toxiproxy's API, and what each of them means to squall's proxy. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "faults/core/result.hpp"
#include "faults/proxy/toxic_stream.hpp"

namespace squall::control {

/// "bandwidth, latency, …"
std::string toxic_types();

/// The attributes of a toxic of this type: those in `given` over those in `before`, which is empty or came from here;
/// what neither has is 0. Errors: a type or an attribute that does not exist, a value out of its range.
Result<boost::json::object> attributes_of(std::string_view type, const boost::json::object& given,
                                          const boost::json::object& before);

/// `attributes`: as attributes_of() made them.
proxy::Toxic treatment_of(std::string_view type, const boost::json::object& attributes);

}  // namespace squall::control
