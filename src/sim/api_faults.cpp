#include "api_faults.hpp"

#include <map>

namespace parley::sim {
namespace {

constexpr std::size_t kKeptRequests = 2000;
constexpr std::size_t kKeptBody = 4000;

bool secret(std::string_view name) {
    for (const char* one : {"Password", "SipAuthPassword", "AuthToken", "Secret", "CallToken", "ApiKeySecret"}) {
        if (name == one) return true;
    }
    return false;
}

}  // namespace

std::optional<std::vector<ApiFault>> read_api_faults(const nlohmann::json& list, std::string& why_not) {
    static const std::map<std::string, ApiFault::Kind> kinds{{"429", ApiFault::Kind::too_many},
                                                             {"500", ApiFault::Kind::broken},
                                                             {"500_after", ApiFault::Kind::broken_after},
                                                             {"slow", ApiFault::Kind::slow},
                                                             {"reset_after", ApiFault::Kind::reset_after},
                                                             {"html", ApiFault::Kind::html},
                                                             {"malformed", ApiFault::Kind::malformed}};
    const auto fail = [&](std::string text) {
        why_not = std::move(text);
        return std::nullopt;
    };
    if (!list.is_array()) return fail("requests: expected a list");
    std::vector<ApiFault> out;
    for (const auto& one : list) {
        if (!one.is_object()) return fail("requests: expected objects");
        ApiFault fault;
        for (const auto& [key, value] : one.items()) {
            if (key == "fault" && value.is_string()) {
                const auto kind = kinds.find(value.get<std::string>());
                if (kind == kinds.end()) return fail("fault: 429, 500, 500_after, slow, reset_after, html or malformed");
                fault.kind = kind->second;
            } else if (key == "method" && value.is_string()) {
                fault.method = value.get<std::string>();
            } else if (key == "path" && value.is_string()) {
                fault.path = value.get<std::string>();
            } else if (key == "count" && value.is_number_integer()) {
                fault.count = value.get<int>();
            } else if (key == "skip" && value.is_number_integer()) {
                fault.skip = value.get<int>();
            } else if (key == "retry_after" && value.is_number()) {
                fault.retry_after = value.get<double>();
            } else if (key == "delay_ms" && value.is_number_integer()) {
                fault.delay = std::chrono::milliseconds(value.get<int>());
            } else {
                return fail("requests: '" + key + "' is not known, or its value is not of its kind");
            }
        }
        if (!one.contains("fault")) return fail("requests: fault is missing");
        out.push_back(std::move(fault));
    }
    return out;
}

std::optional<ApiFault> ApiFaults::next(const std::string& method, const std::string& path) {
    for (auto& fault : faults_) {
        if (!fault.method.empty() && fault.method != method) continue;
        if (path.find(fault.path) == std::string::npos || fault.count <= 0) continue;
        if (fault.skip > 0) {
            --fault.skip;
            continue;
        }
        --fault.count;
        return fault;
    }
    return std::nullopt;
}

std::size_t ApiFaults::left() const {
    std::size_t out = 0;
    for (const auto& fault : faults_) out += fault.count > 0 ? static_cast<std::size_t>(fault.count) : 0;
    return out;
}

void ApiLog::add(const ApiRequest& request, const ApiAnswer& answer, const char* fault) {
    auto form = Json::array();
    for (const auto& [name, value] : request.form_body ? decode_form(request.body) : Form{}) {
        auto pair = Json::array();
        pair.push_back(name);
        pair.push_back(secret(name) ? std::string("***") : value);
        form.push_back(std::move(pair));
    }
    Json entry{{"method", request.method},
               {"path", request.target.substr(0, request.target.find('?'))},
               {"target", request.target},
               {"form", std::move(form)},
               {"status", answer.status}};
    if (answer.type == "application/json") {
        auto body = Json::parse(answer.body, nullptr, false);
        if (body.is_object()) {
            for (const char* key : {"auth_token", "secret", "password"}) {
                if (body.contains(key)) body[key] = "***";
            }
            if (answer.body.size() <= kKeptBody) entry["answer"] = std::move(body);
        }
    }
    if (fault != nullptr) entry["fault"] = fault;
    entries_.push_back(std::move(entry));
    if (entries_.size() > kKeptRequests) entries_.pop_front();
}

Json ApiLog::json() const {
    auto out = Json::array();
    for (const auto& entry : entries_) out.push_back(entry);
    return {{"requests", std::move(out)}};
}

}  // namespace parley::sim
