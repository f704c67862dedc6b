// The faults of vendors and of the network before them, as scripts.

#include <algorithm>
#include <stdexcept>

#include "parley/sim/chaos.hpp"

namespace parley::sim {
namespace {

using namespace std::chrono_literals;
using Role = ChaosRole;

const std::vector<Role> kAll{Role::stt, Role::lm, Role::tts, Role::s2s};
const std::vector<Role> kSockets{Role::stt, Role::tts, Role::s2s};
const std::vector<Role> kVoices{Role::tts, Role::s2s};

// Rules as the emulated vendors' scripts have them.
ChaosFault scripted(std::string id, std::string what, std::vector<Role> roles, const std::string& rules) {
    ChaosFault fault;
    fault.id = std::move(id);
    fault.what = std::move(what);
    fault.roles = std::move(roles);
    fault.rules = parse_fault_rules("rules: [" + rules + "]", fault.id);
    return fault;
}

ChaosFault gated(std::string id, std::string what, std::vector<Role> roles, const GateFault& gate) {
    ChaosFault fault;
    fault.id = std::move(id);
    fault.what = std::move(what);
    fault.roles = std::move(roles);
    fault.gate = gate;
    return fault;
}

ChaosFault left_out(std::string id, std::string what, std::string why) {
    ChaosFault fault;
    fault.id = std::move(id);
    fault.what = std::move(what);
    fault.not_run = std::move(why);
    return fault;
}

std::vector<ChaosFault> make() {
    std::vector<ChaosFault> out;
    const auto add = [&](ChaosFault fault) { out.push_back(std::move(fault)); };

    GateFault slow;
    slow.bytes_per_second = 3000;
    add(gated("N1", "3 kB/s", kVoices, slow));
    GateFault half;
    half.half_open_after = 6000;
    add(gated("N4", "half-open after 6 kB", kAll, half));
    GateFault early;
    early.half_open_after = 700;
    add(gated("N4/700", "half-open after 700 bytes", kAll, early));
    GateFault carrier;
    carrier.counted = GateFault::Direction::to_target;
    carrier.reset_after = 60'000;
    add(gated("N6", "reset in the middle of a frame", {Role::carrier}, carrier));
    out.back().may_end = true;
    GateFault reset;
    reset.reset_after = 6001;
    add(gated("N7", "reset in the middle of a message", kAll, reset));
    GateFault end;
    end.end_after = 6001;
    add(gated("N8", "end without a close frame", kAll, end));
    GateFault carrier_end = carrier;
    carrier_end.reset_after.reset();
    carrier_end.end_after = 60'000;
    add(gated("N8/carrier", "the carrier's socket ends without a close frame", {Role::carrier}, carrier_end));
    out.back().may_end = true;

    add(scripted("P1/401", "the key is refused", kAll, "{status: 401}"));
    add(scripted("P1/403", "not allowed", kAll, "{status: 403}"));
    add(scripted("P2/now", "429, retry after 0.5 s, then well", kAll, "{from: 1, to: 1, status: 429, retry_after: 0.5}"));
    add(scripted("P2/later", "429 without a time", kAll, "{status: 429}"));
    add(scripted("P3/once", "503 once", kAll, "{from: 1, to: 1, status: 503}"));
    add(scripted("P3", "503 always", kAll, "{status: 503}"));
    add(scripted("P4", "accepts, no first byte", kAll, "{accept_delay: 120s}"));
    for (const int k : {1, 2, 5, 10})
        add(scripted("P5/" + std::to_string(k), "stalls after " + std::to_string(k), kAll, "{stall_after: " + std::to_string(k) + "}"));
    add(scripted("P6", "takes everything, gives nothing", kAll, "{stall_after: 0}"));
    add(scripted("P7/json", "malformed", kAll, "{malformed_after: 1}"));
    add(scripted("P7/cut", "ends in the middle of an answer", kAll, "{close_after: 2, close_code: 1}"));
    add(scripted("P7/order", "two events exchanged", kAll, "{wrong_order: 1}"));
    add(scripted("P7/unknown", "an event nobody knows", kAll, "{unknown_event: 1}"));
    add(scripted("P8", "a message of 10 MB", kAll, "{giant_after: 1}"));
    add(scripted("P9", "never ends", {Role::lm}, "{never_ends: true}"));
    add(scripted("P10/empty", "an empty answer", {Role::lm}, "{empty_completion: true}"));
    add(scripted("P10/length", "cut for its length", {Role::lm}, "{finish: length}"));
    add(scripted("P10/content", "cut for its content", {Role::lm}, "{finish: content}"));
    add(scripted("P11/none", "no sound", kVoices, "{empty_audio: true}"));
    add(scripted("P11/zeros", "sound of zeros", kVoices, "{zero_audio: true}"));
    GateFault dragging;
    dragging.bytes_per_second = 5600;
    add(gated("P12", "0.7 of real time", kVoices, dragging));
    add(scripted("P13/rate", "sound of another rate", kVoices, "{wrong_rate: 12000}"));
    add(scripted("P13/odd", "an odd byte in every piece", kVoices, "{odd_bytes: true}"));
    add(scripted("P13/wav", "a WAV header in the sound", kVoices, "{wav_header: true}"));
    add(scripted("P14", "no final transcript", {Role::stt}, "{no_final: true}"));
    add(scripted("P15/late", "finals 3 s late", {Role::stt}, "{late_final: 3s}"));
    add(scripted("P15/twice", "finals twice", {Role::stt}, "{double_final: true}"));
    add(scripted("P16", "a transcript of 100 KB", {Role::stt}, "{oversize_text: 100000}"));
    for (const int code : {1000, 1001, 1008, 1011, 1012, 1013, 4001, 4029})
        add(scripted("P17/" + std::to_string(code), "closes with " + std::to_string(code), kSockets,
                     "{from: 1, to: 1, close_after: 2, close_code: " + std::to_string(code) + "}"));
    add(scripted("P18", "sessions of 8 s at most", kSockets, "{session_limit: 8s, close_code: 1008}"));
    add(scripted("P19", "idle connections are closed after 3 s", kSockets, "{session_limit: 3s, close_code: 1000}"));
    add(left_out("P20", "an error of the past poisons the next request", "needs the vendor's own ids: covered by the vendors' tests, not from outside"));
    add(scripted("P21", "all are down", kAll, "{status: 503}"));
    out.back().everywhere = true;
    out.back().may_end = true;
    add(scripted("P22", "one at a time: every further connection is refused", kAll, "{from: 2, status: 429}"));
    add(left_out("P23", "30 s of sound in 1 s", "the vendor's own pace is not a proxy's to raise; `parley sim` has it as `burst`"));
    add(scripted("P24", "goes on after a cancel", kVoices, "{ignore_cancel: true}"));
    add(scripted("P25", "a kept connection is reset as it is used again", kAll, "{from: 2, to: 2, close_after: 0, close_code: 0}"));
    add(scripted("P26", "redirects to another host", kAll, "{redirect: \"http://127.0.0.1:9/elsewhere\"}"));
    add(scripted("P27", "a gzip bomb", {Role::lm, Role::tts}, "{gzip_bomb: true}"));
    add(left_out("P28", "a runaway cost", "caps are configuration, not a fault of the vendor"));
    add(left_out("P29", "sound of an item nobody asked for", "needs the vendor's own ids: covered by the vendors' tests, not from outside"));
    add(scripted("P30", "down for three requests, then back", kAll, "{from: 1, to: 3, status: 503}"));
    add(left_out("P31", "a backup that does not fit", "found by `parley check`, before there is a call"));
    return out;
}

}  // namespace

std::string_view to_string(ChaosRole role) {
    constexpr std::string_view kNames[] = {"stt", "lm", "tts", "s2s", "carrier"};
    return kNames[static_cast<std::size_t>(role)];
}

bool ChaosFault::is_for(ChaosRole role) const {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
}

const std::vector<ChaosFault>& chaos_faults() {
    static const auto faults = make();
    return faults;
}

std::vector<ChaosFault> select_faults(const std::string& names) {
    if (names.empty()) return chaos_faults();
    std::vector<ChaosFault> out;
    for (std::size_t at = 0; at <= names.size();) {
        const auto end = std::min(names.find(',', at), names.size());
        const auto name = names.substr(at, end - at);
        const auto before = out.size();
        for (const auto& fault : chaos_faults()) {
            const bool all = name.size() == 1 && fault.id.starts_with(name);
            if (all || fault.id == name || fault.id.starts_with(name + "/")) out.push_back(fault);
        }
        if (out.size() == before) throw std::invalid_argument("there is no fault '" + name + "'");
        at = end + 1;
    }
    return out;
}

}  // namespace parley::sim
