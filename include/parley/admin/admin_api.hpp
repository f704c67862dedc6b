#pragma once
// What operators and their programs do to calls: routes below /v1 on the admin listener. docs/control.md has it all.
//   POST /v1/calls                       places a call: 201
//   GET  /v1/calls                       live ones, and those we placed
//   GET  /v1/calls/{sid}                 its record
//   GET  /v1/calls/{sid or dial}/status
//   POST /v1/calls/{sid}/{action}        hangup transfer hold resume mute unmute coach join say digits record park pickup redirect announce
//   GET  /v1/queues, /v1/conferences

#include <memory>
#include <string>

#include "parley/admin/api_router.hpp"
#include "parley/base/log.hpp"
#include "parley/base/metrics.hpp"
#include "parley/call/registry.hpp"
#include "parley/control/call_powers.hpp"
#include "parley/control/outbound.hpp"
#include "parley/net/http_message.hpp"
#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"

namespace parley::admin {

// On the control loop, where `outbound` and `powers` live; files are read on a thread of its own.
class AdminApi {
public:
    struct Services {
        Log& log;
        Metrics& metrics;
        call::Registry& registry;
        control::Outbound& outbound;
        control::CallPowers& powers;
        control::Carrier& carrier;
        store::CallRecords* records = nullptr;
    };
    // Its routes join those of the table, which outlives it and answers for all of /v1.
    AdminApi(Services services, ApiTable& table);
    ~AdminApi();
    AdminApi(const AdminApi&) = delete;
    AdminApi& operator=(const AdminApi&) = delete;

    [[nodiscard]] static bool mine(std::string_view path) { return path == "/v1" || path.starts_with("/v1/"); }
    // `request` must live until the end.
    net::Task<net::HttpResponse> handle(net::HttpRequest& request);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
    ApiTable& table_;
};

}  // namespace parley::admin
