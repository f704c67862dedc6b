#pragma once
// intelligence.twilio.com/v2: services, operators, transcripts made from what is known to have been said.

#include "intelligence_text.hpp"
#include "world.hpp"

namespace parley::sim {

class Intelligence final : public Family {
public:
    explicit Intelligence(RestWorld& world) : world_(world) {}
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

    // Makes the transcript of a live transcription; nothing when its service is not known.
    void keep_live(const TranscriptionTruth& truth);

private:
    struct Words {
        std::vector<Sentence> plain;
        std::string service;
    };
    [[nodiscard]] ApiAnswer services(const ApiCall& call);
    [[nodiscard]] ApiAnswer attachments(const ApiCall& call, Record& service);
    [[nodiscard]] ApiAnswer operators(const ApiCall& call);
    [[nodiscard]] ApiAnswer custom(const ApiCall& call);
    [[nodiscard]] ApiAnswer types(const ApiCall& call);
    [[nodiscard]] ApiAnswer transcripts(const ApiCall& call);
    [[nodiscard]] ApiAnswer create_transcript(const ApiCall& call);
    [[nodiscard]] ApiAnswer below(const ApiCall& call, Record& transcript);
    [[nodiscard]] ApiAnswer sentences(const ApiCall& call, Record& transcript);
    [[nodiscard]] ApiAnswer results(const ApiCall& call, Record& transcript);
    [[nodiscard]] Record* service(const std::string& sid_or_name);
    // The JSON of an operator, prebuilt or custom; null when there is none.
    [[nodiscard]] Json operator_json(const std::string& sid, const std::string& base);
    [[nodiscard]] std::vector<Sentence> said(const RecordingView& recording) const;
    [[nodiscard]] Task<> complete(std::string sid, std::string recording);
    Record& keep(const Record& service, const Json& channel, const std::string& base);
    void finish(Record& record, int seconds, WallTime began);
    [[nodiscard]] Task<> announce(Json transcript, std::string url);

    RestWorld& world_;
    Records services_, custom_, transcripts_;
    std::map<std::string, Words> words_;  // by transcript
    const WallTime began_ = std::chrono::system_clock::now();
};

}  // namespace parley::sim
