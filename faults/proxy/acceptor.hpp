// A listener, with what went wrong.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string_view>

#include "faults/core/clients.hpp"

namespace squall::proxy {

/// Returns where it listens: port 0 is one of the kernel's choice. Errors begin with `who`.
Result<Endpoint> listen_on(boost::asio::ip::tcp::acceptor& acceptor, const Endpoint& endpoint, std::string_view who);

}  // namespace squall::proxy
