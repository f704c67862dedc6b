#pragma once
// voice.twilio.com/v1: BYOC trunks, connection policies with their targets, dialling permissions, settings.

#include "world.hpp"

namespace parley::sim {

class VoiceV1 final : public Family {
public:
    explicit VoiceV1(RestWorld& world) : world_(world) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

private:
    // Create, list, fetch, update and delete of one kind of record; `depth` parts lead to the collection.
    [[nodiscard]] ApiAnswer records(const ApiCall& call, std::size_t depth, Records& all, const std::vector<FieldRule>& rules, const char* prefix,
                                    const char* key, Json fixed);
    [[nodiscard]] ApiAnswer permissions(const ApiCall& call);

    RestWorld& world_;
    Records trunks_, policies_;
    std::map<std::string, Records> targets_;  // by policy
    bool inheritance_ = true;
};

}  // namespace parley::sim
