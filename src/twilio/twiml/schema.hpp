#pragma once
// One table says of each TwiML element its attributes with kinds and ranges, its text and its children (Twilio's voice
// and messaging reference; where Twilio's own SDKs and documentation differ, the union). Rules that span several
// attributes are in rules.cpp.

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace parley::twilio::twiml {

enum class El : std::uint8_t {
    // documents; `text` is a piece of character data among children
    voice_response,
    messaging_response,
    text,
    // speech
    say,
    play,
    pause,
    gather,
    record,
    break_,
    emphasis,
    lang,
    p,
    s,
    phoneme,
    prosody,
    say_as,
    sub,
    w,
    // dial
    dial,
    number,
    client,
    identity,
    sip,
    uri,
    headers,
    header,
    conference,
    queue,
    sim,
    application,
    application_sid,
    whatsapp,
    enqueue,
    task,
    refer,
    refer_sip,
    // connect, start, stop
    connect,
    start,
    stop,
    connect_stream,
    start_stream,
    stop_stream,
    relay,
    relay_language,
    relay_session,
    ai_session,
    virtual_agent,
    room,
    conversation,
    autopilot,
    transcription,
    stop_transcription,
    recording,
    siprec,
    stop_siprec,
    parameter,
    config,
    // the rest
    redirect,
    hangup,
    reject,
    leave,
    pay,
    prompt,
    sms,
    echo,
    // messaging
    message,
    body,
    media,
};

enum class Kind : std::uint8_t {
    none,          // no such thing (element text)
    text,          // anything up to `max` characters (0: no limit)
    printable,     // one word: no blanks, no controls
    flag,          // true, false
    integer,       // min..max
    integer_or,    // min..max or one of `values`
    integers,      // space-separated, each min..max
    decimal,       // min/1000..max/1000
    one_of,        // one of `values`; an entry "abc*" is a prefix
    words,         // space-separated, each one of `values`, none twice
    url,           // http(s) URL, or relative to the document
    absolute_url,  // http(s) URL
    wss,           // wss URL without query
    wss_query,     // wss URL, a query is fine
    chars,         // min..max characters, each one of `values`
    sid,           // `values` is the prefix, empty for any
    language,      // BCP-47 by form, or one of `values`
    hints,         // comma list: at most 500 phrases of at most 100 characters
    sip_uri,       // sip: or sips:
    phone,         // '+' and digits, 2 to 15 of them; `values` is an optional prefix such as "whatsapp:"
    break_time,    // "500ms", "2s", at most 10 s
};

struct ValueSpec {
    std::string_view name{};  // attribute name; empty for element text
    Kind kind = Kind::none;
    std::string_view values{};
    std::int64_t min = 0;
    std::int64_t max = 0;
    bool required = false;
};

struct ElementSpec {
    El id = El::text;
    std::string_view tag{};
    ValueSpec text{};
    std::span<const ValueSpec> attributes{};
    std::span<const El> children{};
};

const ElementSpec& spec_of(El el);
std::span<const ElementSpec> all_specs();
const ValueSpec* find_attribute(const ElementSpec& spec,
                                std::string_view name);  // null when the element has none of that name

}  // namespace parley::twilio::twiml
