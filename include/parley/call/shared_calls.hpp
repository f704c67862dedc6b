#pragma once
// What the instances of a fleet know of each other's calls: how a call's stream ended and what was said in it, so that whoever answers its tail, or serves its
// next stream, goes on from there. Also for the same instance after a crash.

#include <cstdint>
#include <string>
#include <string_view>

#include "parley/brain/talk_memory.hpp"
#include "parley/net/task.hpp"

namespace parley::call {

struct Outcome;

// Thread-safe. What is told is written behind, the latest state of each call once; nothing here fails a call: without the store each instance knows its own.
class SharedCalls {
public:
    virtual ~SharedCalls() = default;
    // A stream of the call is live here; `resumes`: how often it was opened again, `ended`: how many of its streams have ended before.
    virtual void attached(const std::string& call_sid, const std::string& agent, std::uint32_t resumes, std::uint32_t ended) = 0;
    // What was said so far, after a turn.
    virtual void checkpoint(const std::string& call_sid, const brain::TalkMemory& memory) = 0;
    // Of its memory, what may be written down.
    virtual void finished(const std::string& call_sid, const Outcome& outcome) = 0;

    // Makes the registry here know what another instance does, if that is more. `ended`: so many streams of the call must have ended by now: the last one's
    // end may be on its way and is waited for, 700 ms at most; then its instance counts as lost, and the call goes on from its last checkpoint.
    virtual net::Task<> recall(std::string call_sid, std::uint32_t ended) = 0;
    // What was planned at the call's end is done once in the fleet: true for the first request, and for the same one again.
    virtual net::Task<bool> carry_out(std::string call_sid, std::uint32_t ending, std::string request) = 0;
    // A token's nonce is used once in the fleet.
    virtual net::Task<bool> first_use(std::string nonce) = 0;
};

}  // namespace parley::call
