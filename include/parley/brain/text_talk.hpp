#pragma once
// A conversation that is text on both sides: ConversationRelay, gathered speech, messages. The same brain and the same rule as a spoken one: its memory
// holds what the other side has really been told, nothing more.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/ports.hpp"
#include "parley/brain/talk_memory.hpp"

namespace parley::brain {

struct TextTurn {
    std::vector<std::string> pieces;  // speakable, in order; never empty unless `failed` or `superseded`
    conversation::ReplyThen then = conversation::ReplyThen::listen;
    std::string target;                      // of a transfer
    bool failed = false;                     // no answer within the time, or none at all
    bool superseded = false;                 // another turn was begun, or the talk closed, before this one was done
    [[nodiscard]] std::string text() const;  // the pieces, with a blank between
};

struct TalkSettings {
    std::chrono::milliseconds answer_within{20000};
    std::uint32_t context_lines = 64;
};

// One talk. Everything runs on `ports.executor`'s one thread; call it there. One turn at a time: a turn begun while another runs supersedes it.
class TextTalk {
public:
    // Throws std::runtime_error when the agent's brain cannot answer text (`PipelineFactory::open_text` gave none).
    TextTalk(PipelineFactory& factory, CallFacts facts, TalkPorts ports, TalkSettings settings, TalkMemory before = {});
    ~TextTalk();
    TextTalk(const TextTalk&) = delete;
    TextTalk& operator=(const TextTalk&) = delete;

    // `on_piece`: each piece as it comes, before the turn is done. Pieces count as told once the turn is done, unless interrupted() says otherwise.
    using OnPiece = std::function<void(std::string_view piece)>;
    net::Task<TextTurn> begin(OnPiece on_piece = {});  // greeting; or, with a memory, the words to come back with
    net::Task<TextTurn> said(std::string text, double confidence = 1, OnPiece on_piece = {});
    net::Task<TextTurn> keyed(std::string digits, OnPiece on_piece = {});
    net::Task<TextTurn> nothing_understood(OnPiece on_piece = {});
    // The other side took in only this much of the last turn (a prefix of what was sent; may be empty); its rest was never said. A running turn ends
    // as superseded.
    void interrupted(std::string_view heard);
    // Words that were said in the agent's name without its brain (a menu's, a fixed phrase): part of the memory.
    void agent_said(std::string_view text);
    // Words the other side said to somebody else (a person who speaks for the agent): part of the memory, and not answered.
    void caller_said(std::string_view text);

    // As LmSession::advise.
    void advise(std::string_view note);

    [[nodiscard]] const std::vector<conversation::ContextLine>& lines() const;
    [[nodiscard]] TalkMemory memory() const;
    void tick(TimePoint now);  // at least every 100 ms while a turn runs, if the owner has a beat; otherwise it ticks itself
    net::Task<> close();       // within 1 s; afterwards nothing is called

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::brain
