#include "online_check.hpp"

#include <cstdio>
#include <set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "parley/audio/g711.hpp"
#include "parley/net/deadline.hpp"
#include "parley/net/http_message.hpp"
#include "parley/speech/phrase_cache.hpp"
#include "parley/vendors/catalogue.hpp"
#include "parley/vendors/socket.hpp"

namespace parley::cli {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using vendors::Failure;

constexpr auto kPatience = 10s;

struct Told : vendors::SttSink, vendors::LmSink, vendors::TtsSink, vendors::S2sSink {
    std::optional<TimePoint> accepted, answered;
    std::string request_id, text;
    std::size_t samples = 0;
    bool over = false;
    std::optional<Failure> failure;

    void open(std::string_view id) {
        if (!accepted) accepted = Clock::now();
        request_id = id;
    }
    void answer() {
        if (!answered) answered = Clock::now();
    }
    void fail(const Failure& f) {
        failure = f;
        over = true;
    }
    void on_stt_open(std::string_view id) override { open(id); }
    void on_speech_started() override {}
    void on_piece(std::string_view piece, double) override {
        text += (text.empty() ? "" : " ") + std::string(piece);
        if (!piece.empty()) answer();
    }
    void on_interim(std::string_view) override {}
    void on_end_of_turn(double, bool eager) override { over = over || (!eager && answered); }
    void on_turn_resumed() override {}
    void on_finalized() override { over = true; }
    void on_stt_failed(const Failure& f) override { fail(f); }
    void on_lm_open(std::string_view id) override { open(id); }
    void on_text(std::string_view delta) override {
        text += delta;
        answer();
    }
    void on_tool_call(const vendors::ToolCall&) override { answer(); }
    void on_tts_open(std::string_view id) override { open(id); }
    void on_tts_audio(vendors::SpeechTag, std::span<const std::int16_t> pcm) override {
        samples += pcm.size();
        answer();
    }
    void on_tts_word(vendors::SpeechTag, std::uint32_t, std::uint32_t) override {}
    void on_tts_done(vendors::SpeechTag) override { over = true; }
    void on_tts_failed(vendors::SpeechTag, const Failure& f) override { fail(f); }
    void on_s2s_open(std::string_view id, std::chrono::seconds) override { open(id); }
    void on_caller_started() override {}
    void on_caller_stopped() override {}
    void on_caller_interim(std::string_view) override {}
    void on_caller_text(std::string_view) override {}
    void on_vendor_reply(vendors::VendorReply) override {}
    void on_reply_audio(vendors::VendorReply, std::span<const std::int16_t> pcm) override {
        samples += pcm.size();
        answer();
    }
    void on_reply_words(vendors::VendorReply, std::string_view delta) override { text += delta; }
    void on_reply_done(vendors::VendorReply, bool) override { over = true; }
    void on_vendor_interrupted() override {}
    void on_tool_call(vendors::VendorReply, const vendors::ToolCall&) override {}
    void on_usage(const vendors::LmUsage&) override {}
    void on_going_away(std::chrono::milliseconds) override {}
    void on_s2s_failed(const Failure& f) override { fail(f); }
};

struct Report {
    std::string stages, failure;
    void stage(const char* name, TimePoint from, TimePoint to) {
        char line[64];
        std::snprintf(line, sizeof line, "%s%s %.0f ms", stages.empty() ? "" : ", ", name, std::chrono::duration<double, std::milli>(to - from).count());
        stages += line;
    }
};

// The sound of one word, as a caller would bring it.
std::vector<std::int16_t> one_word() {
    speech::PhraseCache cache;
    const speech::VoiceSettings voice;
    const std::vector<std::string> words{"goodbye"};
    if (!cache.load(voice, words)) return {};
    auto pcm = *cache.find(voice, "goodbye");
    pcm.insert(pcm.begin(), 1600, 0);
    pcm.insert(pcm.end(), 8000, 0);
    pcm.resize(pcm.size() / 160 * 160);
    return pcm;
}

net::Task<bool> reach(const vendors::Endpoint& endpoint, const vendors::Link& link, Report& report) {
    const auto home = vendors::http_url(vendors::home(endpoint), "/");
    const auto url = net::parse_url(home);
    if (!url) {
        report.failure = "has no address: give base_url";
        co_return false;
    }
    const auto deadline = Clock::now() + endpoint.connect_within;
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor);
    asio::ip::tcp::resolver resolver(executor);
    const auto t0 = Clock::now();
    const auto port = std::to_string(url->port);
    auto [resolve_error, found] = co_await net::until<asio::ip::tcp::resolver::results_type>(
        timer, deadline, [&](auto token) { return resolver.async_resolve(url->host, port, std::move(token)); });
    if (resolve_error) {
        report.failure = "resolve " + url->host + ": " + vendors::plain(resolve_error.message());
        co_return false;
    }
    const auto t1 = Clock::now();
    report.stage("resolve", t0, t1);
    asio::ip::tcp::socket socket(executor);
    auto [connect_error, where] =
        co_await net::until<asio::ip::tcp::endpoint>(timer, deadline, [&](auto token) { return asio::async_connect(socket, found, std::move(token)); });
    if (connect_error) {
        report.failure = "connect: " + vendors::plain(connect_error.message());
        co_return false;
    }
    const auto t2 = Clock::now();
    report.stage("connect", t1, t2);
    if (url->tls()) {
        if (const auto error = co_await link.http->connect_ahead(home, deadline + 5s)) {
            report.failure = "tls: " + vendors::plain(error.message());
            co_return false;
        }
        report.stage("tls", t2, Clock::now());
    }
    co_return true;
}

net::Task<> wait(const Told& told) {
    const auto deadline = Clock::now() + kPatience;
    while (!told.over && Clock::now() < deadline) co_await net::sleep_until(Clock::now() + 5ms);
}

