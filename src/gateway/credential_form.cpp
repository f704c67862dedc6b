#include "credential_form.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include <pugixml.hpp>

#include "parley/base/text_values.hpp"
#include "parley/hold/hold_text.hpp"
#include "parley/rest/credential_form.hpp"
#include "parley/speech/voice.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::gateway {

using nlohmann::json;

namespace {

constexpr std::size_t kNumbersMost = 1000, kCallersMost = 10'000, kVoiceMost = 200;
constexpr int kMarkupDeepest = 20;

bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool blank(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; });
}
bool hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

const std::array<std::pair<std::string_view, hold::Strategy>, 7> kStrategies{{{"none", hold::Strategy::none},
                                                                              {"text", hold::Strategy::text},
                                                                              {"audio", hold::Strategy::audio},
                                                                              {"music", hold::Strategy::music},
                                                                              {"audio_then_music", hold::Strategy::audio_then_music},
                                                                              {"text_then_music", hold::Strategy::text_then_music},
                                                                              {"text_over_music", hold::Strategy::text_over_music}}};

// "&amp;" and its like: what XML knows without a declaration.
bool entity(std::string_view at) {
    for (const std::string_view known : {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
        if (at.starts_with(known)) return true;
    if (!at.starts_with("&#")) return false;
    at.remove_prefix(2);
    const bool sixteen = at.starts_with('x');
    if (sixteen) at.remove_prefix(1);
    const auto end = at.find(';');
    if (end == 0 || end == std::string_view::npos || end > 7) return false;
    const auto digits = at.substr(0, end);
    return sixteen ? hex(digits) : std::all_of(digits.begin(), digits.end(), digit);
}

std::string why_no_markup(const pugi::xml_node& node, int depth) {
    if (depth > kMarkupDeepest) return "Its markup is nested too deeply.";
    for (const auto& child : node.children()) {
        switch (child.type()) {
            case pugi::node_element:
                if (auto why = why_no_markup(child, depth + 1); !why.empty()) return why;
                break;
            case pugi::node_pcdata:
            case pugi::node_cdata:
            case pugi::node_comment:
                break;
            default:
                return "Its markup holds a declaration or an instruction: only elements and text are read aloud.";
        }
    }
    return {};
}

// A credential's text with a tag may stand without <speak> around it.
std::string whole_ssml(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text.substr(first).starts_with("<speak")) return std::string(text.substr(first));
    return "<speak>" + std::string(text) + "</speak>";
}

std::string why_no_caller(std::string_view text) {
    if (text.ends_with('*')) {
        const auto digits = text.substr(0, text.size() - 1);
        const bool prefix = digits.starts_with('+') && digits.size() > 1 && digits.size() < 16 && std::all_of(digits.begin() + 1, digits.end(), digit);
        return prefix ? "" : "A beginning of numbers is + and digits in front of *, as in +4930*.";
    }
    return why_no_number(text);
}

// Reads one body, collecting what is wrong.
class Reader {
public:
    Reader(const json& body, std::vector<FieldProblem>& problems) : body_(body), problems_(problems) {}

    void wrong(const std::string& field, std::string message) { problems_.push_back({field, std::move(message)}); }

    // Null and absent are the same.
    [[nodiscard]] const json* find(const char* field) const {
        const auto found = body_.find(field);
        return found == body_.end() || found->is_null() ? nullptr : &*found;
    }
    std::string text(const char* field) {
        const auto* value = find(field);
        if (value == nullptr) return {};
        if (!value->is_string()) return wrong(field, "It has to be a text."), std::string();
        return value->get<std::string>();
    }
    std::vector<std::string> texts(const char* field, std::size_t most) {
        const auto* value = find(field);
        if (value == nullptr) return {};
        if (!value->is_array()) return wrong(field, "It has to be a list of numbers."), std::vector<std::string>();
        if (value->size() > most) return wrong(field, "It has more than " + std::to_string(most) + " entries."), std::vector<std::string>();
        std::vector<std::string> all;
        for (std::size_t i = 0; i < value->size(); ++i) {
            if ((*value)[i].is_string())
                all.push_back((*value)[i].get<std::string>());
            else
                wrong(field + ("[" + std::to_string(i) + "]"), "It has to be a text: a number in quotes, +…");
        }
        return all;
    }
    std::int64_t whole(const char* field, std::int64_t preset, std::int64_t least, std::int64_t most) {
        const auto* value = find(field);
        if (value == nullptr) return preset;
        if (!value->is_number_integer()) return wrong(field, "It has to be a whole number of seconds."), preset;
        // An unsigned number beyond the signed range must not turn negative.
        const bool large = value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(most);
        const auto number = large ? most + 1 : value->get<std::int64_t>();
        if (number < least || number > most)
            return wrong(field, "It has to be between " + std::to_string(least) + " and " + std::to_string(most) + " seconds."), preset;
        return number;
    }

private:
    const json& body_;
    std::vector<FieldProblem>& problems_;
};

void read_token(Reader& in, const CredentialContext& context, store::Credential& c) {
    const auto token = in.text("authtoken");
    const bool keep = token == kHiddenToken || in.find("authtoken") == nullptr;
    if (!keep) {
        if (const auto why = why_no_token(token); !why.empty())
            in.wrong("authtoken", why);
        else
            c.authtoken = Secret(token);
        return;
    }
    if (context.before == nullptr)
        in.wrong("authtoken", "It is missing: the account's auth token, 32 hexadecimal digits from the Twilio Console.");
    else if (context.before->accountsid != c.accountsid)
        in.wrong("authtoken", "The account changes: its auth token has to be given again.");
    else if (context.before->authtoken.empty())
        in.wrong("authtoken", "The stored token cannot be opened (its seal key is missing): give it again.");
    else
        c.authtoken = context.before->authtoken;
}

void read_numbers(Reader& in, const CredentialContext& context, store::Credential& c) {
    const auto numbers = in.texts("phonenumbers", kNumbersMost);
    std::set<std::string> seen;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto field = "phonenumbers[" + std::to_string(i) + "]";
        if (const auto why = why_no_number(numbers[i]); !why.empty()) {
            in.wrong(field, why);
        } else if (!seen.insert(numbers[i]).second) {
            in.wrong(field, numbers[i] + " is given twice.");
        } else if (const auto owner = context.other_owner ? context.other_owner(numbers[i]) : std::string(); !owner.empty()) {
            in.wrong(field, numbers[i] + " belongs to the agent " + owner + " already.");
        }
        c.phonenumbers.push_back(numbers[i]);
    }
}

