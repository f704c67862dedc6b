#include "parley/flows/outcomes.hpp"

#include <cctype>

namespace parley::flows {

Dialed dialed(std::string_view status, std::string_view bridged) {
    if (status == "completed" || status == "answered") return bridged == "false" ? Dialed::unreached : Dialed::talked;
    return status == "canceled" ? Dialed::caller_left : Dialed::unreached;
}

ForwardPlan forward_plan(const ForwardSettings& forward, unsigned step) {
    ForwardPlan plan;
    if (forward.at_once) {
        if (step == 0) plan.ring = forward.to;
        return plan;
    }
    if (step < forward.to.size()) plan.ring.push_back(forward.to[step]);
    plan.last = step + 1 >= forward.to.size();
    return plan;
}

Message message(const VoicemailSettings& voicemail, const MessageFacts& facts) {
    const auto seconds = std::chrono::seconds(number_of(facts.duration, 1'000'000));
    const bool good = !facts.recording_sid.empty() && seconds >= voicemail.shortest;
    if (facts.digits == "hangup") return good ? Message::kept_gone : Message::given_up;
    if (good) return Message::kept;
    return facts.asked == 0 ? Message::ask_again : Message::given_up;
}

std::string room_name(std::string_view room, std::string_view call_sid, std::string_view from) {
    std::string name(room);
    for (const auto& [hole, value] : {std::pair{std::string_view("{call_sid}"), call_sid}, {"{from}", from}})
        for (auto at = name.find(hole); at != std::string::npos; at = name.find(hole, at + value.size())) name.replace(at, hole.size(), value);
    for (auto& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c)) && std::string_view("-_.+").find(c) == std::string_view::npos) c = '-';
    if (name.size() > 128) name.resize(128);
    return name.empty() ? "room" : name;
}

}  // namespace parley::flows
