// What a fault makes of the HTTP that a connection carries. The proxy itself knows nothing of HTTP: it hands bytes in,
// and sends on what comes out. Pure: no socket, no clock.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "faults/core/units.hpp"
#include "faults/proxy/toxics.hpp"

namespace squall::proxy {

/// Of one connection, both directions.
class Rewrite {
public:
    struct Outcome {
        std::string onward;                 ///< in the place of what came
        std::optional<std::string> answer;  ///< to the client; then the connection is ended towards both sides
    };

    virtual ~Rewrite() = default;
    virtual Outcome take(Way way, std::string_view bytes, Nanos now) = 0;
    /// The sender has ended this direction: what is held of it.
    virtual std::string end(Way way, Nanos now) = 0;

    /// What is held of what goes to the client, which is called at due() and when the fault has been lifted.
    virtual std::string flush(Nanos) { return {}; }
    virtual std::optional<Nanos> due() const { return std::nullopt; }

    /// Bytes pass as they come from now on, in both directions.
    virtual bool over() const = 0;
};

using MakeRewrite = std::function<std::unique_ptr<Rewrite>()>;

}  // namespace squall::proxy
