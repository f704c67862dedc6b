// Set-ups with one thing wrong each: found, by name and sentence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parley/rest/dates.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/signature.hpp"
#include "scripted_twilio.hpp"
#include "seeded.hpp"

namespace parley::cli::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

auto finding(const std::string& check, Verdict verdict, const std::string& sentence) {
    return Contains(AllOf(Field("check", &Finding::check, check), Field("verdict", &Finding::verdict, verdict),
                          Field("sentence", &Finding::sentence, HasSubstr(sentence))));
}
auto failed(const std::string& check, const std::string& sentence) {
    return finding(check, Verdict::fail, sentence);
}

std::vector<std::string> failures(const Diagnosis& diagnosis) {
    std::vector<std::string> out;
    for (const auto& one : diagnosis.findings) {
        if (one.verdict == Verdict::fail) out.push_back(one.check + ": " + one.sentence);
        EXPECT_FALSE(one.sentence.empty());
        if (one.verdict == Verdict::fail) {
            EXPECT_FALSE(one.remedy.empty()) << one.check;
        }
    }
    return out;
}
// Found, and nothing else is said to have failed.
void only(const Diagnosis& diagnosis, const std::string& check, const std::string& sentence) {
    EXPECT_THAT(diagnosis.findings, failed(check, sentence)) << diagnosis.text();
    for (const auto& failure : failures(diagnosis)) EXPECT_THAT(failure, HasSubstr(check)) << diagnosis.text();
    EXPECT_FALSE(diagnosis.good());
}

TEST(Doctor, finds_nothing_in_a_set_up_that_is_right) {
    Seeded setup;
    const auto diagnosis = setup.examine();
    EXPECT_TRUE(diagnosis.good()) << diagnosis.text();
    EXPECT_THAT(failures(diagnosis), IsEmpty());
    for (const char* check : {"config", "machine.descriptors", "machine.data_dir", "credentials.form", "account.credentials", "account.state", "number.mode",
                              "number.voice_url", "address.reachable", "address.certificate", "address.gateway", "address.signature", "address.websocket"})
        EXPECT_THAT(diagnosis.findings, finding(check, Verdict::ok, "")) << check << "\n" << diagnosis.text();
    EXPECT_THAT(diagnosis.json(), HasSubstr("\"good\": true"));
}

// --- credentials and account

TEST(Doctor, an_api_keys_sid_given_for_the_auth_token) {
    Seed seed;
    seed.token = "SK0123456789abcdef0123456789abcdef";
    const auto diagnosis = Seeded(seed).examine();
    EXPECT_THAT(diagnosis.findings, failed("credentials.form", "What was given for the auth token is the SID of an API key."));
    EXPECT_THAT(diagnosis.findings, failed("account.credentials", std::string("Twilio refused the auth token of account ") + kAccount));
    EXPECT_THAT(diagnosis.text(), Not(HasSubstr(seed.token)));
}

TEST(Doctor, an_api_keys_secret_given_for_the_auth_token) {
    Seed seed;
    seed.token = "AbCdEfGhIjKlMnOpQrStUvWxYz012345";
    const auto diagnosis = Seeded(seed).examine();
    EXPECT_THAT(diagnosis.findings, failed("credentials.form", "has the form of an API key's secret."));
    EXPECT_THAT(diagnosis.text(), AllOf(HasSubstr("twilio.api_secret"), Not(HasSubstr(seed.token))));
}

TEST(Doctor, an_auth_token_twilio_does_not_take) {
    Seed seed;
    seed.token = "ffffffffffffffffffffffffffffffff";
    seed.front = [&](Front::Setup& front, net::test::Certificates&) { front.token = "ffffffffffffffffffffffffffffffff"; };
    only(Seeded(seed).examine(), "account.credentials", std::string("Twilio refused the auth token of account ") + kAccount);
}

TEST(Doctor, an_api_key_that_was_deleted) {
    Seed seed;
    seed.more_twilio = "  api_key: SK0123456789abcdef0123456789abcdef\n  api_secret: \"AbCdEfGhIjKlMnOpQrStUvWxYz012345\"\n  region: ie1\n  edge: dublin\n";
    const auto diagnosis = Seeded(seed).examine();
    only(diagnosis, "account.credentials", "Twilio refused API key SK0123456789abcdef0123456789abcdef");
    EXPECT_THAT(diagnosis.text(), HasSubstr("region ie1"));
}