void read_hold(Reader& in, const CredentialContext& context, store::Credential& c) {
    using hold::Strategy;
    c.holdstrategy = in.text("holdstrategy");
    c.holdtext = in.text("holdtext");
    c.holdvoice = in.text("holdvoice");
    c.holdaudio = context.holdaudio;
    c.holdmusic = context.holdmusic;
    if (const auto why = why_no_hold_text(c.holdtext); !why.empty()) in.wrong("holdtext", why);
    if (c.holdvoice.size() > kVoiceMost || std::any_of(c.holdvoice.begin(), c.holdvoice.end(), [](char ch) { return static_cast<unsigned char>(ch) < ' '; }))
        in.wrong("holdvoice", "It is no name of a voice.");
    // What is uploaded is said by uploading; the field may come back as it was shown.
    for (const auto& [name, there] : {std::pair<const char*, const std::string&>{"holdaudio", context.holdaudio}, {"holdmusic", context.holdmusic}}) {
        const auto* value = in.find(name);
        if (value == nullptr || (value->is_string() && (value->get_ref<const std::string&>() == there || value->get_ref<const std::string&>().empty())))
            continue;
        in.wrong(name, std::string("It is uploaded: PUT the WAV or MP3 file to …/media/") + name + ".");
    }
    if (context.embedded && !c.holdvoice.empty()) {
        const auto& names = speech::voice_names();
        if (std::find(names.begin(), names.end(), c.holdvoice) == names.end())
            in.wrong("holdvoice", "It is none of the embedded voices" + text::suggestion(c.holdvoice, names) + ".");
    }
    if (c.holdstrategy.empty()) return;
    const auto strategy = hold_strategy(c.holdstrategy);
    if (!strategy) {
        std::string known;
        for (const auto& name : hold_strategies()) known += (known.empty() ? "" : ", ") + name;
        return in.wrong("holdstrategy", "It has to be one of " + known + ".");
    }
    if (!context.talks && *strategy != Strategy::none) in.wrong("holdstrategy", "An agent that is an echo or a bot has no hold.");
    const bool text = *strategy == Strategy::text || *strategy == Strategy::text_then_music || *strategy == Strategy::text_over_music;
    const bool audio = *strategy == Strategy::audio || *strategy == Strategy::audio_then_music;
    const bool music = *strategy == Strategy::music || *strategy == Strategy::audio_then_music || *strategy == Strategy::text_then_music ||
                       *strategy == Strategy::text_over_music;
    if (text && c.holdtext.empty()) in.wrong("holdtext", "holdstrategy is " + c.holdstrategy + ": it needs a text.");
    if (audio && c.holdaudio.empty()) in.wrong("holdaudio", "holdstrategy is " + c.holdstrategy + ": upload the sound first (PUT …/media/holdaudio).");
    if (music && c.holdmusic.empty()) in.wrong("holdmusic", "holdstrategy is " + c.holdstrategy + ": upload the music first (PUT …/media/holdmusic).");
}

}  // namespace

