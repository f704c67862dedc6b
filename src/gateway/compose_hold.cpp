#include <boost/asio/steady_timer.hpp>

#include "gateway_part.hpp"
#include "hold_library.hpp"
#include "parley/brain/model.hpp"
#include "parley/call/vendor_report.hpp"
#include "parley/hold/hold_settings.hpp"
#include "parley/net/errands.hpp"
#include "parley/vendors/catalogue.hpp"
#include "preparation.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 500ms;     // whether the agents have changed
constexpr auto kLookAgain = 30s;  // for what could not be had

class HoldPart final : public GatewayPart {
public:
    explicit HoldPart(Telephony& telephony)
        : telephony_(telephony),
          library_(telephony.log, telephony.config.server.data_dir, telephony.database),
          errands_(telephony.executor, telephony.log),
          desk_{.database = telephony.database, .model = {}, .placed = [this](const brain::CallFacts& facts) { return placed(facts); }} {
        desk_.model = [this](const call::Agent& agent) { return model(agent); };
        desk_.used = [this](const call::Agent& agent, const std::string& call_sid, const brain::VendorRecord& record) {
            call::observe_vendor(telephony_.metrics, record);
            if (telephony_.services.used) telephony_.services.used(agent, call_sid, record);
        };
        library_.want(*telephony.agents(), true);
        telephony.services.hold = [this](const call::Agent& agent, const brain::CallFacts& facts) { return offer(agent, facts); };
        telephony.services.prepare = [this](std::shared_ptr<const call::Agent> agent, brain::CallFacts facts, brain::Actions* actions, call::CallWorker& worker,
                                            TimePoint until) { return prepare_call(desk_, std::move(agent), std::move(facts), actions, worker, until); };
    }
    void start() override { errands_.start(follow()); }
    net::Task<> close() override { co_await errands_.end(); }

private:
    // Our own number calls somebody else's: whoever picks up says hello, and waits for nothing.
    [[nodiscard]] bool placed(const brain::CallFacts& facts) const {
        const auto agents = telephony_.agents();
        return facts.placed || (agents->has_number(facts.from) && !agents->has_number(facts.to));
    }

    // The models it talks with write its summaries.
    [[nodiscard]] std::shared_ptr<brain::Model> model(const call::Agent& agent) const {
        const auto made = telephony_.agents()->made(agent.name);
        if (!made) return nullptr;
        std::vector<vendors::Endpoint> models;
        for (const auto& name : made->written.lm)
            if (const auto* endpoint = telephony_.config.vendor(name)) models.push_back(*endpoint);
        if (models.empty()) return nullptr;
        brain::VendorMakers makers;
        makers.lm = vendors::make_lm;
        return brain::make_model(std::move(models), std::move(makers), telephony_.upstream);
    }

    std::optional<call::HoldOffer> offer(const call::Agent& agent, const brain::CallFacts& facts) {
        const auto& s = *agent.hold;
        call::HoldOffer made;
        made.prepare = has_to_prepare(agent, facts);
        if (s.strategy != hold::Strategy::none && !placed(facts))
            made.sounds = library_.of(agent);
        else if (!made.prepare)
            return std::nullopt;
        made.mix.duck_db = s.duck_db;
        return made;
    }

    net::Task<> follow() {
        boost::asio::steady_timer pause(telephony_.executor);
        auto seen = telephony_.agents();
        auto looked = Clock::now();
        for (;;) {
            pause.expires_after(kLook);
            const auto [ec] = co_await pause.async_wait(net::nothrow);
            if (ec) co_return;
            auto now = telephony_.agents();
            if (now == seen && Clock::now() - looked < kLookAgain) continue;
            seen = std::move(now);
            looked = Clock::now();
            library_.want(*seen, false);
        }
    }

    Telephony& telephony_;
    HoldLibrary library_;
    net::Errands errands_;
    PreparationDesk desk_;
};

}  // namespace

std::unique_ptr<GatewayPart> compose_hold(Telephony& telephony) {
    return std::make_unique<HoldPart>(telephony);
}

}  // namespace parley::gateway
