#pragma once
// What is known of one outbound call, put together from callbacks that come in any order, twice or never, from REST answers and from what we did ourselves.
// Pure: the same facts give the same state in whatever order they come.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "parley/rest/calls.hpp"

namespace parley::control {

enum class DialStatus : std::uint8_t { queued, initiated, ringing, in_progress, over };
[[nodiscard]] std::string_view name(DialStatus status);

// Why it is over.
enum class DialReason : std::uint8_t { none, answered, busy, no_answer, failed, canceled, machine, fax, unknown };
[[nodiscard]] std::string_view name(DialReason reason);

// Twilio's AnsweredBy.
enum class AnsweredBy : std::uint8_t { nobody_knows, human, machine_start, machine_end, fax, unknown };
[[nodiscard]] std::optional<AnsweredBy> answered_by(std::string_view text);
[[nodiscard]] std::string_view name(AnsweredBy who);

// What is to be done about a machine.
enum class MachinePolicy : std::uint8_t { ignore, hangup, drop };
[[nodiscard]] std::optional<MachinePolicy> machine_policy(std::string_view text);
[[nodiscard]] std::string_view name(MachinePolicy policy);

class DialState {
public:
    explicit DialState(MachinePolicy policy) : policy_(policy) {}

    // True: something is known now that was not known before; false: stale, repeated, or of no meaning.
    bool on_status(rest::CallStatus status, std::optional<int> duration = {}, std::optional<int> sip_code = {});
    bool on_answered_by(AnsweredBy who);
    // Nobody will ever tell (the carrier does not know it, or its time is long over). A later word of the carrier's still counts.
    bool on_lost();

    // What the verdict asks for, once a call: nothing before there is one, after the end, or when it was taken before.
    enum class Step : std::uint8_t { none, drop, hang_up };
    [[nodiscard]] Step take_step();

    [[nodiscard]] DialStatus status() const { return status_; }
    [[nodiscard]] DialReason reason() const;
    [[nodiscard]] AnsweredBy who() const { return who_; }
    [[nodiscard]] bool over() const { return status_ == DialStatus::over; }
    [[nodiscard]] bool certain() const { return over() && !lost_; }
    [[nodiscard]] std::optional<int> duration() const { return duration_; }  // s
    [[nodiscard]] std::optional<int> sip_code() const { return sip_code_; }
    [[nodiscard]] MachinePolicy policy() const { return policy_; }

private:
    MachinePolicy policy_;
    DialStatus status_ = DialStatus::queued;
    rest::CallStatus end_ = rest::CallStatus::other;
    AnsweredBy who_ = AnsweredBy::nobody_knows;
    std::optional<int> duration_, sip_code_;
    bool lost_ = false, stepped_ = false;
};

}  // namespace parley::control