std::string why_no_account_sid(std::string_view text) {
    if (text.empty()) return "It is missing: the account's SID, AC and 32 hexadecimal digits.";
    if (blank(text)) return "There are blanks or line ends in it: copy it again.";
    if (text.starts_with("SK")) return "That is the SID of an API key: the account's own SID begins with AC.";
    if (!text.starts_with("AC"))
        return text.size() == 32 && hex(text) ? "That looks like an auth token: the account's SID begins with AC." : "An account's SID begins with AC.";
    if (text.size() != 34) return "An account's SID has 34 characters; this has " + std::to_string(text.size()) + ".";
    if (!hex(text.substr(2))) return "Behind AC there are 32 hexadecimal digits (0-9, a-f); here is something else.";
    return twilio::is_account_sid(text) ? "" : "An account's SID is AC and 32 hexadecimal digits in lower case.";
}

std::string why_no_token(std::string_view text) {
    if (text.empty()) return "It is missing: the account's auth token, 32 hexadecimal digits from the Twilio Console.";
    if (blank(text)) return "There are blanks or line ends in it: copy it again, alone.";
    const auto odd = rest::why_no_auth_token(text);
    if (!odd) return {};
    if (text.starts_with("SK"))
        return "That is the SID of an API key, not an auth token: the auth token stands beside the account's SID in the Twilio Console.";
    if (text.starts_with("AC")) return "That is an account's SID, not its auth token: the token stands below it in the Twilio Console.";
    const bool whole = std::all_of(text.begin(), text.end(), [](char c) { return digit(c) || letter(c); });
    if (text.size() == 32 && whole)
        return "That has the form of an API key's secret: an auth token has 32 hexadecimal digits (0-9, a-f). Give the account's auth token.";
    if (!whole) return "There are characters in it that no auth token has: it is 32 hexadecimal digits.";
    return "An auth token has 32 hexadecimal digits; this has " + std::to_string(text.size()) + " characters.";
}

