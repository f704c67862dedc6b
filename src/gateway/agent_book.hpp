#pragma once
// The agents of the store, as this process knows them: read at start, looked after by a poll, made only when they have changed. What could not be read again
// (the store is away) or made again (its script is gone) goes on as it was. Older revisions stay for the calls that began with them.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent_document.hpp"
#include "agents.hpp"
#include "parley/base/log.hpp"
#include "parley/net/errands.hpp"
#include "parley/net/task.hpp"
#include "parley/store/agent_store.hpp"
#include "sealing.hpp"

namespace parley::gateway {

// On the control loop, but for at().
class AgentBook {
public:
    struct Services {
        const Config& config;
        Log& log;
        store::Database& database;
        Sealing& sealing;
        // Shared with the agents of the file; `engine`: there has to be one.
        std::function<AgentMakers(bool engine)> makers;
        // They are in force from now on.
        std::function<void(std::vector<std::shared_ptr<const MadeAgent>> stored)> publish;
        net::Errands& errands;  // of the control loop
    };
    explicit AgentBook(Services services);

    // Blocking, before the loop runs. What fails is told in the log.
    void load();
    // Reads and makes what has changed, and publishes it. False: the store did not answer.
    [[nodiscard]] net::Task<bool> refresh();
    // The file was read again: everything is made anew, since vendors and menus may be others.
    void remake();
    // Credentials have changed: those of them that are others now.
    void renew();
    // Forgets older revisions nobody has used for a while.
    void prune();

    struct Held {
        store::AgentRow row;
        AgentDocument document;
        std::shared_ptr<const MadeAgent> made;  // null: it could not be made; `wrong` says why
        std::string wrong;
    };
    [[nodiscard]] const Held* find(std::string_view name) const;
    [[nodiscard]] const std::map<std::string, std::shared_ptr<Held>, std::less<>>& all() const { return held_; }

    // Exactly this revision of an agent of the store, made again from there if it has to be; null: it cannot be had. Any thread, any loop.
    [[nodiscard]] net::Task<std::shared_ptr<const call::Agent>> at(std::string name, std::uint32_t revision);

    // The configuration and all agents of the store but this one: what a document stands beside.
    [[nodiscard]] Config beside(std::string_view name) const;
    // Secrets of a revision, opened. Throws store::StoreError-free: what does not open is left out and told.
    [[nodiscard]] DocumentSecrets opened(const store::AgentRevision& revision) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> sealed(std::string_view name,
                                                                          const DocumentSecrets& secrets) const;  // throws store::SealError
    // Made, to see whether it can be. Throws std::runtime_error.
    [[nodiscard]] std::shared_ptr<const MadeAgent> try_out(const AgentDocument& document, std::uint32_t revision, const std::string& token) const;
    // If it is this one that is read next, it need not be made twice.
    void offer(std::shared_ptr<const MadeAgent> made) { offered_ = std::move(made); }

    struct Listing {
        store::AgentRow row;
        std::optional<store::AgentRevision> revision;  // nothing: this process has it
    };

private:
    struct Older {
        std::shared_ptr<const MadeAgent> strong;
        std::weak_ptr<const call::Agent> weak;
        TimePoint until{};
    };
    using Known = std::map<std::string, std::uint32_t, std::less<>>;
    [[nodiscard]] Known known() const;
    void take(std::vector<Listing> listing);
    void make(Held& held);
    void remake(const std::string& name, Held& held);
    void publish();
    void keep_older(const std::shared_ptr<const MadeAgent>& made);
    [[nodiscard]] std::shared_ptr<const call::Agent> remembered(const std::string& name, std::uint32_t revision);
    net::Task<std::shared_ptr<const call::Agent>> make_again(std::string name, std::uint32_t revision);

    Services s_;
    std::map<std::string, std::shared_ptr<Held>, std::less<>> held_;
    // Deleted ones, for the tails and transfers of their calls: without numbers, for nobody new.
    struct Gone {
        std::shared_ptr<const MadeAgent> made;
        TimePoint until{};
    };
    std::map<std::string, Gone> gone_;
    std::shared_ptr<const MadeAgent> offered_;
    std::mutex older_mutex_;
    std::map<std::pair<std::string, std::uint32_t>, Older> older_;  // those in force, too
};

}  // namespace parley::gateway
