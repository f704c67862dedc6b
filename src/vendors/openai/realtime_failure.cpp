#include <algorithm>
#include <array>
#include <utility>

#include "parley/vendors/openai/realtime_codec.hpp"

namespace parley::vendors::openai_realtime {

namespace {

constexpr std::array<std::pair<std::string_view, FailureKind>, 10> kFatal{{
    {"session_expired", FailureKind::session_limit},
    {"insufficient_quota", FailureKind::quota},
    {"billing_hard_limit_reached", FailureKind::quota},
    {"invalid_api_key", FailureKind::auth},
    {"account_deactivated", FailureKind::auth},
    {"rate_limit_exceeded", FailureKind::rate_limited},
    {"inference_rate_limit_exceeded", FailureKind::rate_limited},
    {"invalid_model", FailureKind::refused},
    {"model_not_found", FailureKind::refused},
    {"beta_api_shape_disabled", FailureKind::refused},
}};

std::optional<FailureKind> kind_of_code(std::string_view code) {
    const auto found = std::find_if(kFatal.begin(), kFatal.end(), [code](const auto& each) { return each.first == code; });
    if (found == kFatal.end()) return std::nullopt;
    return found->second;
}

Failure said(FailureKind kind, const Event& event) {
    Failure failure;
    failure.kind = kind;
    failure.phase = "stream";
    failure.reason = plain((event.code.empty() ? event.name : event.code) + ": " + event.message);
    return failure;
}

}  // namespace

std::optional<Failure> fatal(const Event& error) {
    if (const auto kind = kind_of_code(error.code)) return said(*kind, error);
    if (error.name == "server_error") return said(FailureKind::server, error);
    if (error.name == "authentication_error") return said(FailureKind::auth, error);
    return std::nullopt;
}

Failure failed_response(const Event& done) {
    if (auto failure = fatal(done)) return *failure;
    return said(FailureKind::server, done);
}

Failure read_close(Failure failure) {
    const auto mentions = [&failure](std::string_view word) { return failure.reason.find(word) != std::string::npos; };
    if (failure.status == 3000) {
        failure.kind = mentions("invalid_model") || mentions("model_not_found") ? FailureKind::refused : FailureKind::auth;
    } else if (failure.status == 1001 && mentions("maximum duration")) {
        failure.kind = FailureKind::session_limit;
    }
    return failure;
}

}  // namespace parley::vendors::openai_realtime