std::string why_no_number(std::string_view text) {
    if (text.empty()) return "It is empty.";
    if (text.size() > 64) return "It is too long for a telephone number.";
    if (blank(text)) return "There are blanks in it: write +4930123456.";
    if (std::any_of(text.begin(), text.end(), letter)) return "There are letters in it: a number is + and digits.";
    if (text.starts_with("00")) return "Write + in place of 00.";
    if (text.starts_with('0')) return "That is a national number: write it with + and the country's code, without the 0 in front.";
    if (!text.starts_with('+'))
        return std::all_of(text.begin(), text.end(), digit) ? "The + in front is missing." : "A number is + and digits, without anything between them.";
    const auto digits = text.substr(1);
    if (!std::all_of(digits.begin(), digits.end(), digit)) return "A number is + and digits, without hyphens, brackets or dots.";
    if (digits.starts_with('0')) return "No country's code begins with 0.";
    if (digits.size() < 7) return "It is too short: with the country's code a number has at least 7 digits.";
    if (digits.size() > 15) return "It is too long: a number has at most 15 digits.";
    return twilio::is_e164(text) ? "" : "It is no number in E.164 form.";
}

std::string why_no_hold_text(std::string_view text) {
    if (text.empty()) return {};
    if (const auto count = characters(text); count > kHoldTextMost)
        return "It has " + std::to_string(count) + " characters; at most " + std::to_string(kHoldTextMost) + " are allowed.";
    if (std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\r' && c != '\t'; }))
        return "There are control characters in it.";
    if (text.find('<') == std::string_view::npos) return {};
    // With a tag it is SSML as a whole, also its ampersands.
    for (auto at = text.find('&'); at != std::string_view::npos; at = text.find('&', at + 1))
        if (!entity(text.substr(at))) return "In SSML an ampersand is written &amp;.";
    const auto document = whole_ssml(text);
    pugi::xml_document parsed;
    const auto result = parsed.load_string(document.c_str(), pugi::parse_full | pugi::parse_ws_pcdata);
    if (!result) return std::string("Its SSML is not well-formed: ") + result.description() + ".";
    if (std::distance(parsed.children().begin(), parsed.children().end()) != 1) {
        const auto elements =
            std::count_if(parsed.children().begin(), parsed.children().end(), [](const pugi::xml_node& node) { return node.type() == pugi::node_element; });
        if (elements != 1 || !parsed.child("speak")) return "Its SSML has more than one root: everything belongs inside <speak>.";
    }
    if (auto why = why_no_markup(parsed, 0); !why.empty()) return why;
    // What is stored is what the hold will read.
    const auto cut = hold::cut_hold_text(document);
    return cut.error.empty() ? "" : "It " + cut.error + ".";
}

std::optional<hold::Strategy> hold_strategy(std::string_view name) {
    for (const auto& [known, strategy] : kStrategies)
        if (known == name) return strategy;
    return std::nullopt;
}

const std::vector<std::string>& hold_strategies() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto& [name, strategy] : kStrategies) all.emplace_back(name);
        return all;
    }();
    return names;
}

ReadCredential read_credential(const json& body, const CredentialContext& context) {
    ReadCredential result;
    if (!body.is_object()) return result.problems.push_back({"", "The body is no JSON object."}), result;
    Reader in(body, result.problems);
    static const std::set<std::string, std::less<>> kKnown{"accountsid",   "authtoken", "phonenumbers", "maxcallseconds", "whitelistedcallers",
                                                           "holdstrategy", "holdtext",  "holdvoice",    "holdaudio",      "holdmusic"};
    for (const auto& [name, value] : body.items())
        if (!kKnown.contains(name)) in.wrong(name.substr(0, 64), "There is no such field.");
    auto& c = result.credential;
    c.accountsid = in.text("accountsid");
    if (const auto why = why_no_account_sid(c.accountsid); !why.empty()) in.wrong("accountsid", why);
    read_token(in, context, c);
    read_numbers(in, context, c);
    c.maxcallseconds = in.whole("maxcallseconds", kMaxCallSecondsDefault, kMaxCallSecondsLeast, kMaxCallSecondsMost);
    c.whitelistedcallers = in.texts("whitelistedcallers", kCallersMost);
    for (std::size_t i = 0; i < c.whitelistedcallers.size(); ++i)
        if (const auto why = why_no_caller(c.whitelistedcallers[i]); !why.empty()) in.wrong("whitelistedcallers[" + std::to_string(i) + "]", why);
    read_hold(in, context, c);
    return result;
}

