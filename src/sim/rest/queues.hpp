#pragma once
// Queues and Members.

#include "world.hpp"

namespace parley::sim {

class Queues final : public Family {
public:
    explicit Queues(RestWorld& world) : world_(world) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

private:
    [[nodiscard]] ApiAnswer create(const ApiCall& call);
    [[nodiscard]] ApiAnswer members(const ApiCall& call, const QueueView& queue);
    [[nodiscard]] Json json(const QueueView& view) const;
    [[nodiscard]] Json json(const QueueMemberView& view) const;

    RestWorld& world_;
};

}  // namespace parley::sim
