#include "parley/analysis/routing.hpp"

#include <algorithm>

#include "routing_lm.hpp"

namespace parley::analysis {

namespace {

class RoutedBrain final : public brain::Brain {
public:
    RoutedBrain(std::unique_ptr<RoutingLm> routing, std::unique_ptr<brain::Brain> inner) : routing_(std::move(routing)), inner_(std::move(inner)) {
        routing_->inside(inner_->lm());
    }
    void tick(TimePoint now) override { inner_->tick(now); }
    brain::SttSession& stt() override { return inner_->stt(); }
    brain::LmSession& lm() override { return *routing_; }
    brain::TtsSession& tts() override { return inner_->tts(); }
    bool speak(std::string_view language) override { return inner_->speak(language); }
    net::Task<> close() override { return inner_->close(); }

private:
    std::unique_ptr<RoutingLm> routing_;  // outlives what calls it back
    std::unique_ptr<brain::Brain> inner_;
};

class RoutedText final : public brain::TextBrain {
public:
    RoutedText(std::unique_ptr<RoutingLm> routing, std::unique_ptr<brain::TextBrain> inner) : routing_(std::move(routing)), inner_(std::move(inner)) {
        routing_->inside(inner_->lm());
    }
    void tick(TimePoint now) override { inner_->tick(now); }
    brain::LmSession& lm() override { return *routing_; }
    net::Task<> close() override { return inner_->close(); }

private:
    std::unique_ptr<RoutingLm> routing_;
    std::unique_ptr<brain::TextBrain> inner_;
};

class RoutedFactory final : public brain::PipelineFactory {
public:
    RoutedFactory(std::shared_ptr<brain::PipelineFactory> inner, std::shared_ptr<const Understanding> of) : inner_(std::move(inner)), of_(std::move(of)) {}
    std::unique_ptr<brain::Brain> open(const brain::CallFacts& given, const brain::CallPorts& given_ports) override {
        auto routing = std::make_unique<RoutingLm>(of_, given, given_ports.lm, given_ports.vendor, given_ports.post);
        auto facts = given;
        facts.brain_state = routing->inner_state();
        const brain::CallPorts ports{.stt = given_ports.stt,
                                     .lm = *routing,
                                     .tts = given_ports.tts,
                                     .vendor = given_ports.vendor,
                                     .executor = given_ports.executor,
                                     .http = given_ports.http,
                                     .post = given_ports.post,
                                     .actions = given_ports.actions};
        auto inner = inner_->open(facts, ports);
        if (!inner) return nullptr;
        return std::make_unique<RoutedBrain>(std::move(routing), std::move(inner));
    }
    [[nodiscard]] bool hears_itself() const override { return inner_->hears_itself(); }
    std::unique_ptr<brain::TextBrain> open_text(const brain::CallFacts& given, const brain::TextPorts& given_ports) override {
        auto routing = std::make_unique<RoutingLm>(of_, given, given_ports.lm, given_ports.vendor, given_ports.post);
        auto facts = given;
        facts.brain_state = routing->inner_state();
        const brain::TextPorts ports{.lm = *routing,
                                     .vendor = given_ports.vendor,
                                     .executor = given_ports.executor,
                                     .http = given_ports.http,
                                     .post = given_ports.post,
                                     .actions = given_ports.actions};
        auto inner = inner_->open_text(facts, ports);
        if (!inner) return nullptr;
        return std::make_unique<RoutedText>(std::move(routing), std::move(inner));
    }
    std::unique_ptr<brain::Ear> open_ear(const brain::CallFacts& facts, const brain::EarPorts& ports) override { return inner_->open_ear(facts, ports); }

private:
    std::shared_ptr<brain::PipelineFactory> inner_;
    std::shared_ptr<const Understanding> of_;
};

}  // namespace

void offer_intents(const AnalysisSettings& settings, brain::UpstreamSettings& to) {
    if (settings.route_by != "model" && settings.route_by != "both") return;
    std::string told;
    for (const auto& intent : settings.intents) {
        if (intent.to.empty() && intent.deflect.empty()) continue;
        told += "\n- " + intent.name;
        if (!intent.examples.empty()) {
            told += " (such as";
            for (const auto& example : intent.examples) told += (example == intent.examples.front() ? " \"" : ", \"") + example + "\"";
            told += ")";
        }
        if (!intent.to.empty()) {
            to.transfers.insert_or_assign(intent.name, intent.to);
            told += ": transfer the call to \"" + intent.name + "\"";
            if (!intent.deflect.empty()) told += ", and announce it with: " + intent.deflect;
        } else {
            told += ": do not handle it yourself; say: " + intent.deflect;
        }
    }
    if (!told.empty()) to.instructions += "\n\nWhen it is clear that the caller wants one of these, and only then:" + told;
}

std::shared_ptr<brain::PipelineFactory> with_understanding(std::shared_ptr<brain::PipelineFactory> inner, std::shared_ptr<const AnalysisSettings> settings) {
    if (!inner || !settings) return inner;
    const auto built_in = [&](const char* name) {
        const auto found = settings->extract.find(name);
        return found != settings->extract.end() && found->second.empty();
    };
    const bool routes = settings->route_by != "off" && !settings->intents.empty();
    const bool appointment = built_in("appointment"), lead = built_in("lead");
    if (!routes && !appointment && !lead) return inner;
    auto of = std::make_shared<const Understanding>(Understanding{.settings = settings,
                                                                  .match = IntentMatch(settings->intents),
                                                                  .grammar = settings->route_by == "grammar" || settings->route_by == "both",
                                                                  .appointment = appointment,
                                                                  .lead = lead});
    return std::make_shared<RoutedFactory>(std::move(inner), std::move(of));
}

}  // namespace parley::analysis
