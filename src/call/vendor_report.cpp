#include "parley/call/vendor_report.hpp"

#include <nlohmann/json.hpp>

namespace parley::call {

namespace {

// The failure vocabulary of vendors as the closed label set of metrics.
std::string_view outcome_label(std::string_view outcome) {
    struct Pair {
        std::string_view failure, label;
    };
    static constexpr Pair kPairs[] = {{"ok", "ok"},
                                      {"cancelled", "cancelled"},
                                      {"auth", "auth"},
                                      {"quota", "quota"},
                                      {"rate_limited", "rate_limited"},
                                      {"timeout", "timeout"},
                                      {"stalled", "timeout"},
                                      {"protocol", "protocol"},
                                      {"too_big", "protocol"},
                                      {"empty_audio", "protocol"},
                                      {"bad_audio", "protocol"},
                                      {"refused", "protocol"}};
    for (const auto& pair : kPairs)
        if (pair.failure == outcome) return pair.label;
    return "server_error";
}

double seconds(std::chrono::milliseconds value) {
    return std::chrono::duration<double>(value).count();
}

}  // namespace

std::string vendor_line(const brain::VendorRecord& r) {
    nlohmann::ordered_json line{{"vendor", r.vendor}, {"role", r.role}, {"outcome", r.outcome}, {"began_ms", r.began.count()}, {"lasted_ms", r.lasted.count()}};
    if (r.first_byte.count() >= 0) line["first_byte_ms"] = r.first_byte.count();
    if (!r.request_id.empty()) line["request_id"] = r.request_id;
    if (!r.reason.empty()) line["reason"] = r.reason;
    if (r.attempt > 1) line["attempt"] = r.attempt;
    if (r.input_tokens > 0) line["input_tokens"] = r.input_tokens;
    if (r.output_tokens > 0) line["output_tokens"] = r.output_tokens;
    if (r.characters > 0) line["characters"] = r.characters;
    if (r.backup) line["backup"] = true;
    if (r.hedge) line["hedge"] = true;
    if (r.speculative) line["speculative"] = true;
    if (r.reused_connection) line["reused_connection"] = true;
    return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void observe_vendor(Metrics& metrics, const brain::VendorRecord& r) {
    metrics.provider_requests.at(r.role, r.vendor, outcome_label(r.outcome)).add();
    metrics.provider_duration.at(r.role, r.vendor).observe(seconds(r.lasted));
    if (r.first_byte.count() >= 0) metrics.provider_first_byte.at(r.role, r.vendor).observe(seconds(r.first_byte));
    if (r.outcome == "stalled") metrics.provider_stalls.at(r.role, r.vendor).add();
    if (r.input_tokens > 0) metrics.provider_tokens.at(r.vendor, "input").add(r.input_tokens);
    if (r.output_tokens > 0) metrics.provider_tokens.at(r.vendor, "output").add(r.output_tokens);
    if (r.characters > 0) metrics.provider_characters.at(r.vendor).add(r.characters);
}

}  // namespace parley::call
