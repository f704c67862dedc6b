#pragma once
// What the sessions of one factory share, and how each of them reaches its vendors.

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parley/brain/upstream.hpp"
#include "parley/net/nursery.hpp"

namespace parley::brain {

struct UpstreamFactory::Parts {
    UpstreamSettings settings;
    VendorMakers makers;
    std::shared_ptr<UpstreamShared> shared;
    std::shared_ptr<const FixedPhrases> phrases;
};

namespace upstream {

// One call's surroundings, as every role needs them.
struct Place {
    const UpstreamSettings& settings;
    const VendorMakers& makers;
    UpstreamShared& shared;
    const FixedPhrases* phrases;
    mutable CallFacts facts;  // what is found before the conversation comes in later, on the call's worker
    CallPorts ports;
    TimePoint began;

    [[nodiscard]] vendors::Link link(const vendors::Endpoint& endpoint) const {
        vendors::Link made;
        made.executor = ports.executor;
        made.http = ports.http;
        made.gate = &shared.gate(endpoint.vendor);
        return made;
    }
    [[nodiscard]] std::chrono::milliseconds since_began(TimePoint at) const { return std::chrono::duration_cast<std::chrono::milliseconds>(at - began); }
    void know(const Prepared& found) const {
        for (const auto& [name, value] : found.variables) facts.variables.insert_or_assign(name, value);
        if (found.background.empty()) return;
        if (!facts.background.empty()) facts.background += '\n';
        facts.background += found.background;
    }
    void record(std::string_view role, const vendors::Endpoint& endpoint, VendorRecord record) const {
        record.role = role;
        record.vendor = endpoint.name;
        ports.vendor.on_vendor(record);
    }
};

// Which of a role's vendors to ask: the first whose breaker lets one through. The choice is made anew for each request, so that a primary
// that recovered is asked again, but never in the middle of one.
class Order {
public:
    Order(const std::vector<vendors::Endpoint>& endpoints, std::string role, UpstreamShared& shared) : endpoints_(endpoints), role_(std::move(role)) {
        for (const auto& endpoint : endpoints_) health_.push_back(shared.health.of(role_, endpoint.name));
        avoided_until_.resize(endpoints_.size());
    }
    // The first usable one outside `tried`; nothing: there is none.
    [[nodiscard]] std::optional<std::size_t> choose(TimePoint now, const std::vector<std::size_t>& tried = {}) const {
        for (const bool last_resort : {false, true})
            for (std::size_t i = 0; i < endpoints_.size(); ++i) {
                if (std::find(tried.begin(), tried.end(), i) != tried.end()) continue;
                if ((now < avoided_until_[i]) == last_resort && health_[i]->allow(now)) return i;
            }
        return std::nullopt;
    }
    // This call has just waited for it in vain: for a while it asks the others first. Breakers speak for all calls, this for one.
    void avoid(std::size_t index, TimePoint now) { avoided_until_[index] = now + kAvoided; }
    [[nodiscard]] bool avoided(std::size_t index, TimePoint now) const { return now < avoided_until_[index]; }
    [[nodiscard]] const vendors::Endpoint& at(std::size_t index) const { return endpoints_[index]; }
    [[nodiscard]] vendors::Health& health(std::size_t index) const { return *health_[index]; }
    [[nodiscard]] std::size_t size() const { return endpoints_.size(); }
    [[nodiscard]] const std::string& role() const { return role_; }

private:
    const std::vector<vendors::Endpoint>& endpoints_;
    std::string role_;
    static constexpr Duration kAvoided = std::chrono::seconds(10);
    std::vector<std::shared_ptr<vendors::Health>> health_;
    std::vector<TimePoint> avoided_until_;
};

// 100 ms ± 50 %.
[[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds value);

class RoleSession {
public:
    virtual ~RoleSession() = default;
    virtual void tick(TimePoint now) = 0;  // every 20 ms
    virtual net::Task<> close() = 0;
};

class SttRole : public SttSession, public RoleSession {};
class LmRole : public LmSession, public RoleSession {};
class TtsRole : public TtsSession, public RoleSession {};
[[nodiscard]] std::unique_ptr<SttRole> make_stt_role(std::shared_ptr<const Place> place);
[[nodiscard]] std::unique_ptr<LmRole> make_lm_role(std::shared_ptr<const Place> place);
[[nodiscard]] std::unique_ptr<TtsRole> make_tts_role(std::shared_ptr<const Place> place);
[[nodiscard]] std::unique_ptr<Brain> make_realtime_brain(std::shared_ptr<const Place> place, std::unique_ptr<TtsRole> own_words);

}  // namespace upstream
}  // namespace parley::brain
