// A listener, with what went wrong.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string_view>

#include "faults/core/clients.hpp"

namespace squall::proxy {

constexpr int backlog = 16'384;  ///< connections that may wait to be accepted

/// Returns where it listens: port 0 is one of the kernel's choice. Errors begin with `who`.
Result<Endpoint> listen_on(boost::asio::ip::tcp::acceptor& acceptor, const Endpoint& endpoint, std::string_view who);

}  // namespace squall::proxy