net::Task<> play(vendors::SttStream& stream, const std::vector<std::int16_t>& word, const Told& told) {
    std::vector<std::uint8_t> mulaw(160);
    auto at = Clock::now();
    for (std::size_t i = 0; i + 160 <= word.size() && !told.over; i += 160) {
        const auto frame = std::span(word).subspan(i, 160);
        audio::mulaw_encode(frame, mulaw);
        stream.audio({mulaw, frame});
        co_await net::sleep_until(at += 20ms);
    }
}

net::Task<> ask(vendors::Role role, const vendors::Endpoint& endpoint, const vendors::Link& link, const std::vector<std::int16_t>& word, Report& report) {
    Told told;
    const auto began = Clock::now();
    auto asked = began;
    const char* what = "";
    switch (role) {
        case vendors::Role::stt: {
            what = "first word";
            auto stream = vendors::make_stt(endpoint, link, told);
            stream->open();
            co_await play(*stream, word, told);
            asked = Clock::now();
            stream->finalize();
            co_await wait(told);
            co_await stream->close();
            break;
        }
        case vendors::Role::lm: {
            what = "first token";
            auto client = vendors::make_lm(endpoint, link);
            vendors::LmRequest request;
            request.max_tokens = 64;
            vendors::LmMessage message;
            message.text = "Answer with the one word yes.";
            request.messages.push_back(std::move(message));
            auto outcome = co_await client->run(std::move(request), told, began + kPatience);
            if (auto* failure = std::get_if<Failure>(&outcome))
                told.fail(*failure);
            else
                told.request_id = std::get<vendors::LmDone>(outcome).request_id;
            break;
        }
        case vendors::Role::tts: {
            what = "first audio";
            auto stream = vendors::make_tts(endpoint, link, told);
            stream->open();
            stream->speak(1, "Hello.");
            co_await wait(told);
            co_await stream->close();
            break;
        }
        case vendors::Role::s2s: {
            what = "first audio";
            vendors::S2sSetup setup;
            setup.instructions = "Say the one word hello.";
            auto session = vendors::make_s2s(endpoint, link, std::move(setup), told);
            session->open();
            session->respond("Say the one word hello.");
            co_await wait(told);
            co_await session->close();
            break;
        }
    }
    if (told.accepted) report.stage("accepted", began, *told.accepted);
    if (told.failure) {
        told.failure = vendors::without_key(std::move(*told.failure), endpoint.key.reveal());
        report.failure = std::string(vendors::name(told.failure->kind)) + ": " + told.failure->reason;
    } else if (!told.answered) {
        report.failure = told.over && role == vendors::Role::stt ? "it answered, but did not recognise the word \"goodbye\"" : "no answer within 10 s";
    } else {
        report.stage(what, std::max(asked, told.accepted.value_or(asked)), std::max(*told.answered, asked));
        if (!told.text.empty()) report.stages += ", \"" + vendors::plain(told.text, 40) + "\"";
        if (!told.request_id.empty()) report.stages += ", request " + vendors::plain(told.request_id, 60);
    }
}

Report probe(vendors::Role role, const vendors::Endpoint& endpoint, const std::vector<std::int16_t>& word) {
    Report report;
    asio::io_context context{1};
    net::HttpClient http(context.get_executor());
    vendors::Link link;
    link.executor = context.get_executor();
    link.http = &http;
    const auto run = [&]() -> net::Task<> {
        const bool reached = co_await reach(endpoint, link, report);
        if (reached) co_await ask(role, endpoint, link, word, report);
        context.stop();
    };
    asio::co_spawn(context, run(), [&](std::exception_ptr error) {
        if (error) report.failure = "internal error";
        context.stop();
    });
    context.run();
    return report;
}

}  // namespace

std::vector<OnlineAnswer> ask_vendors(const gateway::Config& config, const std::function<void(const OnlineAnswer&)>& each) {
    const auto word = one_word();
    std::set<std::pair<std::string, std::string>> seen;
    std::vector<OnlineAnswer> answers;
    for (const auto& agent : config.agents) {
        const std::pair<vendors::Role, const std::vector<std::string>*> roles[] = {
            {vendors::Role::stt, &agent.stt}, {vendors::Role::lm, &agent.lm}, {vendors::Role::tts, &agent.tts}, {vendors::Role::s2s, &agent.s2s}};
        for (const auto& [role, names] : roles) {
            for (const auto& name : *names) {
                const auto* endpoint = config.vendor(name);
                if (endpoint == nullptr || !seen.emplace(vendors::name(role), name).second) continue;
                auto report = probe(role, *endpoint, word);
                answers.push_back({std::string(vendors::name(role)), name, endpoint->vendor, std::move(report.stages), std::move(report.failure)});
                if (each) each(answers.back());
            }
        }
    }
    return answers;
}

int check_online(const gateway::Config& config) {
    std::size_t failed = 0;
    const auto answers = ask_vendors(config, [&failed](const OnlineAnswer& answer) {
        if (!answer.failure.empty()) ++failed;
        std::printf("%-4s %-16s %s: %s%s%s\n", answer.role.c_str(), answer.name.c_str(), answer.vendor.c_str(), answer.stages.c_str(),
                    answer.failure.empty()  ? ""
                    : answer.stages.empty() ? "FAILED "
                                            : ", FAILED ",
                    answer.failure.c_str());
        std::fflush(stdout);
    });
    if (answers.empty())
        std::printf("No agent uses a vendor: there is nobody to ask.\n");
    else
        std::printf("%zu asked, %zu failed.\n", answers.size(), failed);
    return failed == 0 ? 0 : 1;
}

}  // namespace parley::cli
