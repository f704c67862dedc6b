// Limits one below, at and above; nesting; what must be there.
#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "parley/twilio/twiml.hpp"

namespace parley::twilio {
namespace {

using namespace twiml;
namespace ssml = twiml::ssml;

std::string outcome(const Verb& verb) {
    TwimlResponse r;
    r.add(verb);
    const auto xml = r.str();
    EXPECT_EQ(xml.has_value(), r.problem().empty());
    return xml ? "ok" : std::string(error_kind(xml.error()));
}
std::string text(std::size_t n) {
    return std::string(n, 'x');
}
std::string smileys(std::size_t n) {
    std::string out;
    for (std::size_t i = 0; i < n; ++i) out += "\U0001F642";
    return out;
}

TEST(TwimlLimits, say) {
    EXPECT_EQ(outcome(Say{}), "text");
    EXPECT_EQ(outcome(Say{.ssml = {ssml::text("")}}), "text");
    EXPECT_EQ(outcome(Say{.text = "\x01\x02"}), "text");  // nothing is left to say
    EXPECT_EQ(outcome(Say{.text = text(4095)}), "ok");
    EXPECT_EQ(outcome(Say{.text = text(4096)}), "ok");
    EXPECT_EQ(outcome(Say{.text = text(4097)}), "text");
    EXPECT_EQ(outcome(Say{.text = text(3000), .voice = "Polly.Amy"}), "ok");
    EXPECT_EQ(outcome(Say{.text = text(3001), .voice = "Polly.Amy"}), "text");
    EXPECT_EQ(outcome(Say{.text = smileys(2048)}), "ok");
    EXPECT_EQ(outcome(Say{.text = smileys(2048) + "x"}), "text");
    EXPECT_EQ(outcome(Say{.text = text(4000), .ssml = {ssml::p({ssml::text(text(96))})}}), "ok");
    EXPECT_EQ(outcome(Say{.text = text(4000), .ssml = {ssml::p({ssml::text(text(97))})}}), "text");
    EXPECT_EQ(outcome(Say{.text = "x", .loop = 0}), "ok");
    EXPECT_EQ(outcome(Say{.text = "x", .loop = 1000}), "ok");
    EXPECT_EQ(outcome(Say{.text = "x", .loop = -1}), "attribute");
    EXPECT_EQ(outcome(Say{.text = "x", .loop = 1001}), "attribute");
}

TEST(TwimlLimits, parameter) {
    const auto with = [](std::string name, std::string value) {
        return outcome(Connect{.noun = Stream{.url = "wss://h/m", .parameters = {{std::move(name), std::move(value)}}}});
    };
    EXPECT_EQ(with("t", text(497)), "ok");
    EXPECT_EQ(with("t", text(498)), "ok");
    EXPECT_EQ(with("t", text(499)), "attribute");
    EXPECT_EQ(with(text(250), text(249)), "ok");
    EXPECT_EQ(with(text(250), text(250)), "attribute");
    EXPECT_EQ(with("", "v"), "missing");
    EXPECT_EQ(with("n", ""), "ok");
}

TEST(TwimlLimits, document) {
    const auto document = [](std::size_t extra) {
        TwimlResponse r;
        for (int i = 0; i < 15; ++i) r.say(text(4096));
        r.say(text(extra));
        return r.str();
    };
    const auto base = document(1);
    ASSERT_TRUE(base);
    const std::size_t room = kMaxTwimlBytes - base->size() + 1;
    EXPECT_TRUE(document(room - 1));
    EXPECT_EQ(document(room)->size(), kMaxTwimlBytes);
    EXPECT_EQ(document(room + 1).error(), errc::twiml_too_large);
}

TEST(TwimlLimits, numbers) {
    const auto dial = [](Integer timeout) { return outcome(Dial{.number = "+4930123456", .timeout = timeout}); };
    EXPECT_EQ(dial(4), "attribute");
    EXPECT_EQ(dial(5), "ok");
    EXPECT_EQ(dial(600), "ok");
    EXPECT_EQ(dial(601), "attribute");
    const auto conference = [](Integer most) { return outcome(Dial{.nouns = {Conference{.name = "r", .max_participants = most}}}); };
    EXPECT_EQ(conference(1), "attribute");
    EXPECT_EQ(conference(2), "ok");
    EXPECT_EQ(conference(250), "ok");
    EXPECT_EQ(conference(251), "attribute");
    const auto label = [](std::size_t n) { return outcome(Dial{.nouns = {Conference{.name = "r", .participant_label = text(n)}}}); };
    EXPECT_EQ(label(128), "ok");
    EXPECT_EQ(label(129), "attribute");
    const auto reason = [](std::size_t n) { return outcome(Dial{.number = "112", .call_reason = text(n)}); };
    EXPECT_EQ(reason(50), "ok");
    EXPECT_EQ(reason(51), "attribute");
    const auto pause = [](Integer n) { return outcome(Pause{.length = n}); };
    EXPECT_EQ(pause(0), "ok");
    EXPECT_EQ(pause(-1), "attribute");
    EXPECT_EQ(pause(std::int64_t{1} << 40), "attribute");
}

TEST(TwimlLimits, relay_numbers_as_text) {
    const auto timeout = [](std::string v) { return outcome(Connect{.noun = ConversationRelay{.url = "wss://h/r", .speech_timeout = std::move(v)}}); };
    EXPECT_EQ(timeout("599"), "attribute");
    EXPECT_EQ(timeout("600"), "ok");
    EXPECT_EQ(timeout("5000"), "ok");
    EXPECT_EQ(timeout("5001"), "attribute");
    EXPECT_EQ(timeout("auto"), "ok");
    EXPECT_EQ(timeout(""), "attribute");
    EXPECT_EQ(timeout("600 "), "attribute");
    const auto threshold = [](std::string v) { return outcome(Connect{.noun = ConversationRelay{.url = "wss://h/r", .eot_threshold = std::move(v)}}); };
    EXPECT_EQ(threshold("0.499"), "attribute");
    EXPECT_EQ(threshold("0.5"), "ok");
    EXPECT_EQ(threshold("0.90"), "ok");
    EXPECT_EQ(threshold("0.901"), "attribute");
    for (const char* bad : {"", ".5", "0.", "1e0", "0.5x", "-0.5", "0.5000"}) EXPECT_EQ(threshold(bad), "attribute") << bad;
    EXPECT_EQ(outcome(Connect{.noun = ConversationRelay{.url = "wss://h/r", .transcription_language = "multi", .tts_provider = "Google"}}), "attribute");
}

TEST(TwimlLimits, hints) {
    const auto hints = [](std::size_t count, std::size_t length) {
        std::string all;
        for (std::size_t i = 0; i < count; ++i) all += (i > 0 ? "," : "") + text(length);
        return outcome(Gather{.hints = all});
    };
    EXPECT_EQ(hints(500, 1), "ok");
    EXPECT_EQ(hints(501, 1), "attribute");
    EXPECT_EQ(hints(1, 100), "ok");
    EXPECT_EQ(hints(1, 101), "attribute");
}

TEST(TwimlLimits, stream_urls) {
    const auto stream = [](std::string url) { return outcome(Connect{.noun = Stream{.url = std::move(url)}}); };
    EXPECT_EQ(stream("wss://gw.example.com/media"), "ok");
    EXPECT_EQ(stream("wss://gw.example.com:8443/media"), "ok");
    for (const char* bad : {"ws://h/m", "https://h/m", "wss://h/m?t=1", "wss://h/m?", "wss://", "wss:///m", "/m", "wss://h/m#x", "wss://h/ m", "wss://h/\n",
                            "wss://h/\"", "WSS://h/m"}) {
        EXPECT_EQ(stream(bad), "attribute") << bad;
    }
    EXPECT_EQ(stream("wss://h/" + text(3992)), "ok");
    EXPECT_EQ(stream("wss://h/" + text(3993)), "attribute");
    EXPECT_EQ(stream(""), "missing");
    EXPECT_EQ(outcome(Connect{.noun = Stream{.url = "wss://h/m", .connector_name = "c"}}), "missing");
}

TEST(TwimlLimits, other_urls) {
    const auto redirect = [](std::string url) { return outcome(Redirect{.url = std::move(url)}); };
    for (const char* good : {"https://h/x", "http://h", "/after?a=1", "after", "?step=2", "../x", "https://h/x#rc=2&rp=5xx"})
        EXPECT_EQ(redirect(good), "ok") << good;
    for (const char* bad : {"javascript:alert(1)", "ftp://h/x", "file:///etc/passwd", "//h/x", "a b", "https://h/\x01", "https://h/<", "https://h/\xff"}) {
        EXPECT_EQ(redirect(bad), "attribute") << bad;
    }
    EXPECT_EQ(redirect(""), "missing");
}

TEST(TwimlNesting, connect_start_stop_take_exactly_one_noun) {
    EXPECT_EQ(outcome(Connect{}), "missing");
    EXPECT_EQ(outcome(Start{}), "missing");
    EXPECT_EQ(outcome(Stop{.name = "x"}), "ok");
    EXPECT_EQ(outcome(Start{.noun = Transcription{}}), "missing");
    EXPECT_EQ(outcome(Start{.noun = Recording{}}), "ok");
}

TEST(TwimlNesting, dial) {
    EXPECT_EQ(outcome(Dial{}), "missing");
    EXPECT_EQ(outcome(Dial{.number = "+4930123456", .nouns = {Number{.number = "+4930123456"}}}), "missing");
    EXPECT_EQ(outcome(Dial{.number = "call me"}), "attribute");
    const std::vector<DialNoun> ten(10, Number{.number = "+4930123456"});
    EXPECT_EQ(outcome(Dial{.nouns = ten}), "ok");
    EXPECT_EQ(outcome(Dial{.nouns = std::vector<DialNoun>(11, ten[0])}), "nesting");
    EXPECT_EQ(outcome(Dial{.nouns = {Conference{.name = "r"}, Number{.number = "+4930123456"}}}), "nesting");
    EXPECT_EQ(outcome(Dial{.nouns = {Client{.identity = "bob", .parameters = {{"a", "b"}}}}}), "ok");
    EXPECT_EQ(outcome(Dial{.nouns = {Client{}}}), "missing");
    EXPECT_EQ(outcome(Dial{.nouns = {Client{.parameters = {{"a", "b"}}}}}), "missing");
    EXPECT_EQ(outcome(Dial{.nouns = {Application{.sid = "AP0123456789abcdef0123456789abcdef", .parameters = {{"a", "b"}}}}}), "ok");
    EXPECT_EQ(outcome(Dial{.nouns = {Application{.sid = "CA0123456789abcdef0123456789abcdef"}}}), "attribute");
    EXPECT_EQ(outcome(Dial{.nouns = {Sim{.sid = "DE0123456789abcdef0123456789abcdef"}}}), "ok");
    EXPECT_EQ(outcome(Dial{.nouns = {Sip{}}}), "missing");
    EXPECT_EQ(outcome(Dial{.nouns = {Sip{.uri = "sip:a@b", .uris = {{.uri = "sip:a@b"}}}}}), "missing");
    for (const char* good : {"sip:bob@example.org:5061;transport=tls;edge=dublin?X-A=1&X-B=2", "sips:b@h"})
        EXPECT_EQ(outcome(Dial{.nouns = {Sip{.uri = good}}}), "ok") << good;
    for (const char* bad : {"bob@example.org", "sip:bob", "sip:@h", "sip:b@", "tel:+49", "sip:a b@h"})
        EXPECT_EQ(outcome(Dial{.nouns = {Sip{.uri = bad}}}), "attribute") << bad;
    const auto headers = [](std::size_t n) { return outcome(Dial{.nouns = {Sip{.uri = "sip:a@b?" + text(n)}}}); };
    EXPECT_EQ(headers(1023), "ok");
    EXPECT_EQ(headers(1024), "attribute");
    const auto header = [](std::size_t n) { return outcome(Dial{.nouns = {Sip{.uri = "sip:a@b", .headers = {{.name = "X-A", .value = text(n)}}}}}); };
    EXPECT_EQ(header(1020), "ok");
    EXPECT_EQ(header(1021), "attribute");
}

TEST(TwimlNesting, reject_only_first) {
    TwimlResponse first;
    first.reject({.reason = "busy"}).hangup();
    EXPECT_TRUE(first.str());
    TwimlResponse second;
    second.pause().reject();
    EXPECT_EQ(second.str().error(), errc::twiml_nesting);
}

TEST(TwimlNesting, enqueue_play_refer_queue) {
    EXPECT_EQ(outcome(Enqueue{}), "missing");
    EXPECT_EQ(outcome(Enqueue{.name = "q", .task = Task{.json = "{}"}, .workflow_sid = "WW0123456789abcdef0123456789abcdef"}), "missing");
    EXPECT_EQ(outcome(Enqueue{.task = Task{.json = "{}"}}), "missing");
    EXPECT_EQ(outcome(Play{}), "missing");
    EXPECT_EQ(outcome(Play{.url = "https://h/a.wav", .digits = "1"}), "attribute");
    EXPECT_EQ(outcome(Refer{}), "missing");
    EXPECT_EQ(outcome(Queue{}), "missing");
    EXPECT_EQ(outcome(Queue{.name = "q"}), "ok");
    EXPECT_EQ(outcome(Leave{}), "ok");
    EXPECT_EQ(outcome(Echo{}), "ok");
    EXPECT_EQ(outcome(Hangup{.parameter = Parameter{"a", "b"}}), "ok");
    EXPECT_EQ(outcome(Pay{.prompts = {Prompt{.prompts = {Say{.text = "x"}, Pause{}}}}, .parameters = {{"a", "b"}}}), "ok");
    EXPECT_EQ(outcome(Gather{.prompts = {Say{.text = "x"}, Play{.url = "https://h/a.wav"}, Pause{}}}), "ok");
    EXPECT_EQ(outcome(Gather{.prompts = {Say{}}}), "text");
    EXPECT_EQ(outcome(Connect{.noun = Autopilot{.name = "a"}}), "ok");
}

// Who may stand in whom, for all pairs of SSML elements, as Twilio's table has it.
TEST(TwimlNesting, ssml_pairs) {
    const auto x = ssml::text("x");
    const std::vector<std::pair<std::string, Ssml>> inner{{"break", ssml::break_("weak")},
                                                          {"emphasis", ssml::emphasis("strong", {x})},
                                                          {"lang", ssml::lang("fr-FR", {x})},
                                                          {"p", ssml::p({x})},
                                                          {"s", ssml::s({x})},
                                                          {"phoneme", ssml::phoneme("ipa", "x", "x")},
                                                          {"prosody", ssml::prosody("loud", {}, {}, {x})},
                                                          {"say-as", ssml::say_as("digits", "1")},
                                                          {"sub", ssml::sub("a", "b")},
                                                          {"w", ssml::w("r", {x})}};
    const auto outer = [&](std::string_view tag, const Ssml& child) {
        if (tag == "emphasis") return ssml::emphasis("strong", {child});
        if (tag == "lang") return ssml::lang("fr-FR", {child});
        if (tag == "p") return ssml::p({child});
        if (tag == "s") return ssml::s({child});
        if (tag == "prosody") return ssml::prosody("loud", {}, {}, {child});
        return ssml::w("r", {child});
    };
    const std::map<std::string, std::string> allowed{
        {"emphasis", "break emphasis lang phoneme prosody say-as sub w"},    {"lang", "break emphasis lang p phoneme prosody s say-as sub w"},
        {"p", "break emphasis lang phoneme prosody s say-as sub w"},         {"s", "break emphasis lang phoneme prosody say-as sub w"},
        {"prosody", "break emphasis lang p phoneme prosody s say-as sub w"}, {"w", "break emphasis phoneme prosody say-as sub"}};
    for (const auto& [tag, children] : allowed) {
        for (const auto& [name, piece] : inner) {
            const bool good = (" " + children + " ").find(" " + name + " ") != std::string::npos;
            EXPECT_EQ(outcome(Say{.text = "t", .ssml = {outer(tag, piece)}}), good ? "ok" : "nesting") << name << " in " << tag;
        }
    }
    Ssml leaf = ssml::break_("weak");
    leaf.children = {x};
    EXPECT_EQ(outcome(Say{.text = "t", .ssml = {leaf}}), "nesting");
    EXPECT_EQ(outcome(Say{.text = "t", .ssml = {ssml::phoneme("ipa", "x", "")}}), "missing");
    Ssml deep = x;
    for (int i = 0; i < 15; ++i) deep = ssml::emphasis("strong", {deep});
    EXPECT_EQ(outcome(Say{.ssml = {deep}}), "ok");
    deep = ssml::emphasis("strong", {deep});
    EXPECT_EQ(outcome(Say{.ssml = {deep}}), "nesting");
}

TEST(TwimlMessaging, attributes_children_and_limits) {
    const auto outcome_of = [](const Message& m) {
        MessagingResponse r;
        r.message(m);
        const auto xml = r.str();
        return xml ? "ok" : std::string(error_kind(xml.error()));
    };
    EXPECT_EQ(outcome_of({.text = text(1600)}), "ok");
    EXPECT_EQ(outcome_of({.text = text(1601)}), "text");
    EXPECT_EQ(outcome_of({.body = text(1600)}), "ok");
    EXPECT_EQ(outcome_of({.body = text(1601)}), "text");
    EXPECT_EQ(outcome_of({}), "missing");
    EXPECT_EQ(outcome_of({.text = "x", .body = "y"}), "nesting");
    EXPECT_EQ(outcome_of({.media = std::vector<std::string>(10, "https://h/a.png")}), "ok");
    EXPECT_EQ(outcome_of({.media = std::vector<std::string>(11, "https://h/a.png")}), "nesting");
    EXPECT_EQ(outcome_of({.media = {"/a.png"}}), "attribute");
    EXPECT_EQ(outcome_of({.text = "x", .method = "PUT"}), "attribute");
    EXPECT_EQ(outcome_of({.text = "x", .action = "ftp://h"}), "attribute");
    EXPECT_EQ(outcome_of({.text = "x", .status_callback = "ftp://h"}), "attribute");
    EXPECT_EQ(outcome_of({.text = "x", .to = text(257)}), "attribute");
    EXPECT_EQ(outcome_of({.text = "x", .from = text(257)}), "attribute");

    MessagingResponse r;
    r.message({.body = "a<b", .media = {"https://h/a?x=1&y=2"}, .to = "+1", .from = "+2", .action = "/a", .method = "GET", .status_callback = "/s"})
        .message("plain")
        .redirect({.url = "/r", .method = "POST"});
    EXPECT_EQ(*r.str(),
              R"(<?xml version="1.0" encoding="UTF-8"?><Response><Message to="+1" from="+2" action="/a" method="GET" statusCallback="/s"><Body>a&lt;b</Body>)"
              R"(<Media>https://h/a?x=1&amp;y=2</Media></Message><Message>plain</Message><Redirect method="POST">/r</Redirect></Response>)");
    EXPECT_EQ(*MessagingResponse().str(), R"(<?xml version="1.0" encoding="UTF-8"?><Response/>)");
}

}  // namespace
}  // namespace parley::twilio
