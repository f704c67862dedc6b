#include "credential_book.hpp"

#include <algorithm>

namespace parley::gateway {

namespace {

void add(std::vector<Secret>& to, const Secret& token) {
    if (token.empty()) return;
    if (std::none_of(to.begin(), to.end(), [&](const Secret& known) { return constant_time_equal(known.reveal(), token.reveal()); })) to.push_back(token);
}

}  // namespace

CredentialBook::CredentialBook(Log& log) : log_(log) {}

void CredentialBook::load(store::Session& session, const store::Sealer& sealer) {
    const auto revision = store::credentials_revision(session);
    auto fresh = std::make_shared<Credentials>();
    for (auto& credential : store::all_credentials(session, sealer)) {
        if (credential.sealed_shut) {
            log_.error("credential.shut", "An agent's Twilio credential cannot be opened; its agent goes on without it.",
                       {{"agent", credential.agent}, {"reason", credential.sealed_shut.message()}});
            continue;
        }
        auto name = credential.agent;
        fresh->emplace(std::move(name), std::move(credential));
    }
    const std::lock_guard lock(mutex_);
    // Two that load at once: the later state stays.
    if (revision < revision_) return;
    revision_ = revision;
    current_ = std::move(fresh);
}

std::shared_ptr<const Credentials> CredentialBook::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

std::int64_t CredentialBook::revision() const {
    const std::lock_guard lock(mutex_);
    return revision_;
}

std::vector<Secret> CredentialBook::tokens_of(std::string_view account_sid, std::int64_t now_ms) const {
    const auto all = current();
    std::vector<Secret> tokens;
    for (const auto& [agent, credential] : *all)
        if (credential.accountsid == account_sid) add(tokens, credential.authtoken);
    for (const auto& [agent, credential] : *all)
        if (credential.accountsid == account_sid && credential.previous_until_ms > now_ms) add(tokens, credential.previous_token);
    return tokens;
}

bool CredentialBook::knows(std::string_view account_sid) const {
    const auto all = current();
    return std::any_of(all->begin(), all->end(), [&](const auto& entry) { return entry.second.accountsid == account_sid; });
}

std::vector<Secret> CredentialBook::all_tokens(std::int64_t now_ms) const {
    const auto all = current();
    std::vector<Secret> tokens;
    for (const auto& [agent, credential] : *all) {
        add(tokens, credential.authtoken);
        if (credential.previous_until_ms > now_ms) add(tokens, credential.previous_token);
    }
    return tokens;
}

bool CredentialBook::saw_call(const std::string& call_sid, std::string_view account_sid) {
    const std::lock_guard lock(mutex_);
    if (!calls_.emplace(call_sid, account_sid).second) return false;
    call_order_.push_back(call_sid);
    if (call_order_.size() <= kCalls) return true;
    calls_.erase(call_order_.front());
    call_order_.pop_front();
    return true;
}

std::string CredentialBook::account_of_call(const std::string& call_sid) const {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call_sid);
    return found == calls_.end() ? std::string() : found->second;
}

}  // namespace parley::gateway
