#include "credential_form.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parley/hold/hold_text.hpp"

namespace parley::gateway {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kSid = "AC0123456789abcdef0123456789abcdef";
const std::string kToken = "00112233445566778899aabbccddeeff";

struct TextCase {
    const char* name;
    std::string given, part;  // part of the reason; empty: it is fine
};
void PrintTo(const TextCase& c, std::ostream* out) {
    *out << c.name;
}
std::string case_name(const testing::TestParamInfo<TextCase>& info) {
    return info.param.name;
}

void expect_reason(const std::string& reason, const TextCase& c) {
    if (c.part.empty())
        EXPECT_THAT(reason, IsEmpty());
    else
        EXPECT_THAT(reason, HasSubstr(c.part));
    // The value itself may be a secret.
    if (c.given.size() > 20) EXPECT_EQ(reason.find(c.given), std::string::npos);
}

class AccountSids : public testing::TestWithParam<TextCase> {};
TEST_P(AccountSids, AreToldWhatIsWrong) {
    expect_reason(why_no_account_sid(GetParam().given), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Cases, AccountSids,
                         testing::Values(TextCase{"good", kSid, ""}, TextCase{"missing", "", "missing"},
                                         TextCase{"api_key", "SK0123456789abcdef0123456789abcdef", "API key"}, TextCase{"token", kToken, "auth token"},
                                         TextCase{"number", "+4930123456", "begins with AC"}, TextCase{"short", kSid.substr(0, 33), "has 33"},
                                         TextCase{"long", kSid + "0", "has 35"}, TextCase{"blank", kSid + " ", "blanks"},
                                         TextCase{"no_hex", "ACz123456789abcdef0123456789abcdef", "hexadecimal"}),
                         case_name);

class Tokens : public testing::TestWithParam<TextCase> {};
TEST_P(Tokens, AreToldWhatIsWrong) {
    expect_reason(why_no_token(GetParam().given), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Cases, Tokens,
                         testing::Values(TextCase{"good", kToken, ""}, TextCase{"missing", "", "missing"},
                                         TextCase{"key_sid", "SK0123456789abcdef0123456789abcdef", "API key"},
                                         TextCase{"key_secret", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF", "API key's secret"},
                                         TextCase{"account_sid", kSid, "account's SID"}, TextCase{"blank_behind", kToken + "\n", "blanks"},
                                         TextCase{"blank_within", "00112233 445566778899aabbccddeeff", "blanks"}, TextCase{"short", "0011223344", "has 10"},
                                         TextCase{"long", kToken + "00", "has 34"}, TextCase{"quotes", "\"" + kToken.substr(2) + "\"", "no auth token has"}),
                         case_name);

class Numbers : public testing::TestWithParam<TextCase> {};
TEST_P(Numbers, AreToldWhatIsWrong) {
    expect_reason(why_no_number(GetParam().given), GetParam());
}
INSTANTIATE_TEST_SUITE_P(Cases, Numbers,
                         testing::Values(TextCase{"good", "+4930123456", ""}, TextCase{"shortest", "+1234567", ""}, TextCase{"longest", "+123456789012345", ""},
                                         TextCase{"empty", "", "empty"}, TextCase{"no_plus", "4930123456", "+ in front"},
                                         TextCase{"letters", "+1800FLOWERS", "letters"}, TextCase{"too_short", "+49301", "too short"},
                                         TextCase{"too_long", "+1234567890123456", "too long"}, TextCase{"national", "030123456", "national"},
                                         TextCase{"double_zero", "004930123456", "in place of 00"}, TextCase{"blanks", "+49 30 123456", "blanks"},
                                         TextCase{"hyphens", "+49-30-123456", "hyphens"}, TextCase{"brackets", "+1(800)5551212", "brackets"},
                                         TextCase{"zero_country", "+0301234567", "begins with 0"}, TextCase{"endless", std::string(5000, '1'), "too long"}),
                         case_name);

class HoldTexts : public testing::TestWithParam<TextCase> {};
TEST_P(HoldTexts, AreToldWhatIsWrong) {
    const auto reason = why_no_hold_text(GetParam().given);
    if (GetParam().part.empty())
        EXPECT_THAT(reason, IsEmpty());
    else
        EXPECT_THAT(reason, HasSubstr(GetParam().part));
}
std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}
INSTANTIATE_TEST_SUITE_P(Cases, HoldTexts,
                         testing::Values(TextCase{"none", "", ""}, TextCase{"plain", "One moment & we are with you.", ""},
                                         TextCase{"longest", repeated("\xC3\xA4", 3000), ""},
                                         TextCase{"too_long", repeated("\xC3\xA4", 3001), "3001 characters"},
                                         TextCase{"ssml", "One <break time=\"300ms\"/> moment, <emphasis>please</emphasis>.", ""},
                                         TextCase{"speak", "<speak>One &amp; two &#38; &#x26;</speak>", ""},
                                         TextCase{"not_closed", "One <emphasis>moment", "well-formed"}, TextCase{"crossed", "<a><b></a></b>", "well-formed"},
                                         TextCase{"ampersand", "<speak>you & me</speak>", "&amp;"}, TextCase{"entity", "<speak>&xxe;</speak>", "&amp;"},
                                         TextCase{"doctype", "<!DOCTYPE a [<!ENTITY x \"y\">]><speak>a</speak>", "Its "},
                                         TextCase{"instruction", "<speak><?php x ?></speak>", "instruction"},
                                         TextCase{"two_roots", "<speak>a</speak><speak>b</speak>", "more than one root"},
                                         TextCase{"deep", repeated("<a>", 40) + repeated("</a>", 40), "nested"},
                                         TextCase{"control",
                                                  "a\x01"
                                                  "b",
                                                  "control"},
                                         TextCase{"cut_tag", "<speak>a</spea", "well-formed"}),
                         case_name);

json good() {
    return {{"accountsid", kSid}, {"authtoken", kToken}, {"phonenumbers", {"+4930123456"}}};
}
std::vector<std::string> fields(const ReadCredential& read) {
    std::vector<std::string> all;
    for (const auto& problem : read.problems) all.push_back(problem.field);
    return all;
}

TEST(CredentialForm, DefaultsAreWhatIsSaid) {
    const auto read = read_credential(good(), {});
    EXPECT_THAT(fields(read), IsEmpty());
    EXPECT_EQ(read.credential.maxcallseconds, 600);
    EXPECT_EQ(read.credential.authtoken.reveal(), kToken);
    EXPECT_THAT(read.credential.whitelistedcallers, IsEmpty());
}

TEST(CredentialForm, EverythingWrongIsToldAtOnce) {
    CredentialContext context;
    context.other_owner = [](std::string_view number) { return number == "+4930999999" ? std::string("back") : std::string(); };
    const json body{{"accountsid", 7},
                    {"authtoken", "x"},
                    {"phonenumbers", {"+4930123456", "030", "+4930123456", "+4930999999", 5}},
                    {"maxcallseconds", 5},
                    {"whitelistedcallers", {"+49*", "*", "+4930123456", "x"}},
                    {"holdstrategy", "waltz"},
                    {"holdtext", "<a>"},
                    {"holdaudio", "/etc/passwd"},
                    {"authToken", "x"}};
    EXPECT_THAT(fields(read_credential(body, context)),
                testing::UnorderedElementsAre("authToken", "accountsid", "accountsid", "authtoken", "phonenumbers[4]", "phonenumbers[1]", "phonenumbers[2]",
                                              "phonenumbers[3]", "maxcallseconds", "whitelistedcallers[1]", "whitelistedcallers[3]", "holdtext", "holdaudio",
                                              "holdstrategy"));
}

struct SecondsCase {
    json given;
    bool good;
};
class MaxCallSeconds : public testing::TestWithParam<SecondsCase> {};
TEST_P(MaxCallSeconds, HasBounds) {
    auto body = good();
    body["maxcallseconds"] = GetParam().given;
    EXPECT_EQ(read_credential(body, {}).problems.empty(), GetParam().good) << GetParam().given;
}
INSTANTIATE_TEST_SUITE_P(Cases, MaxCallSeconds,
                         testing::Values(SecondsCase{9, false}, SecondsCase{10, true}, SecondsCase{86400, true}, SecondsCase{86401, false},
                                         SecondsCase{-1, false}, SecondsCase{600.5, false}, SecondsCase{"600", false},
                                         SecondsCase{18446744073709551615ULL, false}, SecondsCase{nullptr, true}));

TEST(CredentialForm, AHoldIsCheckedByTheRulesItObeys) {
    auto body = good();
    body["holdtext"] = "One <break time=\"300ms\"/> moment & no more";
    EXPECT_THAT(fields(read_credential(body, {})), testing::ElementsAre("holdtext"));
    body["holdtext"] = "<speak>One moment <audio src=\"https://example.com/x.wav\"/></speak>";
    EXPECT_THAT(fields(read_credential(body, {})), testing::ElementsAre("holdtext"));
    body["holdtext"] = "One <break time=\"300ms\"/> moment";
    auto read = read_credential(body, {});
    EXPECT_THAT(fields(read), IsEmpty());
    // A tag is no word of it.
    AgentConfig agent;
    apply_credential(agent, read.credential);
    const auto spoken = hold::cut_hold_text(agent.hold.text);
    ASSERT_EQ(spoken.pieces.size(), 2U) << spoken.error;
    EXPECT_EQ(spoken.pieces[0].text, "One");
    EXPECT_EQ(spoken.pieces[0].pause, std::chrono::milliseconds(300));

    body["holdstrategy"] = "text";
    body["holdvoice"] = "Polly.Joanna";
    CredentialContext context;
    EXPECT_THAT(fields(read_credential(body, context)), IsEmpty());
    context.embedded = true;
    EXPECT_THAT(fields(read_credential(body, context)), testing::ElementsAre("holdvoice"));
    body.erase("holdvoice");
    context.talks = false;
    EXPECT_THAT(fields(read_credential(body, context)), testing::ElementsAre("holdstrategy"));
    body["holdstrategy"] = "none";
    EXPECT_THAT(fields(read_credential(body, context)), IsEmpty());
}

TEST(CredentialForm, StarsKeepTheSecretOfTheSameAccountOnly) {
    store::Credential before;
    before.accountsid = kSid;
    before.authtoken = Secret("ffeeddccbbaa99887766554433221100");
    CredentialContext context;
    context.before = &before;
    auto body = good();
    body["authtoken"] = "***";
    EXPECT_EQ(read_credential(body, context).credential.authtoken.reveal(), "ffeeddccbbaa99887766554433221100");
    body.erase("authtoken");
    EXPECT_EQ(read_credential(body, context).credential.authtoken.reveal(), "ffeeddccbbaa99887766554433221100");
    body["accountsid"] = "ACffffffffffffffffffffffffffffffff";
    EXPECT_THAT(fields(read_credential(body, context)), testing::ElementsAre("authtoken"));
    EXPECT_THAT(fields(read_credential(json{{"accountsid", kSid}, {"authtoken", "***"}}, {})), testing::ElementsAre("authtoken"));
}

TEST(CredentialForm, AStrategyNeedsWhatItPlays) {
    const auto with = [](const char* strategy, const char* text, const char* audio, const char* music) {
        auto body = good();
        body["holdstrategy"] = strategy;
        if (*text != 0) body["holdtext"] = text;
        CredentialContext context;
        context.holdaudio = audio;
        context.holdmusic = music;
        return fields(read_credential(body, context));
    };
    EXPECT_THAT(with("none", "", "", ""), IsEmpty());
    EXPECT_THAT(with("text", "", "", ""), testing::ElementsAre("holdtext"));
    EXPECT_THAT(with("text", "a", "", ""), IsEmpty());
    EXPECT_THAT(with("audio", "", "", ""), testing::ElementsAre("holdaudio"));
    EXPECT_THAT(with("music", "", "", ""), testing::ElementsAre("holdmusic"));
    EXPECT_THAT(with("audio_then_music", "", "", ""), testing::ElementsAre("holdaudio", "holdmusic"));
    EXPECT_THAT(with("text_then_music", "", "", ""), testing::ElementsAre("holdtext", "holdmusic"));
    EXPECT_THAT(with("text_over_music", "a", "", "media:1"), IsEmpty());
    EXPECT_EQ(hold_strategies().size(), 7U);
}

TEST(CredentialForm, TheAnswerHidesTheSecretAndCanBeSentBack) {
    auto read = read_credential(good(), {});
    read.credential.holdmusic = "media:abc";
    const auto shown = credential_json(read.credential);
    EXPECT_EQ(shown["authtoken"], "***");
    EXPECT_EQ(shown.dump().find(kToken), std::string::npos);
    CredentialContext context;
    context.before = &read.credential;
    context.holdmusic = "media:abc";
    const auto again = read_credential(shown, context);
    EXPECT_THAT(fields(again), IsEmpty());
    EXPECT_EQ(credential_json(again.credential), shown);
}

TEST(CredentialForm, TakesEffectOnItsAgent) {
    AgentConfig agent;
    agent.numbers = {"+1", "+4930123456"};
    agent.hold.text = "as the file says";
    store::Credential c;
    c.phonenumbers = {"+4930123456", "+4930123457"};
    c.maxcallseconds = 90;
    c.whitelistedcallers = {"+49*"};
    c.holdstrategy = "text_over_music";
    c.holdmusic = "media:m";
    apply_credential(agent, c);
    EXPECT_THAT(agent.numbers, testing::ElementsAre("+1", "+4930123456", "+4930123457"));
    EXPECT_EQ(agent.max_call, std::chrono::seconds(90));
    EXPECT_THAT(agent.policy.allow, testing::ElementsAre("+49*"));
    EXPECT_EQ(agent.hold.strategy, hold::Strategy::text_over_music);
    EXPECT_EQ(agent.hold.text, "as the file says");
    EXPECT_EQ(agent.hold.music, "media:m");
}

}  // namespace
}  // namespace parley::gateway
