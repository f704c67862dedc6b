#pragma once
// TwiML documents, valid by construction: every verb, noun and attribute of Twilio's voice and messaging markup, with
// nesting, ranges, enumerations, alphabets and lengths refused when a verb is added. The first refusal sticks and is
// what `str()` answers, so a chain of calls needs one check at its end. Text is escaped by the XML writer; nothing is
// concatenated.
//
//   TwimlResponse r;
//   r.connect({.noun = twiml::Stream{.url = "wss://gw.example.com/media", .parameters = {{"t",
//   token}}}}).redirect({.url = after}); auto xml = r.str();   // Result<std::string>; r.problem() says which verb,
//   attribute and limit
//
// Language tags and voice names are checked for form only: Twilio's service knows more of them than any list.

#include <memory>
#include <string>
#include <string_view>

#include "parley/twilio/error.hpp"
#include "parley/twilio/twiml/verbs.hpp"

namespace parley::twilio {

inline constexpr std::size_t kMaxTwimlBytes = 64'000;  // Twilio: "64 kB" (11750); the smaller reading
inline constexpr std::size_t kMaxSayChars = 4096;      // characters are UTF-16 code units
inline constexpr std::size_t kMaxPollySayChars = 3000;
inline constexpr std::size_t kMaxParameterChars = 499;  // name + value, "below 500"

class TwimlDocument {  // what both kinds share
public:
    TwimlDocument();
    TwimlDocument(TwimlDocument&&) noexcept;
    TwimlDocument& operator=(TwimlDocument&&) noexcept;
    ~TwimlDocument();

    // The document, UTF-8, with XML declaration and without white space between elements. Errors: the first refusal, or
    // twiml_too_large.
    [[nodiscard]] Result<std::string> str() const;

    // The first refusal in words, e.g. "Say loop: 0 to 1000, not 1001"; empty when there is none. Holds no value of the
    // caller's but numbers and enumeration words.
    [[nodiscard]] std::string_view problem() const;

protected:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class TwimlResponse : public TwimlDocument {
public:
    TwimlResponse& add(const twiml::Verb& verb);

    TwimlResponse& say(const twiml::Say& verb);
    TwimlResponse& say(std::string text);
    TwimlResponse& play(const twiml::Play& verb);
    TwimlResponse& pause(const twiml::Pause& verb = {});
    TwimlResponse& gather(const twiml::Gather& verb);
    TwimlResponse& record(const twiml::Record& verb);
    TwimlResponse& dial(const twiml::Dial& verb);
    TwimlResponse& connect(const twiml::Connect& verb);
    TwimlResponse& start(const twiml::Start& verb);
    TwimlResponse& stop(const twiml::Stop& verb);
    TwimlResponse& redirect(const twiml::Redirect& verb);
    TwimlResponse& hangup(const twiml::Hangup& verb = {});
    TwimlResponse& reject(const twiml::Reject& verb = {});
    TwimlResponse& enqueue(const twiml::Enqueue& verb);
    TwimlResponse& leave();
    TwimlResponse& refer(const twiml::Refer& verb);
    TwimlResponse& pay(const twiml::Pay& verb);
    TwimlResponse& queue(const twiml::Queue& verb);
    TwimlResponse& sms(const twiml::Sms& verb);
    TwimlResponse& echo();
};

class MessagingResponse : public TwimlDocument {
public:
    MessagingResponse& message(const twiml::Message& verb);
    MessagingResponse& message(std::string text);
    MessagingResponse& redirect(const twiml::Redirect& verb);
};

}  // namespace parley::twilio
