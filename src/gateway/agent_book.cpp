#include "agent_book.hpp"

#include <algorithm>

#include "parley/net/loop_hop.hpp"
namespace parley::gateway {

using nlohmann::json;

namespace {

constexpr auto kWithin = std::chrono::seconds(3);
constexpr auto kOlderKept = std::chrono::minutes(15);
constexpr auto kGoneKept = std::chrono::hours(24);  // the longest call
constexpr std::size_t kMostOlder = 512;

std::string secret_context(std::string_view name, std::string_view place) {
    return "agent_secrets/" + std::string(name) + "#" + std::string(place);
}

// What is there, with the documents of those that are not known in this revision.
std::vector<AgentBook::Listing> read_listing(store::Session& session, const std::map<std::string, std::uint32_t, std::less<>>& known) {
    std::vector<AgentBook::Listing> all;
    for (auto& row : store::list_agents(session)) {
        AgentBook::Listing one;
        const auto have = known.find(row.name);
        if (have == known.end() || have->second != row.revision) one.revision = store::agent_revision(session, row.name, row.revision);
        one.row = std::move(row);
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace

AgentBook::AgentBook(Services services) : s_(std::move(services)) {}

const AgentBook::Held* AgentBook::find(std::string_view name) const {
    const auto found = held_.find(name);
    return found == held_.end() ? nullptr : found->second.get();
}

AgentBook::Known AgentBook::known() const {
    Known known;
    for (const auto& [name, held] : held_) known[name] = held->row.revision;
    return known;
}

Config AgentBook::beside(std::string_view name) const {
    Config config = s_.config;
    for (const auto& [other, held] : held_) {
        if (other == name || held->made == nullptr) continue;
        config.agents.push_back(held->document.agent);
        for (const auto& [key, source] : held->document.sources) config.sources[key] = source;
    }
    return config;
}

DocumentSecrets AgentBook::opened(const store::AgentRevision& revision) const {
    DocumentSecrets all;
    const auto opener = s_.sealing.opener();
    for (const auto& [place, text] : revision.secrets) {
        auto plain = opener->open(text, secret_context(revision.agent, place));
        if (plain)
            all.emplace_back(place, std::move(*plain));
        else
            s_.log.error("agent.sealed", "A secret of an agent does not open: its key is missing, or it was changed.",
                         {{"agent", revision.agent}, {"what", place}, {"error.type", plain.error().message()}});
    }
    return all;
}

std::vector<std::pair<std::string, std::string>> AgentBook::sealed(std::string_view name, const DocumentSecrets& secrets) const {
    std::vector<std::pair<std::string, std::string>> all;
    if (secrets.empty()) return all;
    const auto sealer = s_.sealing.sealer();
    for (const auto& [place, secret] : secrets) all.emplace_back(place, sealer->seal(secret.reveal(), secret_context(name, place)));
    return all;
}

std::shared_ptr<const MadeAgent> AgentBook::try_out(const AgentDocument& document, std::uint32_t revision, const std::string& token) const {
    Config config = s_.config;
    for (const auto& [key, source] : document.sources) config.sources[key] = source;
    return make_agent(config, document.agent, {.revision = revision, .token = token, .stored = true}, s_.makers(Agents::needs_engine(document.agent)));
}

void AgentBook::make(Held& held) {
    held.made.reset();
    held.wrong.clear();
    if (s_.config.agent(held.row.name) != nullptr) {
        held.wrong = "an agent of the file has this name";
    } else if (!held.document.problems.empty()) {
        const auto& first = held.document.problems.front();
        held.wrong = (first.field.empty() ? std::string() : first.field + ": ") + first.message;
    } else {
        try {
            const bool offered = offered_ && offered_->written.name == held.row.name && offered_->agent->revision == held.row.revision &&
                                 offered_->agent->token == held.row.token;
            held.made = offered ? offered_ : try_out(held.document, held.row.revision, held.row.token);
        } catch (const std::exception& e) {
            held.wrong = e.what();
        }
    }
    if (held.made)
        keep_older(held.made);
    else
        s_.log.error("agent.refused", "An agent of the store cannot be made; it answers nobody, or goes on as it was.",
                     {{"agent", held.row.name}, {"error.type", held.wrong}});
}

void AgentBook::take(std::vector<Listing> listing) {
    std::map<std::string, std::shared_ptr<Held>, std::less<>> now;
    bool changed = listing.size() != held_.size();
    // Two passes, so that a number that went from one agent to another is not found with both.
    std::vector<std::pair<Listing*, std::shared_ptr<Held>>> fresh;
    for (auto& one : listing) {
        const auto before = held_.find(one.row.name);
        if (!one.revision) {
            if (before == held_.end()) continue;  // gone while it was read; the next look sees it
            now.emplace(one.row.name, before->second);
            before->second->row = one.row;
            continue;
        }
        fresh.emplace_back(&one, before == held_.end() ? nullptr : before->second);
    }
    for (const auto& [name, held] : held_) {
        const bool there = std::any_of(listing.begin(), listing.end(), [&](const Listing& one) { return one.row.name == name; });
        if (there || !held->made) continue;
        auto last = std::make_shared<MadeAgent>(*held->made);
        last->written.numbers.clear();
        last->written.is_default = false;
        last->written.persona.enabled = false;
        last->deleted = true;
        gone_[name] = {.made = std::move(last), .until = Clock::now() + kGoneKept};
        keep_older(held->made);
    }
    held_ = std::move(now);
    for (auto& [one, before] : fresh) {
        changed = true;
        if (before && before->made) keep_older(before->made);
        auto held = std::make_shared<Held>();
        held->row = one->row;
        auto document = json::parse(one->revision->document, nullptr, false);
        held->document =
            read_document(beside(one->row.name), one->row.name, document.is_object() ? std::move(document) : json::object(), opened(*one->revision), false);
        make(*held);
        // A number of the file's since then, a script that is gone: what was in force stays in force.
        if (!held->made && before && before->made) held->made = before->made;
        held_[one->row.name] = std::move(held);
    }
    offered_.reset();
    if (changed) publish();
}

void AgentBook::publish() {
    std::vector<std::shared_ptr<const MadeAgent>> all;
    for (const auto& [name, held] : held_)
        if (held->made && s_.config.agent(name) == nullptr) all.push_back(held->made);
    for (const auto& [name, gone] : gone_)
        if (!held_.contains(name) && s_.config.agent(name) == nullptr) all.push_back(gone.made);
    s_.publish(std::move(all));
}

void AgentBook::load() {
    std::vector<Listing> listing;
    s_.database.transact([&](store::Session& session) { listing = read_listing(session, {}); });
    take(std::move(listing));
}

net::Task<bool> AgentBook::refresh() {
    using Answer = std::vector<Listing>;
    std::function<Answer(store::Session&)> work = [known = known()](store::Session& session) { return read_listing(session, known); };
    auto listing = co_await s_.database.ask<Answer>(std::move(work), kWithin);
    if (!listing) co_return false;
    take(std::move(*listing));
    co_return true;
}

void AgentBook::remake() {
    for (auto& [name, held] : held_) remake(name, *held);
    publish();
}

void AgentBook::renew() {
    const auto now = s_.makers(false).credentials;
    for (auto& [name, held] : held_)
        if (!held->made || !held->made->same_with(now)) remake(name, *held);
    publish();
}

void AgentBook::remake(const std::string& name, Held& held) {
    const auto before = held.made;
    // The secrets go in again: the document knows where they stand.
    const auto kept = held.document.secrets;
    auto document = held.document.shown;
    held.made.reset();
    held.document = read_document(beside(name), name, std::move(document), kept, false);
    make(held);
    if (!held.made && s_.config.agent(name) == nullptr) held.made = before;
}

void AgentBook::keep_older(const std::shared_ptr<const MadeAgent>& made) {
    const std::lock_guard lock(older_mutex_);
    older_[{made->written.name, made->agent->revision}] = {.strong = made, .weak = made->agent, .until = Clock::now() + kOlderKept};
}

void AgentBook::prune() {
    const auto now = Clock::now();
    if (std::erase_if(gone_, [now](const auto& entry) { return now >= entry.second.until; }) > 0) publish();
    const std::lock_guard lock(older_mutex_);
    for (auto it = older_.begin(); it != older_.end();) {
        const auto& [name, revision] = it->first;
        const auto held = held_.find(name);
        const bool in_force = held != held_.end() && held->second->made && held->second->made->agent->revision == revision;
        if (in_force)
            it->second.until = now + kOlderKept;
        else if (now >= it->second.until || older_.size() > kMostOlder)
            it->second.strong.reset();
        if (!it->second.strong && it->second.weak.expired())
            it = older_.erase(it);
        else
            ++it;
    }
}

std::shared_ptr<const call::Agent> AgentBook::remembered(const std::string& name, std::uint32_t revision) {
    const std::lock_guard lock(older_mutex_);
    const auto found = older_.find({name, revision});
    return found == older_.end() ? nullptr : found->second.weak.lock();
}

net::Task<std::shared_ptr<const call::Agent>> AgentBook::make_again(std::string name, std::uint32_t revision) {
    struct Found {
        std::optional<store::AgentRevision> revision;
        std::optional<store::AgentRow> row;
    };
    std::function<Found(store::Session&)> work = [name, revision](store::Session& session) {
        Found found;
        found.revision = store::agent_revision(session, name, revision);
        found.row = store::find_agent(session, name);
        return found;
    };
    auto found = co_await s_.database.ask<Found>(std::move(work), kWithin);
    if (!found || !found->revision) co_return nullptr;
    if (auto there = remembered(name, revision)) co_return there;  // another call was quicker
    auto document = json::parse(found->revision->document, nullptr, false);
    const auto read = read_document(beside(name), name, document.is_object() ? std::move(document) : json::object(), opened(*found->revision), false);
    try {
        const auto made = try_out(read, revision, found->row ? found->row->token : std::string());
        keep_older(made);
        s_.log.info("agent.older", "An older revision of an agent was made again, for a call that began with it.", {{"agent", name}, {"revision", revision}});
        co_return made->agent;
    } catch (const std::exception& e) {
        s_.log.warn("agent.older", "An older revision of an agent cannot be made any more; its call goes on with the one in force.",
                    {{"agent", name}, {"revision", revision}, {"error.type", std::string_view(e.what())}});
    }
    co_return nullptr;
}

net::Task<std::shared_ptr<const call::Agent>> AgentBook::at(std::string name, std::uint32_t revision) {
    if (auto there = remembered(name, revision)) co_return there;
    auto making = make_again(std::move(name), revision);
    auto made = co_await net::on_loop_of<std::shared_ptr<const call::Agent>>(s_.errands, std::move(making), kWithin + std::chrono::seconds(1));
    co_return made.value_or(nullptr);
}

}  // namespace parley::gateway
