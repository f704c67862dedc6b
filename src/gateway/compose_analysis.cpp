#include "analysis_api.hpp"
#include "analysis_jobs.hpp"
#include "gateway_part.hpp"
#include "telephony.hpp"

namespace parley::gateway {

namespace {

class AnalysisPart final : public GatewayPart {
public:
    explicit AnalysisPart(Telephony& telephony) : jobs_(std::make_shared<AnalysisJobs>(telephony)) {
        // Facts may still be written when the parts are gone.
        telephony.fact_hooks.kept.emplace_back([weak = std::weak_ptr<AnalysisJobs>(jobs_)](store::Session& session, const store::FactEvent& event) {
            if (const auto jobs = weak.lock()) jobs->kept(session, event);
        });
        add_analysis_routes(telephony);
        add_profile_routes(telephony);
    }
    void start() override { jobs_->start(); }
    net::Task<> close() override { return jobs_->close(); }

private:
    std::shared_ptr<AnalysisJobs> jobs_;
};

}  // namespace

std::unique_ptr<GatewayPart> compose_analysis(Telephony& telephony) {
    return std::make_unique<AnalysisPart>(telephony);
}

}  // namespace parley::gateway