json credential_json(const store::Credential& c) {
    const auto or_null = [](const std::string& text) { return text.empty() ? json(nullptr) : json(text); };
    return {{"accountsid", c.accountsid},
            {"authtoken", kHiddenToken},
            {"phonenumbers", c.phonenumbers},
            {"maxcallseconds", c.maxcallseconds},
            {"whitelistedcallers", c.whitelistedcallers},
            {"holdstrategy", or_null(c.holdstrategy)},
            {"holdtext", or_null(c.holdtext)},
            {"holdvoice", or_null(c.holdvoice)},
            {"holdaudio", or_null(c.holdaudio)},
            {"holdmusic", or_null(c.holdmusic)}};
}

json credential_schema() {
    const json text{{"type", {"string", "null"}}};
    const json numbers{{"type", {"array", "null"}}, {"items", {{"type", "string"}}}};
    return {
        {"type", "object"},
        {"properties",
         {{"accountsid", {{"type", {"string", "null"}}, {"description", "AC and 32 hexadecimal digits"}}},
          {"authtoken", {{"type", {"string", "null"}}, {"description", "32 hexadecimal digits; *** or absent keeps the stored one"}}},
          {"phonenumbers", numbers},
          {"maxcallseconds",
           {{"type", {"integer", "null"}}, {"minimum", kMaxCallSecondsLeast}, {"maximum", kMaxCallSecondsMost}, {"default", kMaxCallSecondsDefault}}},
          {"whitelistedcallers", numbers},
          {"holdstrategy", {{"type", {"string", "null"}}, {"description", "none, text, audio, music, audio_then_music, text_then_music or text_over_music"}}},
          {"holdtext", text},
          {"holdvoice", text},
          {"holdaudio", text},
          {"holdmusic", text}}}};
}

json credential_answer_schema() {
    auto schema = credential_schema();
    const json lines{{"type", "array"}, {"items", {{"type", "object"}, {"properties", {{"number", {{"type", "string"}}}, {"reason", {{"type", "string"}}}}}}}};
    schema["properties"]["twilioWebhooksUpdated"] = {{"type", "array"}, {"items", {{"type", "string"}}}};
    schema["properties"]["twilioWebhookSkipped"] = lines;
    schema["properties"]["twilioWebhooksFailed"] = lines;
    schema["properties"]["twilioWebhookError"] = {{"type", "string"}};
    return schema;
}

bool makes_the_same(const store::Credential& a, const store::Credential& b) {
    return std::tie(a.accountsid, a.phonenumbers, a.maxcallseconds, a.whitelistedcallers, a.holdstrategy, a.holdtext, a.holdvoice, a.holdaudio, a.holdmusic) ==
           std::tie(b.accountsid, b.phonenumbers, b.maxcallseconds, b.whitelistedcallers, b.holdstrategy, b.holdtext, b.holdvoice, b.holdaudio, b.holdmusic);
}

void apply_credential(AgentConfig& agent, const store::Credential& c) {
    for (const auto& number : c.phonenumbers)
        if (std::find(agent.numbers.begin(), agent.numbers.end(), number) == agent.numbers.end()) agent.numbers.push_back(number);
    agent.max_call = std::chrono::seconds(c.maxcallseconds);
    for (const auto& caller : c.whitelistedcallers)
        if (std::find(agent.policy.allow.begin(), agent.policy.allow.end(), caller) == agent.policy.allow.end()) agent.policy.allow.push_back(caller);
    if (const auto strategy = hold_strategy(c.holdstrategy)) agent.hold.strategy = *strategy;
    if (!c.holdtext.empty()) agent.hold.text = c.holdtext.find('<') == std::string::npos ? c.holdtext : whole_ssml(c.holdtext);
    if (!c.holdvoice.empty()) agent.hold.voice = c.holdvoice;
    if (!c.holdaudio.empty()) agent.hold.audio = c.holdaudio;
    if (!c.holdmusic.empty()) agent.hold.music = c.holdmusic;
}

}  // namespace parley::gateway