TEST(Doctor, an_account_that_is_suspended) {
    Seed seed;
    seed.twilio = [](sim::FakeTwilioOptions& twilio) { twilio.account_status = "suspended"; };
    const auto diagnosis = Seeded(seed).examine();
    EXPECT_THAT(diagnosis.findings, failed("account.state", "The account is suspended")) << diagnosis.text();
}

TEST(Doctor, a_trial_account) {
    Seed seed;
    seed.twilio = [](sim::FakeTwilioOptions& twilio) { twilio.account_type = "Trial"; };
    EXPECT_THAT(Seeded(seed).examine().findings, finding("account.state", Verdict::warn, "It is a trial account"));
}

TEST(Doctor, an_edge_of_another_region) {
    Seed seed;
    seed.more_twilio = "  edge: dublin\n";
    EXPECT_THAT(Seeded(seed).examine().findings, finding("account.region", Verdict::warn, "The edge dublin is in ie1, but the region is us1."));
}

TEST(Doctor, a_clock_that_is_wrong) {
    rest::test::ScriptedTwilio twilio([](const rest::test::Asked& asked) {
        const std::string date = "Date: " + rest::format_rfc2822(WallClock::now() - std::chrono::minutes(10)) + "\r\n";
        if (asked.target.find("IncomingPhoneNumbers") != std::string::npos)
            return rest::test::reply(200, R"({"incoming_phone_numbers":[]})", "application/json", date);
        return rest::test::reply(200, R"({"status":"active","type":"Full"})", "application/json", date);
    });
    Seed seed;
    seed.api_base_url = twilio.url();
    EXPECT_THAT(Seeded(seed).examine().findings, failed("machine.clock", "s ahead of Twilio's."));
}

// --- numbers

TEST(Doctor, a_number_that_is_not_on_the_account) {
    Seed seed;
    seed.agents = "  desk: {default: true, brain: echo, numbers: [\"+18005559999\"]}\n";
    only(Seeded(seed).examine(), "number.owned", "+18005559999: no matching number on this account");
}

TEST(Doctor, a_number_set_to_a_trunk_or_an_application) {
    Seed trunk;
    trunk.number = [](sim::NumberEntry& number) { number.trunk_sid = "TK00000000000000000000000000000001"; };
    only(Seeded(trunk).examine(), "number.mode", "number is set to a TwiML app or a SIP trunk: set it back to webhook");
}

TEST(Doctor, a_number_that_calls_somebody_else_is_mended_on_demand) {
    Seed seed;
    seed.number = [](sim::NumberEntry& number) { number.voice_url = "http://127.0.0.1:9/other", number.status_callback = ""; };
    Seeded setup(seed);
    const auto diagnosis = setup.examine();
    only(diagnosis, "number.voice_url", "calls http://127.0.0.1:9/other, which is not this gateway");
    EXPECT_THAT(diagnosis.findings, Contains(Field(&Finding::mendable, true)));
    setup.options().fix = true;
    const auto mended = setup.examine();
    EXPECT_TRUE(mended.good()) << mended.text();
    EXPECT_THAT(mended.findings, finding("number.voice_url", Verdict::ok, "was wired to this gateway"));
    setup.options().fix = false;
    EXPECT_TRUE(setup.examine().good());
}

TEST(Doctor, a_number_without_a_voice_url) {
    Seed seed;
    seed.number = [](sim::NumberEntry& number) { number.voice_url = ""; };
    only(Seeded(seed).examine(), "number.voice_url", "has no voice URL: Twilio rejects its calls without asking anybody");
}

TEST(Doctor, callbacks_that_go_nowhere) {
    Seed seed;
    seed.number = [](sim::NumberEntry& number) { number.status_callback = "", number.fallback_url = ""; };
    const auto diagnosis = Seeded(seed).examine();
    EXPECT_TRUE(diagnosis.good());
    EXPECT_THAT(diagnosis.findings, finding("number.callbacks", Verdict::warn, "status callback is empty"));
}

