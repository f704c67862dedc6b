#pragma once
// Conferences and Participants.

#include "recordings.hpp"
#include "world.hpp"

namespace parley::sim {

class Conferences final : public Family {
public:
    Conferences(RestWorld& world, Recordings& recordings) : world_(world), recordings_(recordings) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

private:
    [[nodiscard]] ApiAnswer list(const ApiCall& call);
    [[nodiscard]] ApiAnswer one(const ApiCall& call, const ConferenceView& view);
    [[nodiscard]] ApiAnswer participants(const ApiCall& call);
    [[nodiscard]] ApiAnswer add(const ApiCall& call, const std::string& conference);
    [[nodiscard]] ApiAnswer update(const ApiCall& call, const std::string& conference, const ParticipantView& view);
    [[nodiscard]] Json json(const ConferenceView& view) const;
    [[nodiscard]] Json json(const ParticipantView& view) const;

    RestWorld& world_;
    Recordings& recordings_;
};

}  // namespace parley::sim
