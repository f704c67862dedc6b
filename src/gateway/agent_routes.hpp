#pragma once
// /v1/agents: agents of the store made, read, changed, started, stopped and deleted; those of the file are shown.

#include "agent_book.hpp"
#include "parley/admin/api_router.hpp"

namespace parley::gateway {

// On the control loop; everything given outlives the routes' requests.
class AgentRoutes {
public:
    struct Services {
        const Config& config;
        Log& log;
        store::Database& database;
        AgentBook& book;
    };
    explicit AgentRoutes(Services services) : s_(services) {}
    void join(admin::ApiTable& table);

private:
    using Answer = net::Task<net::HttpResponse>;
    Answer list(admin::ApiRequest& request);
    Answer show(admin::ApiRequest& request);
    Answer create(admin::ApiRequest& request);
    Answer replace(admin::ApiRequest& request, bool merge);
    Answer remove(admin::ApiRequest& request);
    Answer set_enabled(admin::ApiRequest& request, bool enabled);
    Answer revisions(admin::ApiRequest& request);
    Answer revision(admin::ApiRequest& request);
    Answer restore(admin::ApiRequest& request);

    // What is there of one agent: the row and the revision in force. Nothing in it: there is none.
    struct There {
        std::optional<store::AgentRow> row;
        std::optional<store::AgentRevision> revision;
    };
    net::Task<Result<There>> there(std::string name, std::uint32_t revision = 0);
    // Writes `document` as the next revision of what is there (or the first one) and answers with it.
    struct Wish {
        std::string name, action;
        nlohmann::json document;
        DocumentSecrets kept;
        nlohmann::json before;  // what they were given with; null: the same document
        std::uint32_t expected = 0;
        int conflict = 409;
        bool fresh = false;
        std::uint32_t next = 1;  // the revision it will be, if nobody is quicker
        std::string token;
    };
    Answer write(admin::ApiRequest& request, Wish wish);
    [[nodiscard]] std::optional<net::HttpResponse> not_writable(std::string_view name) const;

    Services s_;
};

}  // namespace parley::gateway