TEST(Doctor, twiml_elsewhere_that_starts_instead_of_connecting) {
    rest::test::ScriptedTwilio bin([](const rest::test::Asked&) {
        return rest::test::reply(
            200, R"(<?xml version="1.0"?><Response><Start><Stream url="ws://h.example/media?agent=desk"/></Start><Pause length="60"/></Response>)", "text/xml");
    });
    Seed seed;
    seed.number = [&](sim::NumberEntry& number) { number.voice_url = bin.url() + "/bin"; };
    const auto diagnosis = Seeded(seed).examine();
    EXPECT_THAT(diagnosis.findings, failed("twiml.start", "opens its stream with <Start>: the caller would hear nothing of the agent"));
    EXPECT_THAT(diagnosis.findings, failed("twiml.query", "has a query: Twilio drops it"));
    EXPECT_THAT(diagnosis.findings, failed("twiml.scheme", "is not wss"));
    EXPECT_THAT(check_twiml("+1", "x", R"(<Response><Connect><Stream url="wss://h/media"/></Connect></Response>)"), IsEmpty());
    EXPECT_THAT(check_twiml("+1", "x", "<html>"), IsEmpty());
    EXPECT_THAT(check_twiml("+1", "x", std::string(100'000, '<')), IsEmpty());
}

TEST(Doctor, a_number_that_is_not_in_e164_form) {
    Seed seed;
    seed.agents = "  desk: {default: true, brain: echo, numbers: [\"0800 555 1212\"]}\n";
    only(Seeded(seed).examine(), "number.form", "E.164");
}

// --- the public address

TEST(Doctor, a_public_url_with_a_query) {
    Seed seed;
    seed.public_url = "https://voice.example.com/?agent=desk";
    only(Seeded(seed).examine(), "config", "the URL must not have a query");
}

TEST(Doctor, a_name_that_does_not_resolve) {
    Seed seed;
    seed.public_url = "https://voice.parley.invalid";
    only(Seeded(seed).examine(), "address.resolves", "The name voice.parley.invalid does not resolve");
}

TEST(Doctor, a_port_where_nobody_listens) {
    std::string url;
    {
        Front::Setup front;
        front.tls = false;
        const Front gone(std::move(front));
        url = "https://localhost:" + std::to_string(gone.port());
    }
    Seed seed;
    seed.public_url = url;
    only(Seeded(seed).examine(), "address.reachable", "refuses connections");
}

TEST(Doctor, a_port_that_does_not_speak_tls) {
    Front::Setup plain;
    plain.tls = false;
    const Front front(std::move(plain));
    Seed seed;
    seed.public_url = "https://localhost:" + std::to_string(front.port());
    only(Seeded(seed).examine(), "address.certificate", "does not speak TLS");
}

TEST(Doctor, a_certificate_that_expired) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates& certificates) { front.certificate = certificates.issue("old", "localhost", -2); };
    only(Seeded(seed).examine(), "address.certificate", "The certificate of localhost expired on ");
}

TEST(Doctor, a_certificate_for_somebody_else) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates& certificates) { front.certificate = certificates.issue("other", "other.example.com"); };
    only(Seeded(seed).examine(), "address.certificate", "The certificate at localhost is for other.example.com.");
}

TEST(Doctor, a_certificate_signed_by_itself) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates& certificates) {
        front.certificate = self_signed(std::filesystem::path(certificates.ca()).parent_path(), "localhost");
    };
    only(Seeded(seed).examine(), "address.certificate", "The certificate of localhost is signed by itself");
}

TEST(Doctor, a_certificate_without_its_chain) {
    Seed seed;
    seed.trusted = false;  // an authority nobody was told of, and whose certificate is not served
    only(Seeded(seed).examine(), "address.certificate", "is served without the chain that leads to an authority");
}

TEST(Doctor, a_certificate_that_ends_soon) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates& certificates) { front.certificate = certificates.issue("soon", "localhost", 5); };
    EXPECT_THAT(Seeded(seed).examine().findings, finding("address.certificate", Verdict::warn, "expires in 4 days"));
}

Diagnosis answered(const net::HttpResponse& response) {
    Seed seed;
    seed.front = [&](Front::Setup& front, net::test::Certificates&) { front.instead = [response](net::HttpRequest&) { return std::optional(response); }; };
    return Seeded(seed).examine();
}

TEST(Doctor, something_else_answers_at_the_address) {
    only(answered(net::HttpResponse(200, "text/html", "<h1>It works!</h1>")), "address.gateway",
         "which is not how this gateway answers: something else listens there");
    net::HttpResponse moved(301);
    moved.headers.add("Location", "https://www.example.com/");
    only(answered(moved), "address.gateway", "a redirect to https://www.example.com/");
    only(answered(net::HttpResponse(502)), "address.gateway", "the proxy is there, but does not reach the gateway");
    only(answered(net::HttpResponse(404)), "address.gateway", "nobody there knows that path");
    only(answered(net::HttpResponse(401)), "address.gateway", "asks for a password");
}

