#pragma once

#include "carrier_call.hpp"

namespace parley::sim {

// The caller as a person: does the steps of the scenario, and notes what comes out of the telephone. Two children of
// one call.
class CallerScript {
public:
    explicit CallerScript(CarrierCall& call) : call_(call) {}
    Task<> play();    // the steps
    Task<> listen();  // one transcript line for each stretch of the agent's speech

private:
    struct Clip {
        Pcm8k pcm;
        Interval voiced;
        std::string text;
    };

    Task<bool> step(const Step& step);  // false: the scenario cannot go on
    Task<Clip> clip(const SayStep& say);
    Task<Clip> clip(const PlayStep& play);
    Task<Clip> clip(const std::variant<SayStep, PlayStep>& what);
    Task<> utter(Clip clip, bool interruption);
    Task<bool> wait(const WaitStep& wait, const std::string& where);
    Task<bool> wait_silence(milliseconds silence, Sample until);
    Task<bool> interrupt(const InterruptStep& interrupt, const std::string& where);
    Task<> dtmf(const DtmfStep& dtmf);
    Task<> judge(Expectation expectation, std::string where, Sample from, Sample to);
    // The phrases heard in [from, to) of the play-out, with what the ear may confuse them with.
    Task<std::vector<std::string>> phrases_between(Expectation expectation, Sample from, Sample to);
    void fail(const std::string& where, const std::string& what);

    struct Understood {
        Sample from = 0, to = 0;
        std::vector<std::string> phrases, texts;
    };

    CarrierCall& call_;
    std::vector<Understood> understood_;  // a call's own: as short as it is
    Sample turn_from_ = 0;                // play-out sample at which the agent's turn began: the caller's last words
};

// Whether the words of `phrase` stand in `sentence` in this order and next to each other; case and punctuation do not
// count.
[[nodiscard]] bool contains_words(const std::string& sentence, const std::string& phrase);
[[nodiscard]] bool holds(const Expectation& expectation, const std::vector<std::string>& heard);

}  // namespace parley::sim
