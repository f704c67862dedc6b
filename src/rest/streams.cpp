#include "parley/rest/streams.hpp"

#include "resource.hpp"

namespace parley::rest {
namespace {

constexpr std::size_t kParameters = 99;

CallProcess read_process(const Fields& f) {
    CallProcess p;
    p.sid = f.text("sid");
    p.account_sid = f.text("account_sid");
    p.call_sid = f.text("call_sid");
    p.name = f.text("name");
    p.status = f.text("status");
    p.date_updated = f.when("date_updated");
    return p;
}

RecordingTranscription read_transcription(const Fields& f) {
    RecordingTranscription t;
    t.sid = f.text("sid");
    t.account_sid = f.text("account_sid");
    t.recording_sid = f.text("recording_sid");
    t.status = f.text("status");
    t.transcription_text = f.text("transcription_text");
    t.type = f.text("type");
    t.duration = f.number("duration");
    t.date_created = f.when("date_created");
    t.date_updated = f.when("date_updated");
    return t;
}

net::Task<Outcome<>> stop_one(Client& client, Request request) {
    request.params.emplace_back("Status", "stopped");
    Outcome<Answer> answer = co_await client.send(std::move(request));
    if (!answer && answer.error().kind != Failure::not_found && answer.error().code != 21220) co_return answer.error();
    co_return Outcome<>();
}

}  // namespace

net::Task<Outcome<CallProcess>> CallStreams::start(StreamStart wanted) {
    Request request = post(base_ + ".json", Repeat::never);
    Fill add(request.params);
    add.always("Url", std::move(wanted.url));
    add("Name", wanted.name)("Track", wanted.track)("StatusCallback", wanted.status_callback)("StatusCallbackMethod", wanted.status_callback_method);
    for (std::size_t i = 0; i < wanted.parameters.size() && i < kParameters; ++i) {
        const std::string at = "Parameter" + std::to_string(i + 1);
        add.always(at + ".Name", wanted.parameters[i].first).always(at + ".Value", wanted.parameters[i].second);
    }
    return one(client_, std::move(request), &read_process);
}
net::Task<Outcome<>> CallStreams::stop(std::string sid_or_name) {
    return stop_one(client_, post(base_ + "/" + segment(sid_or_name) + ".json", Repeat::safe));
}

net::Task<Outcome<CallProcess>> CallTranscriptions::start(TranscriptionStart w) {
    Request request = post(base_ + ".json", Repeat::never);
    Fill add(request.params);
    add("Name", w.name)("Track", w.track)("StatusCallbackUrl", w.status_callback_url)("StatusCallbackMethod", w.status_callback_method);
    add("InboundTrackLabel", w.inbound_track_label)("OutboundTrackLabel", w.outbound_track_label)("PartialResults", w.partial_results)("LanguageCode",
                                                                                                                                       w.language_code);
    add("TranscriptionEngine", w.transcription_engine)("ProfanityFilter", w.profanity_filter)("SpeechModel", w.speech_model)("Hints", w.hints);
    add("EnableAutomaticPunctuation", w.enable_automatic_punctuation)("IntelligenceService", w.intelligence_service);
    add("ConversationConfiguration", w.conversation_configuration)("ConversationId", w.conversation_id)("ConfigurationId", w.configuration_id);
    add("EnableProviderData", w.enable_provider_data);
    return one(client_, std::move(request), &read_process);
}
net::Task<Outcome<>> CallTranscriptions::stop(std::string sid_or_name) {
    return stop_one(client_, post(base_ + "/" + segment(sid_or_name) + ".json", Repeat::safe));
}

net::Task<Outcome<std::vector<RecordingTranscription>>> RecordingTranscriptions::list(std::size_t most) {
    return all(client_, get("/Transcriptions.json"), "transcriptions", most, &read_transcription);
}
net::Task<Outcome<std::vector<RecordingTranscription>>> RecordingTranscriptions::list_of(std::string recording_sid, std::size_t most) {
    return all(client_, get("/Recordings/" + segment(recording_sid) + "/Transcriptions.json"), "transcriptions", most, &read_transcription);
}
net::Task<Outcome<RecordingTranscription>> RecordingTranscriptions::fetch(std::string sid) {
    return one(client_, get("/Transcriptions/" + segment(sid) + ".json"), &read_transcription);
}
net::Task<Outcome<>> RecordingTranscriptions::remove(std::string sid) {
    return gone(client_, erase("/Transcriptions/" + segment(sid) + ".json"));
}

}  // namespace parley::rest
