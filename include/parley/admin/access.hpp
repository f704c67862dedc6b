#pragma once
// Who may come in to /v1, and what is written down of what they did there: tokens and audit log, as routes and as the doors of the table.
//   POST/GET /v1/tokens, DELETE /v1/tokens/{id}, GET /v1/audit, GET /v1/openapi.json

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "parley/admin/api_router.hpp"
#include "parley/base/secret.hpp"
#include "parley/store/database.hpp"

namespace parley::admin {

// On the control loop; outlives its table's requests. Tokens are held in memory: one that was revoked elsewhere opens nothing here once refresh() has seen that
// (the poll of compose_agents, every half second), and with the store away those that are known go on.
class Access {
public:
    struct Services {
        Log& log;
        Metrics& metrics;
        store::Database& database;
        std::string instance, version;
        std::function<Secret()> bootstrap;  // server.admin_token as it is in force; empty: none
        std::function<bool(std::string_view host)> host_allowed;
        std::function<std::string(std::string_view number)> subject{};  // stands for a person's number in what is kept; empty: "…"
    };
    explicit Access(Services services);
    ~Access();
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

    // Its routes and the doors.
    void join(ApiTable& table);
    // Reads the tokens: blocking, before the loop runs.
    void load();
    // Reads them again when `version` (of "tokens") is not the one that is known.
    [[nodiscard]] net::Task<> refresh(std::int64_t version);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::admin
