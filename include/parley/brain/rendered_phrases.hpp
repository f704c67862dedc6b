#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "parley/brain/upstream.hpp"
#include "parley/speech/phrase_cache.hpp"

namespace parley::brain {

// What makes a rendering the same again.
struct PhraseKey {
    std::string vendor, voice, model, language, options, text;
};
// Where renderings are kept between runs; called while starting and from the rendering thread. 8 kHz.
struct PhraseShelf {
    std::function<std::optional<std::vector<std::int16_t>>(const PhraseKey&)> get;
    std::function<void(const PhraseKey&, std::span<const std::int16_t>)> put;
};

struct RenderPlan {
    std::vector<std::string> phrases;       // fillers, apology, goodbye, idle prompts: must be sayable whatever happens
    std::vector<std::string> greetings;     // said in the vendor's own voice or not from here at all
    std::vector<vendors::Endpoint> voices;  // in the agent's order; "embedded" among them is passed over
    speech::VoiceSettings embedded;
    std::chrono::milliseconds each{5000};  // for one phrase at one vendor
};

// Fixed phrases, kept on disk between runs. At construction: what the shelf has in the first vendor's voice, else the embedded voice, at once and
// without any network. Then a thread of its own has the vendor speak what is missing, puts it on the shelf and in the embedded one's place.
// Text is looked for as the call says it.
class RenderedPhrases final : public FixedPhrases {
public:
    RenderedPhrases(RenderPlan plan, VendorMakers makers, PhraseShelf shelf, speech::PhraseCache& embedded);
    ~RenderedPhrases() override;
    [[nodiscard]] std::shared_ptr<const std::vector<std::int16_t>> find(std::string_view text) const override;
    [[nodiscard]] std::size_t from_vendor() const { return from_vendor_.load(); }  // phrases in the vendor's voice so far

private:
    void render();
    std::vector<std::int16_t> ask(const std::string& text) const;
    void put(const std::string& text, std::vector<std::int16_t> pcm);

    RenderPlan plan_;
    VendorMakers makers_;
    PhraseShelf shelf_;
    mutable std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const std::vector<std::int16_t>>, std::less<>> audio_;
    std::vector<std::string> missing_;
    std::atomic<std::size_t> from_vendor_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace parley::brain
