#include "faults/proxy/acceptor.hpp"

#include <fmt/format.h>

namespace squall::proxy {

Result<Endpoint> listen_on(boost::asio::ip::tcp::acceptor& acceptor, const Endpoint& endpoint, std::string_view who) {
    boost::system::error_code failed;
    const auto attempt = [&](const char* what) {
        return system_failure(fmt::format("{}: {} {}", who, what, to_string(endpoint)), failed.value());
    };
    acceptor.open(boost::asio::ip::tcp::v4(), failed);
    if (failed) return attempt("opening a socket for");
    acceptor.set_option(boost::asio::socket_base::reuse_address(true), failed);
    if (failed) return attempt("setting SO_REUSEADDR for");
    acceptor.bind({boost::asio::ip::address_v4(endpoint.address), endpoint.port}, failed);
    if (failed) return attempt("binding to");
    acceptor.listen(backlog, failed);
    if (failed) return attempt("listening on");
    return Endpoint{endpoint.address, acceptor.local_endpoint().port()};
}

}  // namespace squall::proxy
