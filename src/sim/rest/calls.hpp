#pragma once
// Calls, and what hangs below one: Streams, Transcriptions, Siprec, Notifications, Events.

#include <set>

#include "recordings.hpp"
#include "world.hpp"

namespace parley::sim {

class Calls final : public Family {
public:
    Calls(RestWorld& world, Recordings& recordings) : world_(world), recordings_(recordings) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

private:
    [[nodiscard]] ApiAnswer create(const ApiCall& call);
    [[nodiscard]] ApiAnswer update(const ApiCall& call, const std::string& sid);
    [[nodiscard]] ApiAnswer list(const ApiCall& call);
    [[nodiscard]] ApiAnswer notifications(const ApiCall& call, const std::string& call_sid, const std::string& one);
    [[nodiscard]] ApiAnswer streams(const ApiCall& call, const std::string& call_sid);
    [[nodiscard]] ApiAnswer transcriptions(const ApiCall& call, const std::string& call_sid);
    [[nodiscard]] ApiAnswer siprec(const ApiCall& call, const std::string& call_sid);
    [[nodiscard]] ApiAnswer events(const ApiCall& call, const std::string& call_sid);
    [[nodiscard]] Json json(const CallView& view) const;

    RestWorld& world_;
    Recordings& recordings_;
    std::map<std::string, std::string> transcriptions_;  // SID to "call name"
    std::map<std::string, std::string> streams_;         // the same
    std::map<std::string, std::string> siprec_;          // name and SID to "call name"
};

}  // namespace parley::sim
