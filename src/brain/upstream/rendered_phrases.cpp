#include "parley/brain/rendered_phrases.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "parley/net/deadline.hpp"

namespace parley::brain {

namespace {

namespace asio = boost::asio;
constexpr std::size_t kLongest = std::size_t{8000} * 60;
constexpr std::size_t kShortest = 800;  // a tenth of a second: less is no phrase

struct Collector final : vendors::TtsSink {
    std::vector<std::int16_t> pcm;
    bool done = false, failed = false;
    void on_tts_open(std::string_view) override {}
    void on_tts_audio(vendors::SpeechTag, std::span<const std::int16_t> piece) override {
        if (pcm.size() + piece.size() <= kLongest)
            pcm.insert(pcm.end(), piece.begin(), piece.end());
        else
            failed = true;
    }
    void on_tts_word(vendors::SpeechTag, std::uint32_t, std::uint32_t) override {}
    void on_tts_done(vendors::SpeechTag) override { done = true; }
    void on_tts_failed(vendors::SpeechTag, const vendors::Failure&) override { failed = true; }
};

PhraseKey key_of(const vendors::Endpoint& voice, const std::string& text) {
    PhraseKey key;
    key.vendor = voice.vendor;
    key.voice = voice.voice;
    key.model = voice.model;
    key.language = voice.language;
    for (const auto& [name, value] : voice.options) key.options += name + "=" + value + "\n";
    key.text = text;
    return key;
}

}  // namespace

RenderedPhrases::RenderedPhrases(RenderPlan plan, VendorMakers makers, PhraseShelf shelf, speech::PhraseCache& embedded)
    : plan_(std::move(plan)), makers_(std::move(makers)), shelf_(std::move(shelf)) {
    std::erase_if(plan_.voices, [](const auto& voice) { return voice.vendor == "embedded"; });
    auto all = plan_.phrases;
    all.insert(all.end(), plan_.greetings.begin(), plan_.greetings.end());
    for (const auto& text : all) {
        auto kept = plan_.voices.empty() ? std::nullopt : shelf_.get(key_of(plan_.voices.front(), text));
        if (kept) {
            put(text, std::move(*kept));
            ++from_vendor_;
        } else {
            missing_.push_back(text);
        }
    }
    std::vector<std::string> own;
    for (const auto& text : plan_.phrases)
        if (!audio_.contains(text)) own.push_back(text);
    if (const auto loaded = embedded.load(plan_.embedded, own); !loaded)
        throw std::runtime_error("voice '" + plan_.embedded.name + "': " + loaded.error().message());
    for (const auto& text : own)
        if (auto audio = embedded.find(plan_.embedded, text)) audio_[text] = std::move(audio);
    if (!plan_.voices.empty() && !missing_.empty()) thread_ = std::thread([this] { render(); });
}

RenderedPhrases::~RenderedPhrases() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const std::vector<std::int16_t>> RenderedPhrases::find(std::string_view text) const {
    const std::lock_guard lock(mutex_);
    const auto found = audio_.find(text);
    return found == audio_.end() ? nullptr : found->second;
}

void RenderedPhrases::put(const std::string& text, std::vector<std::int16_t> pcm) {
    auto audio = std::make_shared<const std::vector<std::int16_t>>(std::move(pcm));
    const std::lock_guard lock(mutex_);
    audio_[text] = std::move(audio);
}

void RenderedPhrases::render() {
    for (const auto& text : missing_) {
        if (stop_) return;
        try {
            auto pcm = ask(text);
            if (pcm.size() < kShortest) continue;  // the embedded voice stays; the next start tries again
            shelf_.put(key_of(plan_.voices.front(), text), pcm);
            put(text, std::move(pcm));
            ++from_vendor_;
        } catch (const std::exception&) {
            continue;  // as above: no phrase is worth the process
        }
    }
}

// On a loop of its own: nobody's call waits for it.
std::vector<std::int16_t> RenderedPhrases::ask(const std::string& text) const {
    asio::io_context context{1};
    Collector collector;
    net::HttpClient http(context.get_executor());
    vendors::Link link;
    link.executor = context.get_executor();
    link.http = &http;
    auto stream = makers_.tts(plan_.voices.front(), link, collector);
    if (!stream) return {};
    const auto run = [&]() -> net::Task<> {
        const auto deadline = Clock::now() + plan_.each;
        stream->open();
        stream->speak(1, text);
        while (!collector.done && !collector.failed && !stop_ && Clock::now() < deadline) {
            // In steps, so that a stopping process does not wait for a vendor.
            co_await net::sleep_until(Clock::now() + std::chrono::milliseconds(20));
        }
        co_await stream->close();
        context.stop();
    };
    asio::co_spawn(context, run(), asio::detached);
    context.run();
    if (collector.failed || !collector.done) return {};
    return std::move(collector.pcm);
}

}  // namespace parley::brain
