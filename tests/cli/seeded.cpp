#include "seeded.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <fstream>
#include <future>

#include "parley/net/ws_endpoint.hpp"
#include "parley/rest/wiring.hpp"
#include "parley/twilio/form.hpp"
#include "parley/twilio/signature.hpp"

namespace parley::cli::test {

Front::Front(Setup setup) : setup_(std::move(setup)) {
    worker_.start();
    net::HttpServerOptions options;
    net::HttpListen listen;
    listen.address = "127.0.0.1";
    if (setup_.tls) {
        listen.certificate_file = setup_.certificate.certificate;
        listen.key_file = setup_.certificate.key;
    }
    options.listeners = {listen};
    options.limits.idle = setup_.idle;
    options.place = [this] { return worker_.executor(); };
    options.handle = [this](net::HttpRequest& request) -> net::Task<net::HttpResponse> {
        if (setup_.instead) {
            if (auto other = setup_.instead(request)) co_return std::move(*other);
        }
        co_return answer(request);
    };
    if (setup_.upgrades) {
        options.upgrade = [](net::HttpUpgrade upgrade) -> net::Task<> {
            auto socket = net::ws_accept(std::move(upgrade));
            if (socket) (void)co_await (*socket)->fill();
        };
    }
    std::promise<void> made;
    worker_.post([&] {
        server_ = std::make_unique<net::HttpServer>(worker_.executor(), std::move(options));
        server_->start();
        made.set_value();
    });
    made.get_future().get();
    if (setup_.public_url.empty()) setup_.public_url = url();
}

Front::~Front() {
    std::promise<void> gone;
    worker_.post([&] {
        server_->stop();
        gone.set_value();
    });
    gone.get_future().get();
    worker_.stop();
    worker_.join();
    server_.reset();
}

// As TwilioWebhooks answers a status callback: 400 without a signature, 403 with a wrong one, 204.
net::HttpResponse Front::answer(net::HttpRequest& request) const {
    if (request.path() != "/webhooks/twilio/status") return net::HttpResponse(404);
    if (!request.headers.has("x-twilio-signature")) return net::HttpResponse(400);
    const twilio::SignatureValidator validator({Secret(setup_.token)});
    const auto form = twilio::parse_form(request.body);
    const auto where = twilio::public_request_url(setup_.public_url, request.target);
    if (!form || !where || !validator.check_form(*where, *form, request.headers.get("x-twilio-signature")).ok()) return net::HttpResponse(403);
    return net::HttpResponse(204);
}

Seeded::Seeded(const Seed& seed) {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-doctor-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = pattern;

    Front::Setup front;
    front.certificate = certificates_.issue("front", "localhost");
    if (seed.front) seed.front(front, certificates_);
    front_ = std::make_unique<Front>(std::move(front));
    const std::string public_url = seed.public_url.empty() ? front_->url() : seed.public_url;

    sim::FakeTwilioOptions twilio;
    twilio.carrier.account_sid = kAccount;
    twilio.carrier.auth_token = Secret(kToken);
    const auto urls = rest::webhook_urls(public_url);
    sim::NumberEntry entry;
    entry.voice_url = urls.voice;
    entry.fallback_url = urls.fallback;
    entry.status_callback = urls.status;
    entry.sms_url = urls.sms;
    if (seed.number) seed.number(entry);
    twilio.numbers[kNumber] = entry;
    if (seed.twilio) seed.twilio(twilio);
    twilio_ = std::make_unique<sim::FakeTwilio>(std::move(twilio));

    std::ofstream file(directory_ / "parley.yaml");
    file << "version: 1\nserver:\n  listen: \"127.0.0.1:0\"\n  data_dir: \"" << directory_.string() << "\"\n  public_url: \"" << public_url << "\"\n"
         << seed.more_server << "twilio:\n  account_sids: [" << kAccount << "]\n  auth_tokens: [\"" << seed.token << "\"]\n  api_base_url: \""
         << (seed.api_base_url.empty() ? twilio_->base_url() : seed.api_base_url) << "\"\n  rest_rate: 1000\n"
         << seed.more_twilio << "agents:\n"
         << (seed.agents.empty() ? std::string("  desk: {default: true, brain: echo, numbers: [\"") + kNumber + "\"]}\n" : seed.agents) << seed.more;
    options_.config = (directory_ / "parley.yaml").string();
    options_.ca_file = seed.trusted ? certificates_.ca() : std::string();
    if (seed.options) seed.options(options_);
}

Seeded::~Seeded() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

net::test::Certificates::Pair self_signed(const std::filesystem::path& directory, const std::string& name) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * 30);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, &context, NID_subject_alt_name, ("DNS:" + name).c_str());
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate, key, EVP_sha256());
    const net::test::Certificates::Pair pair{(directory / "self.pem").string(), (directory / "self.key").string()};
    std::FILE* out = std::fopen(pair.certificate.c_str(), "w");
    PEM_write_X509(out, certificate);
    std::fclose(out);
    out = std::fopen(pair.key.c_str(), "w");
    PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return pair;
}

}  // namespace parley::cli::test
