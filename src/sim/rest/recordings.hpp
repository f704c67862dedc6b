#pragma once
// Recordings of calls and conferences with their sound, and the legacy Transcriptions (of which there are none: nothing makes them).

#include "world.hpp"

namespace parley::sim {

class Recordings final : public Family {
public:
    explicit Recordings(RestWorld& world) : world_(world) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;
    // Below a call or a conference: parts from `at` on are {"Recordings", SID}.
    [[nodiscard]] ApiAnswer below(const ApiCall& call, std::size_t at, const std::string& owner, bool conference);
    // Deleted ones stay known for a while, as IncludeSoftDeleted shows.
    [[nodiscard]] std::optional<RecordingView> view(const std::string& sid) const;

private:
    [[nodiscard]] ApiAnswer list(const ApiCall& call, const std::string& owner);
    [[nodiscard]] ApiAnswer media(const ApiCall& call, const RecordingView& view);
    [[nodiscard]] ApiAnswer start(const ApiCall& call, const std::string& call_sid);
    [[nodiscard]] ApiAnswer update(const ApiCall& call, const std::string& owner, const std::string& sid);
    [[nodiscard]] ApiAnswer remove(const ApiCall& call, const RecordingView& view);
    [[nodiscard]] ApiAnswer transcriptions(const ApiCall& call, std::size_t at);
    [[nodiscard]] Json json(const RecordingView& view, bool deleted = false) const;

    RestWorld& world_;
    std::vector<RecordingView> deleted_;
};

}  // namespace parley::sim
