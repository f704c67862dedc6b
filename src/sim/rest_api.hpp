#pragma once
// The REST mock without its socket: a request in, an answer out.

#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "parley/sim/fake_twilio.hpp"

namespace parley::sim {

struct ApiRequest {
    std::string method, target, authorization, body;
    bool form_body = false;  // Content-Type is application/x-www-form-urlencoded
};

struct ApiAnswer {
    int status = 200;
    std::string type = "application/json";
    std::string body;
};

class RestApi {
public:
    RestApi(FakeTwilioOptions& options, SimCarrier& carrier, std::function<SimCarrier::Placed(CallPlan)> place)
        : options_(options), carrier_(carrier), place_(std::move(place)) {}

    [[nodiscard]] ApiAnswer handle(const ApiRequest& request);

private:
    using Json = nlohmann::ordered_json;
    [[nodiscard]] bool authorised(const std::string& authorization) const;
    [[nodiscard]] ApiAnswer create_call(const Form& form);
    [[nodiscard]] ApiAnswer update_call(const std::string& sid, const Form& form, const std::string& path);
    [[nodiscard]] ApiAnswer list_calls(const Form& query, const std::string& path);
    [[nodiscard]] ApiAnswer notifications(const std::string& call_sid, const std::string& path);
    [[nodiscard]] ApiAnswer streams(const std::string& call_sid, const std::string& stream, const Form& form,
                                    const std::string& path);
    [[nodiscard]] ApiAnswer recording(std::string name, const std::string& path);
    [[nodiscard]] Json call_json(const CallView& view) const;

    FakeTwilioOptions& options_;
    SimCarrier& carrier_;
    std::function<SimCarrier::Placed(CallPlan)> place_;
};

[[nodiscard]] ApiAnswer api_error(int status, int code, const std::string& message);
[[nodiscard]] ApiAnswer api_json(int status, const nlohmann::ordered_json& body);

}  // namespace parley::sim