TEST(Doctor, a_proxy_that_takes_the_signature_away) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates&) { front.instead = [](net::HttpRequest&) { return std::optional(net::HttpResponse(400)); }; };
    only(Seeded(seed).examine(), "address.signature", "The gateway sees no signature on a signed request.");
}

TEST(Doctor, a_running_gateway_that_believes_to_be_elsewhere) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates&) { front.public_url = "https://old.example.com"; };
    only(Seeded(seed).examine(), "address.signature", "The running gateway refuses a request that is rightly signed for https://localhost:");
    // It was told of http: the proxy's side of TLS.
    Front::Setup told;
    net::test::Certificates certificates;
    told.certificate = certificates.issue("front", "localhost");
    Seed scheme;
    scheme.front = [](Front::Setup& front, net::test::Certificates&) {
        front.instead = [](net::HttpRequest& request) -> std::optional<net::HttpResponse> {
            const twilio::SignatureValidator validator({Secret(kToken)});
            const auto form = twilio::parse_form(request.body);
            const std::string seen = "http://" + std::string(request.headers.get("host")) + request.target;
            if (!request.headers.has("x-twilio-signature")) return net::HttpResponse(400);
            return net::HttpResponse(form && validator.check_form(seen, *form, request.headers.get("x-twilio-signature")).ok() ? 204 : 403);
        };
    };
    only(Seeded(scheme).examine(), "address.signature", "it believes to be reached at http://localhost:");
}

TEST(Doctor, a_running_gateway_with_another_token) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates&) { front.token = "00000000000000000000000000000000"; };
    only(Seeded(seed).examine(), "address.signature", "refuses a request that is rightly signed");
}

TEST(Doctor, a_proxy_that_loses_the_upgrade) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates&) { front.upgrades = false; };
    only(Seeded(seed).examine(), "address.websocket", "instead of 101: the upgrade does not get through");
}

TEST(Doctor, a_proxy_that_ends_quiet_connections) {
    Seed seed;
    seed.front = [](Front::Setup& front, net::test::Certificates&) { front.idle = std::chrono::seconds(1); };
    seed.options = [](DoctorOptions& options) { options.idle = std::chrono::seconds(8); };
    EXPECT_THAT(Seeded(seed).examine().findings, finding("proxy.idle", Verdict::warn, "A quiet connection is closed after "));
}

TEST(Doctor, a_proxy_that_lets_quiet_connections_be) {
    Seed seed;
    seed.options = [](DoctorOptions& options) { options.idle = std::chrono::seconds(1); };
    EXPECT_THAT(Seeded(seed).examine().findings, finding("proxy.idle", Verdict::ok, "A connection may be quiet for 1 s."));
}

// --- this machine, vendors

TEST(Doctor, a_data_directory_that_cannot_be_written) {
    Seed seed;
    Seeded setup(seed);
    auto config = gateway::load_config(setup.options().config, {});
    config.server.data_dir = setup.directory() / "parley.yaml" / "below";
    Findings found;
    check_machine(config, found);
    EXPECT_THAT(found, failed("machine.data_dir", "cannot be written by this user"));
}

TEST(Doctor, a_vendor_whose_key_is_missing_or_not_taken) {
    rest::test::ScriptedTwilio vendor(
        [](const rest::test::Asked&) { return rest::test::reply(401, R"({"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}})"); });
    Seed seed;
    Seeded setup(seed);
    auto config = gateway::load_config(setup.options().config, {});
    vendors::Endpoint endpoint;
    endpoint.name = "words";
    endpoint.vendor = "openai";
    config.vendors.push_back(endpoint);
    config.agents.front().lm = {"words"};
    Findings found;
    check_vendors(config, false, found);
    EXPECT_THAT(found, failed("vendor.key", "vendors.words (openai) has no key."));
    config.vendors.front().key = Secret("sk-wrong");
    config.vendors.front().base_url = vendor.url();
    found.clear();
    check_vendors(config, true, found);
    EXPECT_THAT(found, failed("vendor.key", "vendors.words (openai, lm)"));
}

}  // namespace
}  // namespace parley::cli::test
