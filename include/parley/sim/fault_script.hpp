#pragma once
// What an emulated vendor does wrong, by step. Read from YAML (JSON is YAML too) or filled in from C++.
//
//   rules:
//     - {path: /v1/speak, from: 2, to: 3, close_after: 5, close_code: 1011}
//     - {status: 429, retry_after: 0.5}
//
// Every request (an HTTP request or a WebSocket upgrade) is held against the rules in order; the first whose `path` is
// contained in the target and whose count of such requests is within from..to gives the fault. Counts begin when the
// script is set.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::sim {

// "k" is a count of items, which are what a vendor answers in pieces: text deltas, audio chunks, transcripts. k = 0:
// before the first one.
struct Fault {
    using Ms = std::chrono::milliseconds;

    // Applied by the host and the wrappers, for every vendor alike.
    int status = 0;                                // refuse with it, an upgrade too; 0: no
    std::optional<double> retry_after;             // header of that refusal, seconds
    Ms accept_delay{0};                            // before the request is answered at all, before an upgrade
    Ms first_delay{0};                             // before the first item
    Ms delta_delay{0};                             // before each further item
    std::optional<int> stall_after;                // item k+1 and all after it never come; everything else goes on
    std::optional<int> half_open_after;            // from then on nothing is read, answered or sent; the connection stays
    std::optional<int> close_after;                // ends after k items, as close_code says
    std::optional<std::size_t> close_after_bytes;  // ends in the middle of a message, after so many bytes of answer;
                                                   // takes 0 or 1 as close_code
    int close_code = 1011;                         // 0: TCP reset; 1: FIN without a close frame; else a WebSocket close code (HTTP: FIN)
    std::optional<int> malformed_after;            // item k+1 is cut in the middle of its JSON
    std::optional<int> giant_after;                // item k+1 carries `giant_bytes` more
    std::size_t giant_bytes = 10U << 20U;
    std::optional<int> unknown_event;  // something unheard of before item k+1
    std::optional<int> wrong_order;    // items k+1 and k+2 are exchanged
    double slow = 0;                   // audio comes at so many times real time, e.g. 0.7; 0: as the world says
    bool burst = false;                // audio comes all at once
    std::string redirect;              // answer 307 with this Location
    bool gzip_bomb = false;            // answer a few KiB that inflate to 16 MiB
    Ms session_limit{0};               // the connection ends after it, with close_code; 0: none
    int at_response = 1;               // items are counted from this response on, where the emulator calls next_response()

    // Read by EmulatorWorld::speak.
    bool empty_audio = false, zero_audio = false, wav_header = false, odd_bytes = false;
    int wrong_rate = 0;  // the audio is really of this rate

    // Read by the emulators themselves.
    bool ignore_cancel = false;
    Ms late_bytes{0};  // what was cancelled still comes for so long
    bool no_final = false, double_final = false;
    Ms late_final{0};
    std::size_t oversize_text = 0;  // a transcript of so many bytes, with control characters
    bool never_ends = false, empty_completion = false;
    std::string finish;  // "length", "content"

    [[nodiscard]] bool ends() const { return close_after || close_after_bytes; }
};

struct FaultRule {
    std::string path;  // part of the target (path and query); empty: any
    int from = 1, to = 1 << 30;
    Fault fault;
};

// Throws ScenarioError naming place, key and problem.
[[nodiscard]] std::vector<FaultRule> parse_fault_rules(const std::string& yaml, const std::string& file);
[[nodiscard]] std::vector<FaultRule> load_fault_rules(const std::filesystem::path& path);

// Thread-safe.
class FaultScript {
public:
    void set(std::vector<FaultRule> rules);
    // Counts the request.
    [[nodiscard]] Fault next(std::string_view target);

private:
    struct Counted {
        FaultRule rule;
        int seen = 0;
    };
    std::mutex mutex_;
    std::vector<Counted> rules_;
};

// What text becomes when it is malformed: cut in the middle of its first JSON object, line ends kept.
[[nodiscard]] std::string cut_json(const std::string& item);
// The same JSON object with a member "padding" of that many bytes; text that holds no object is lengthened.
[[nodiscard]] std::string swollen_json(const std::string& item, std::size_t bytes);
// A gzip stream of zeros that inflates to about so many bytes.
[[nodiscard]] std::string gzip_bomb(std::size_t bytes);

}  // namespace parley::sim
