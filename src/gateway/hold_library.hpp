#pragma once
// The sounds of the agents' holds, made before anybody calls: texts spoken, files and uploads decoded. Read by calls, filled by a thread of its own.

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agents.hpp"
#include "parley/base/log.hpp"
#include "parley/brain/rendered_phrases.hpp"
#include "parley/hold/hold_player.hpp"
#include "parley/hold/hold_text.hpp"
#include "parley/speech/phrase_cache.hpp"
#include "parley/store/database.hpp"

namespace parley::gateway {

class HoldLibrary {
public:
    HoldLibrary(Log log, std::filesystem::path data_dir, store::Database& database);
    ~HoldLibrary();
    HoldLibrary(const HoldLibrary&) = delete;
    HoldLibrary& operator=(const HoldLibrary&) = delete;

    // Makes what these agents want and is not there yet, and forgets what none of them wants. `now`: on the caller's thread, who waits for it, with the
    // embedded voice; else by the thread. A vendor's voice takes the embedded one's place when it has spoken.
    void want(const Agents& agents, bool now);
    // What is there of this agent's sounds; what is missing is told in the log, once. Any thread; cheap.
    [[nodiscard]] hold::HoldSounds of(const call::Agent& agent);

private:
    // A text in one voice. Kept as long as an agent wants it: vendors' renderings come in later.
    struct Spoken {
        std::vector<hold::HoldPiece> pieces;
        std::unique_ptr<brain::RenderedPhrases> phrases;
        std::size_t from_vendor = 0;
        hold::Sound sound;
    };
    using Make = std::function<void()>;

    void run();
    void speak(const std::string& key, const std::string& text, const HoldVoice& voice);
    void decode(const std::string& key, const std::string& name);
    void keep(const std::string& key, hold::Sound sound);
    void failed(const std::string& key, const std::string& what, const std::string& why);
    [[nodiscard]] hold::Sound find(const std::string& key, const std::string& agent, std::string_view what);
    [[nodiscard]] static hold::Sound assembled(const Spoken& spoken);
    [[nodiscard]] static std::string text_key(const std::string& agent, const hold::HoldSettings& settings) {
        return "text\n" + agent + "\n" + settings.voice + "\n" + settings.text;
    }
    [[nodiscard]] static std::string file_key(const std::string& name, bool music) { return (music ? "music\n" : "audio\n") + name; }

    Log log_;
    std::filesystem::path data_dir_;
    store::Database& database_;
    std::mutex mutex_;
    std::map<std::string, hold::Sound> sounds_;
    std::map<std::string, std::shared_ptr<Spoken>> spoken_;
    std::set<std::string> told_;   // what is missing and was said to be
    std::set<std::string> asked_;  // on its way
    std::vector<Make> waiting_;
    std::condition_variable woken_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace parley::gateway
