#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "parley/base/metrics.hpp"
#include "parley/call/registry.hpp"
#include "parley/net/http_message.hpp"

namespace parley::admin {

// The operator's listener: probes, metrics, what runs now. Loopback by default; it knows no secret and changes nothing.
//   GET /livez     200 while every loop has turned within two seconds
//   GET /readyz    200 when new calls are welcome: 503 while draining or starting
//   GET /metrics   Prometheus text
//   GET /version   build
//   GET /calls     live calls: CallSid, agent, age
class AdminSurface {
public:
    struct Services {
        Metrics& metrics;
        call::Registry& registry;
        std::function<bool()> live;
        std::function<bool()> ready;
        std::string version_json;
    };
    explicit AdminSurface(Services services) : services_(std::move(services)) {}

    [[nodiscard]] net::HttpResponse handle(const net::HttpRequest& request) const;

private:
    Services services_;
};

}  // namespace parley::admin
