// Every resource: what is asked on the wire, and what is read out of the answer.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "parley/rest/account.hpp"
#include "parley/rest/conferences.hpp"
#include "parley/rest/error_table.hpp"
#include "parley/rest/intelligence.hpp"
#include "parley/rest/messages.hpp"
#include "parley/rest/numbers.hpp"
#include "parley/rest/queues.hpp"
#include "parley/rest/recordings.hpp"
#include "parley/rest/sip.hpp"
#include "parley/rest/streams.hpp"
#include "scripted_twilio.hpp"

namespace parley::rest::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// One answer for everything; what was asked is compared without the account's part of the path.
class RestResources : public testing::Test {
protected:
    RestResources() : server([this](const Asked& asked) { return answer(asked); }), under(server.url()) {}
    void always(const std::string& body, int status = 200) {
        answer = [raw = reply(status, body)](const Asked&) { return raw; };
    }
    void list_of(const std::string& key, const std::string& item) { always("{\"" + key + "\":[" + item + "],\"page\":0,\"next_page_uri\":null}"); }
    void meta_list_of(const std::string& key, const std::string& item) {
        always("{\"" + key + "\":[" + item + "],\"meta\":{\"key\":\"" + key + "\",\"next_page_url\":null}}");
    }
    template <class T, class Resource, class... Made>
    Outcome<T> run(std::function<net::Task<Outcome<T>>(Resource&)> ask, Made... made) {
        return under.run<Outcome<T>>([&](Client& client) {
            Resource resource(client, made...);
            return ask(resource);
        });
    }
    std::string last() const {
        std::string line = server.lines().back();
        const std::string base = std::string("/2010-04-01/Accounts/") + kAccount;
        if (const auto at = line.find(base); at != std::string::npos) line.erase(at, base.size());
        return line;
    }
    std::function<std::string(const Asked&)> answer = [](const Asked&) { return reply(200, "{}"); };
    ScriptedTwilio server;
    ClientUnderTest under;
};
#define ASK(T, R, CALL, ...) (run<T, R>([&](R& r) { return r.CALL; } __VA_OPT__(, ) __VA_ARGS__))

const std::string kRecording =
    R"({"sid":"RE1","call_sid":"CA1","conference_sid":null,"status":"completed","channels":2,"source":"StartCallRecordingAPI","duration":"31","error_code":null,
 "track":"both","date_created":"Sat, 21 Nov 2026 10:15:30 +0000","encryption_details":null,"media_url":"https://api.twilio.com/x"})";

TEST_F(RestResources, call_recordings) {
    always(kRecording, 201);
    RecordingStart start;
    start.recording_channels = "dual";
    start.recording_status_callback = "https://h/r";
    start.recording_status_callback_event = {"in-progress", "completed"};
    const auto recording = ASK(Recording, CallRecordings, start(start), std::string("CA1"));
    ASSERT_TRUE(recording) << recording.error().text();
    EXPECT_EQ(last(),
              "POST /Calls/CA1/Recordings.json "
              "RecordingStatusCallback=https%3A%2F%2Fh%2Fr&RecordingStatusCallbackEvent=in-progress&RecordingStatusCallbackEvent=completed"
              "&RecordingChannels=dual");
    EXPECT_EQ(recording->status, RecordingStatus::completed);
    EXPECT_EQ(recording->channels, 2);
    EXPECT_EQ(recording->duration, 31);
    EXPECT_FALSE(recording->encrypted);
    EXPECT_TRUE(ASK(Recording, CallRecordings, pause(std::string(kCurrentRecording), "skip"), std::string("CA1")));
    EXPECT_EQ(last(), "POST /Calls/CA1/Recordings/Twilio.CURRENT.json Status=paused&PauseBehavior=skip");
    EXPECT_TRUE(ASK(Recording, CallRecordings, resume(), std::string("CA1")));
    EXPECT_EQ(last(), "POST /Calls/CA1/Recordings/Twilio.CURRENT.json Status=in-progress");
    EXPECT_TRUE(ASK(Recording, CallRecordings, stop("RE1"), std::string("CA1")));
    EXPECT_EQ(last(), "POST /Calls/CA1/Recordings/RE1.json Status=stopped");
    EXPECT_TRUE(ASK(void, CallRecordings, remove("RE1"), std::string("CA1")));
    EXPECT_EQ(last(), "DELETE /Calls/CA1/Recordings/RE1.json");
    EXPECT_TRUE(ASK(Recording, ConferenceRecordings, stop(), std::string("CF1")));
    EXPECT_EQ(last(), "POST /Conferences/CF1/Recordings/Twilio.CURRENT.json Status=stopped");
}

TEST_F(RestResources, recordings_of_the_account) {
    list_of("recordings", kRecording);
    RecordingFilter filter;
    filter.call_sid = "CA1";
    filter.date_created_after = "2026-11-01";
    filter.most = 3;
    const auto found = ASK(std::vector<Recording>, Recordings, list(filter));
    ASSERT_TRUE(found);
    ASSERT_THAT(*found, SizeIs(1));
    EXPECT_EQ(last(), "GET /Recordings.json?CallSid=CA1&DateCreated%3E=2026-11-01&PageSize=3");
    answer = [](const Asked&) { return twilio_error(404, 20404); };
    EXPECT_TRUE(ASK(void, Recordings, remove("RE1")));
    EXPECT_EQ(last(), "DELETE /Recordings/RE1.json");
}

TEST_F(RestResources, media_waits_until_it_is_there_and_keeps_the_credentials_at_home) {
    const std::string sound(200'000, 's');
    ScriptedTwilio storage([&](const Asked&) { return reply(200, sound, "audio/x-wav"); });
    int not_yet = 2;
    answer = [&](const Asked&) {
        return not_yet-- > 0 ? twilio_error(404, 20404) : reply(302, "", "text/plain", "Location: " + storage.url() + "/bucket/RE1?sig=1\r\n");
    };
    MediaWanted wanted;
    wanted.requested_channels = 2;
    wanted.wait = 20s;
    const auto got = ASK(std::string, Recordings, media("RE1", wanted));
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(*got, sound);
    EXPECT_EQ(last(), "GET /Recordings/RE1.wav?RequestedChannels=2");
    EXPECT_THAT(server.asked(), SizeIs(3));
    EXPECT_FALSE(server.asked()[0].authorization.empty());
    EXPECT_EQ(storage.asked()[0].authorization, "");
    EXPECT_EQ(storage.asked()[0].target, "/bucket/RE1?sig=1");

    not_yet = 0;
    wanted.limit = 1000;
    const auto large = ASK(std::string, Recordings, media("RE1", wanted));
    ASSERT_FALSE(large);
    not_yet = 1;
    wanted.wait = 0s;
    const auto early = ASK(std::string, Recordings, media("RE1", wanted));
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().kind, Failure::not_found);

    wanted.limit = 1U << 20U;
    wanted.format = "mp3";
    const auto file = std::filesystem::temp_directory_path() / ("parley_media_" + std::to_string(::getpid()) + ".mp3");
    const auto written = ASK(std::uint64_t, Recordings, media_to_file("RE1", wanted, file));
    ASSERT_TRUE(written) << written.error().text();
    EXPECT_EQ(*written, sound.size());
    EXPECT_EQ(std::filesystem::file_size(file), sound.size());
    EXPECT_EQ(last(), "GET /Recordings/RE1.mp3?RequestedChannels=2");
    std::filesystem::remove(file);
    EXPECT_FALSE(ASK(std::uint64_t, Recordings, media_to_file("RE1", wanted, "/nowhere/at/all.mp3")));
    EXPECT_FALSE(ASK(std::uint64_t, Recordings, media_to("RE1", wanted, [](std::string_view) { return false; })));
}

TEST_F(RestResources, media_that_breaks_off_is_no_media) {
    answer = [](const Asked&) { return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf"; };
    MediaWanted wanted;
    wanted.within = 300ms;
    EXPECT_FALSE(ASK(std::string, Recordings, media("RE1", wanted)));
    answer = [&](const Asked&) { return reply(302, "", "text/plain", "Location: " + server.url() + "/again\r\n"); };
    EXPECT_FALSE(ASK(std::string, Recordings, media("RE1", wanted)));
}

TEST_F(RestResources, streams_and_transcriptions_of_a_call) {
    always(
        R"({"sid":"MZ1","account_sid":"AC1","call_sid":"CA1","name":"mine","status":"in-progress","date_updated":"Sat, 21 Nov 2026 10:15:30 +0000","uri":"/x"})",
        201);
    StreamStart stream;
    stream.url = "wss://h/media";
    stream.name = "mine";
    stream.track = "both_tracks";
    stream.parameters = {{"a", "1"}, {"b", "ü"}};
    const auto started = ASK(CallProcess, CallStreams, start(stream), std::string("CA1"));
    ASSERT_TRUE(started);
    EXPECT_EQ(started->sid, "MZ1");
    EXPECT_TRUE(started->date_updated);
    EXPECT_EQ(last(),
              "POST /Calls/CA1/Streams.json "
              "Url=wss%3A%2F%2Fh%2Fmedia&Name=mine&Track=both_tracks&Parameter1.Name=a&Parameter1.Value=1&Parameter2.Name=b&Parameter2.Value=%C3%BC");
    TranscriptionStart transcription;
    transcription.language_code = "de-DE";
    transcription.partial_results = true;
    transcription.intelligence_service = "GA1";
    EXPECT_TRUE(ASK(CallProcess, CallTranscriptions, start(transcription), std::string("CA1")));
    EXPECT_EQ(last(), "POST /Calls/CA1/Transcriptions.json PartialResults=true&LanguageCode=de-DE&IntelligenceService=GA1");
    EXPECT_TRUE(ASK(void, CallTranscriptions, stop("mine"), std::string("CA1")));
    EXPECT_EQ(last(), "POST /Calls/CA1/Transcriptions/mine.json Status=stopped");
    answer = [](const Asked&) { return twilio_error(400, 21220); };
    EXPECT_TRUE(ASK(void, CallStreams, stop("MZ1"), std::string("CA1")));
    answer = [](const Asked&) { return twilio_error(400, 21100); };
    EXPECT_FALSE(ASK(void, CallStreams, stop("MZ1"), std::string("CA1")));

    list_of("transcriptions", R"({"sid":"TR1","recording_sid":"RE1","status":"completed","transcription_text":"hello","duration":"4","price":-0.05})");
    const auto written = ASK(std::vector<RecordingTranscription>, RecordingTranscriptions, list_of("RE1"));
    ASSERT_TRUE(written);
    EXPECT_EQ(written->front().transcription_text, "hello");
    EXPECT_EQ(last(), "GET /Recordings/RE1/Transcriptions.json?PageSize=20");
}

TEST_F(RestResources, conferences) {
    list_of("conferences",
            R"({"sid":"CF1","friendly_name":"room 1","status":"completed"},{"sid":"CF2","friendly_name":"room 1","status":"in-progress","region":"us1"})");
    const auto found = ASK(std::optional<Conference>, Conferences, find("room 1"));
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->sid, "CF2");
    EXPECT_EQ(last(), "GET /Conferences.json?FriendlyName=room+1&Status=in-progress&PageSize=20");
    const auto none = ASK(std::optional<Conference>, Conferences, find("room 2"));
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
    always(R"({"sid":"CF1","status":"completed","reason_conference_ended":"conference-ended-via-api"})");
    EXPECT_TRUE(ASK(void, Conferences, end("CF1")));
    EXPECT_EQ(last(), "POST /Conferences/CF1.json Status=completed");
    EXPECT_TRUE(ASK(Conference, Conferences, announce("CF1", "https://h/a")));
    EXPECT_EQ(last(), "POST /Conferences/CF1.json AnnounceUrl=https%3A%2F%2Fh%2Fa&AnnounceMethod=POST");
    answer = [](const Asked&) { return twilio_error(404, 20404); };
    EXPECT_TRUE(ASK(void, Conferences, end("CF1")));
    answer = [](const Asked&) { return twilio_error(400, 16022); };
    EXPECT_TRUE(ASK(void, Conferences, end("CF1")));
}

TEST_F(RestResources, participants) {
    always(
        R"({"call_sid":"CA2","conference_sid":"CF1","label":"human","muted":false,"hold":true,"coaching":true,"call_sid_to_coach":"CA1","status":"queued","queue_time":"5"})",
        201);
    ParticipantCreate c;
    c.from = "+1";
    c.to = "sip:a@b";
    c.label = "human";
    c.beep = "false";
    c.early_media = false;
    c.end_conference_on_exit = true;
    c.status_callback_event = {"answered", "completed"};
    c.conference_status_callback = "https://h/c";
    c.conference_status_callback_event = {"join", "leave"};
    c.coaching = true;
    c.call_sid_to_coach = "CA1";
    c.machine_detection = "Enable";
    c.amd_status_callback = "https://h/amd";
    c.caller_display_name = "Bo";
    const auto made = ASK(Participant, Participants, create(c), std::string("my room/1"));
    ASSERT_TRUE(made) << made.error().text();
    EXPECT_EQ(last(),
              "POST /Conferences/my%20room%2F1/Participants.json "
              "From=%2B1&To=sip%3Aa%40b&StatusCallbackEvent=answered&StatusCallbackEvent=completed&Label=human&Beep=false"
              "&EndConferenceOnExit=true&EarlyMedia=false&ConferenceStatusCallback=https%3A%2F%2Fh%2Fc&ConferenceStatusCallbackEvent=join&"
              "ConferenceStatusCallbackEvent=leave"
              "&Coaching=true&CallSidToCoach=CA1&CallerDisplayName=Bo&MachineDetection=Enable&AmdStatusCallback=https%3A%2F%2Fh%2Famd");
    EXPECT_TRUE(made->hold && made->coaching && !made->muted);
    EXPECT_EQ(made->queue_time, 5);
    ParticipantUpdate update;
    update.hold = true;
    update.hold_url = "https://h/music";
    update.hold_method = "GET";
    EXPECT_TRUE(ASK(Participant, Participants, update("CA2", update), std::string("CF1")));
    EXPECT_EQ(last(), "POST /Conferences/CF1/Participants/CA2.json Hold=true&HoldUrl=https%3A%2F%2Fh%2Fmusic&HoldMethod=GET");
    EXPECT_TRUE(ASK(void, Participants, remove("human"), std::string("CF1")));
    EXPECT_EQ(last(), "DELETE /Conferences/CF1/Participants/human.json");
    answer = [](const Asked&) { return std::string(); };
    const auto lost = ASK(Participant, Participants, create(c), std::string("CF1"));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, Failure::unknown);
}

TEST_F(RestResources, messages) {
    const std::string message =
        R"({"sid":"SM1","to":"+2","from":"+1","body":"hi","status":"queued","num_segments":"2","num_media":"0","error_code":30007,"price":null,
 "messaging_service_sid":null,"direction":"outbound-api","date_created":")" +
        format_rfc2822(WallClock::now()) + R"("})";
    always(message, 201);
    MessageCreate c;
    c.to = "+2";
    c.from = "+1";
    c.body = "hi";
    c.status_callback = "https://h/sms";
    const auto sent = ASK(Message, Messages, create(c));
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->num_segments, 2);
    EXPECT_EQ(sent->error_code, 30007);
    EXPECT_EQ(sent->status, MessageStatus::queued);
    EXPECT_EQ(last(), "POST /Messages.json To=%2B2&From=%2B1&Body=hi&StatusCallback=https%3A%2F%2Fh%2Fsms");
    c.media_url = {"https://h/1.png", "https://h/2.png"};
    EXPECT_TRUE(ASK(Message, Messages, create(c)));
    EXPECT_THAT(last(), HasSubstr("&MediaUrl=https%3A%2F%2Fh%2F1.png&MediaUrl=https%3A%2F%2Fh%2F2.png"));
    EXPECT_TRUE(ASK(Message, Messages, redact("SM1")));
    EXPECT_EQ(last(), "POST /Messages/SM1.json Body=");
    EXPECT_TRUE(ASK(Message, Messages, cancel("SM1")));
    EXPECT_EQ(last(), "POST /Messages/SM1.json Status=canceled");
    MessageFilter filter;
    filter.date_sent_after = "2026-11-01";
    list_of("messages", message);
    EXPECT_THAT(*ASK(std::vector<Message>, Messages, list(filter)), SizeIs(1));
    EXPECT_EQ(last(), "GET /Messages.json?DateSent%3E=2026-11-01&PageSize=200");
    list_of("media_list", R"({"sid":"ME1","parent_sid":"SM1","content_type":"image/png"})");
    const auto media = ASK(std::vector<MessageMedia>, Messages, media("SM1"));
    ASSERT_TRUE(media);
    EXPECT_EQ(media->front().content_type, "image/png");
    always("PNG");
    EXPECT_EQ(*ASK(std::string, Messages, media_bytes("SM1", "ME1")), "PNG");
    EXPECT_EQ(last(), "GET /Messages/SM1/Media/ME1");
    EXPECT_TRUE(ASK(void, Messages, remove_media("SM1", "ME1")));
    EXPECT_EQ(last(), "DELETE /Messages/SM1/Media/ME1.json");
}

TEST_F(RestResources, a_lost_message_is_found_by_its_words_or_stays_unknown) {
    std::string listed = "hi";
    int sent = 0;
    answer = [&](const Asked& asked) {
        if (asked.method == "POST") {
            ++sent;
            return std::string();
        }
        return reply(200, R"({"messages":[{"sid":"SM)" + std::to_string(sent) + R"(","to":"+2","from":"+1","body":")" + listed +
                              R"(","status":"sent","num_media":"0","direction":"outbound-api","date_created":")" + format_rfc2822(WallClock::now()) +
                              R"("}]})");
    };
    MessageCreate c;
    c.to = "+2";
    c.from = "+1";
    c.body = "hi";
    const auto found = ASK(Message, Messages, create(c));
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(found->sid, "SM1");
    EXPECT_EQ(sent, 1);
    listed = "something else";
    const auto unknown = ASK(Message, Messages, create(c));
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().kind, Failure::unknown);
    EXPECT_EQ(sent, 2);
}

TEST_F(RestResources, queues) {
    list_of("queues", R"({"sid":"QU1","friendly_name":"a","current_size":2,"max_size":100,"average_wait_time":7},{"sid":"QU2","friendly_name":"b"})");
    const auto queue = ASK(std::optional<Queue>, Queues, find("a"));
    ASSERT_TRUE(queue && *queue);
    EXPECT_EQ((*queue)->current_size, 2);
    EXPECT_EQ((*queue)->average_wait_time, 7);
    always(R"({"sid":"QU3","friendly_name":"c","max_size":5})", 201);
    EXPECT_TRUE(ASK(Queue, Queues, create("c", 5)));
    EXPECT_EQ(last(), "POST /Queues.json FriendlyName=c&MaxSize=5");
    list_of("queue_members", R"({"call_sid":"CA1","queue_sid":"QU1","position":1,"wait_time":12,"date_enqueued":"Sat, 21 Nov 2026 10:15:30 +0000"})");
    const auto members = ASK(std::vector<QueueMember>, Queues, members("QU1"));
    ASSERT_TRUE(members);
    EXPECT_EQ(members->front().wait_time, 12);
    always(R"({"call_sid":"CA1","queue_sid":"QU1","position":0})");
    EXPECT_TRUE(ASK(QueueMember, Queues, dequeue("QU1", "Front", "https://h/next")));
    EXPECT_EQ(last(), "POST /Queues/QU1/Members/Front.json Url=https%3A%2F%2Fh%2Fnext&Method=POST");
    answer = [](const Asked&) { return std::string(); };
    const auto lost = ASK(QueueMember, Queues, dequeue("QU1", "Front", "https://h/next"));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, Failure::unknown);
}

TEST_F(RestResources, numbers_to_be_had_and_own_ones) {
    always(
        R"({"available_phone_numbers":[{"phone_number":"+14155550100","friendly_name":"(415) 555-0100","locality":"San Francisco","latitude":"37.77","longitude":-122.4,
 "capabilities":{"voice":true,"SMS":true,"MMS":false},"beta":false}],"uri":"/x"})");
    NumberSearch search;
    search.area_code = 415;
    search.voice_enabled = true;
    search.most = 5;
    const auto found = ASK(std::vector<AvailableNumber>, AvailableNumbers, search(search));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->front().latitude, 37.77);
    EXPECT_EQ(found->front().longitude, -122.4);
    EXPECT_TRUE(found->front().capabilities.sms);
    EXPECT_EQ(last(), "GET /AvailablePhoneNumbers/US/Local.json?AreaCode=415&VoiceEnabled=true&PageSize=5");
    search.type = NumberType::toll_free;
    search.country = "GB";
    EXPECT_TRUE(ASK(std::vector<AvailableNumber>, AvailableNumbers, search(search)));
    EXPECT_THAT(last(), HasSubstr("/AvailablePhoneNumbers/GB/TollFree.json?"));

    always(
        R"({"sid":"PN1","phone_number":"+14155550100","voice_url":"https://h/v","voice_method":"POST","trunk_sid":null,"voice_application_sid":"AP1","capabilities":{"voice":true,"sms":true}})",
        201);
    NumberCreate buy;
    buy.phone_number = "+14155550100";
    buy.settings.voice_url = "https://h/v";
    buy.settings.friendly_name = "front desk";
    const auto bought = ASK(IncomingNumber, IncomingNumbers, create(buy));
    ASSERT_TRUE(bought);
    EXPECT_EQ(bought->voice_application_sid, "AP1");
    EXPECT_EQ(bought->trunk_sid, "");
    EXPECT_EQ(last(), "POST /IncomingPhoneNumbers.json PhoneNumber=%2B14155550100&FriendlyName=front+desk&VoiceUrl=https%3A%2F%2Fh%2Fv");
    NumberUpdate update;
    update.settings.voice_url = "";
    EXPECT_TRUE(ASK(IncomingNumber, IncomingNumbers, update("PN1", update)));
    EXPECT_EQ(last(), "POST /IncomingPhoneNumbers/PN1.json VoiceUrl=");
    EXPECT_TRUE(ASK(void, IncomingNumbers, remove("PN1")));
    EXPECT_EQ(last(), "DELETE /IncomingPhoneNumbers/PN1.json");
    always(R"({"sid":"AP1","friendly_name":"app","voice_url":"https://h/x"})");
    EXPECT_EQ(ASK(Application, Applications, fetch("AP1"))->voice_url, "https://h/x");
    EXPECT_EQ(last(), "GET /Applications/AP1.json");
}

TEST_F(RestResources, account_balance_and_debugger) {
    answer = [](const Asked&) {
        return reply(200, R"({"sid":"AC1","status":"suspended","type":"Trial","friendly_name":"x"})", "application/json",
                     "Date: Sat, 21 Nov 2026 10:15:30 GMT\r\n");
    };
    const auto account = ASK(AccountInfo, AccountResource, credentials());
    ASSERT_TRUE(account);
    EXPECT_EQ(account->status, "suspended");
    EXPECT_TRUE(account->server_date);
    EXPECT_EQ(last(), "GET .json");
    always(R"({"account_sid":"AC1","balance":"12.34","currency":"USD"})");
    EXPECT_EQ(ASK(Balance, AccountResource, balance())->balance, "12.34");
    list_of("notifications", R"({"sid":"NO1","error_code":"11200","log":"0","request_url":"https://h/v","message_date":"Sat, 21 Nov 2026 10:15:30 +0000"})");
    const auto notes = ASK(std::vector<Notification>, AccountResource, notifications());
    ASSERT_TRUE(notes);
    EXPECT_EQ(notes->front().error_code, "11200");
    EXPECT_TRUE(notes->front().message_date);
}

TEST_F(RestResources, sip_and_byoc) {
    always(R"({"sid":"SD1","domain_name":"a.sip.twilio.com","secure":true,"sip_registration":false})", 201);
    SipDomainSettings domain;
    domain.domain_name = "a.sip.twilio.com";
    domain.sip_registration = true;
    const auto made = ASK(SipDomain, SipDomains, create(domain));
    ASSERT_TRUE(made);
    EXPECT_TRUE(made->secure);
    EXPECT_EQ(last(), "POST /SIP/Domains.json DomainName=a.sip.twilio.com&SipRegistration=true");
    EXPECT_TRUE(ASK(void, SipDomains, map_calls("SD1", "CL1")));
    EXPECT_EQ(last(), "POST /SIP/Domains/SD1/Auth/Calls/CredentialListMappings.json CredentialListSid=CL1");
    always(R"({"sid":"CR1","username":"bo","credential_list_sid":"CL1"})", 201);
    EXPECT_EQ(ASK(SipCredential, CredentialLists, add("CL1", "bo", Secret("pässword")))->username, "bo");
    EXPECT_EQ(last(), "POST /SIP/CredentialLists/CL1/Credentials.json Username=bo&Password=p%C3%A4ssword");
    meta_list_of("byoc_trunks", R"({"sid":"BY1","cnam_lookup_enabled":true,"date_created":"2026-11-21T10:15:30Z"})");
    const auto trunks = ASK(std::vector<ByocTrunk>, ByocTrunks, list());
    ASSERT_TRUE(trunks);
    EXPECT_TRUE(trunks->front().cnam_lookup_enabled);
    EXPECT_TRUE(trunks->front().date_created);
    EXPECT_EQ(last(), "GET /v1/ByocTrunks?PageSize=200");
}

TEST_F(RestResources, intelligence) {
    TranscriptCreate create;
    create.service_sid = "GA1";
    create.source_sid = "RE1";
    create.participants = {{1, "Agent", {}, "+15550001", {}, "Ann \"A\"", {}}, {2, "Customer", {}, {}, {}, {}, {}}};
    EXPECT_EQ(
        channel_json(create),
        R"({"media_properties":{"source_sid":"RE1"},"participants":[{"channel_participant":1,"media_participant_id":"+15550001","full_name":"Ann \"A\"","role":"Agent"},)"
        R"({"channel_participant":2,"role":"Customer"}]})");
    always(
        R"({"sid":"GT1","service_sid":"GA1","status":"queued","duration":12,"channel":{"media_properties":{"source_sid":"RE1"}},"redaction":true,"date_created":"2026-11-21T10:15:30Z"})",
        201);
    const auto made = ASK(Transcript, Transcripts, create(create));
    ASSERT_TRUE(made);
    EXPECT_EQ(made->source_sid, "RE1");
    EXPECT_TRUE(made->redaction);
    EXPECT_THAT(last(), testing::StartsWith("POST /v2/Transcripts ServiceSid=GA1&Channel=%7B%22media_properties%22"));
    meta_list_of(
        "sentences",
        R"({"sid":"GX1","media_channel":2,"sentence_index":0,"start_time":"0.52","end_time":1.5,"transcript":"Hello.","confidence":"0.9","words":[{"word":"Hello","start_time":"0.52","end_time":"0.9"},7]})");
    const auto sentences = ASK(std::vector<Sentence>, Transcripts, sentences("GT1", true, true));
    ASSERT_TRUE(sentences);
    EXPECT_EQ(sentences->front().start_time, 0.52);
    EXPECT_EQ(sentences->front().end_time, 1.5);
    EXPECT_THAT(sentences->front().words, SizeIs(1));
    EXPECT_EQ(last(), "GET /v2/Transcripts/GT1/Sentences?Redacted=true&WordTimestamps=true&PageSize=1000");
    meta_list_of(
        "operator_results",
        R"({"operator_type":"text-generation","name":"Summary","operator_sid":"LY1","match_probability":"0.7","predicted_probability":0.5,"extract_match":true,
 "text_generation_results":{"format":"text","result":"They spoke."},"label_probabilities":{"a":1}})");
    const auto results = ASK(std::vector<OperatorResult>, Transcripts, operator_results("GT1"));
    ASSERT_TRUE(results);
    EXPECT_EQ(results->front().text, "They spoke.");
    EXPECT_EQ(results->front().match_probability, 0.7);
    EXPECT_EQ(results->front().label_probabilities, R"({"a":1})");
    always(R"({"service_sid":"GA1","operator_sids":["LY1","LY2"]})");
    EXPECT_THAT(*ASK(std::vector<std::string>, IntelligenceServices, operators("GA1")), ElementsAre("LY1", "LY2"));
    EXPECT_TRUE(ASK(void, IntelligenceServices, attach("GA1", "LY1")));
    EXPECT_EQ(last(), "POST /v2/Services/GA1/Operators/LY1");
    EXPECT_TRUE(ASK(void, IntelligenceServices, detach("GA1", "LY1")));
    EXPECT_EQ(last(), "DELETE /v2/Services/GA1/Operators/LY1");
    IntelligenceServiceSettings service;
    service.unique_name = "calls";
    service.auto_transcribe = true;
    service.webhook_url = "https://h/i";
    EXPECT_TRUE(ASK(IntelligenceService, IntelligenceServices, create(service)));
    EXPECT_EQ(last(), "POST /v2/Services UniqueName=calls&AutoTranscribe=true&WebhookUrl=https%3A%2F%2Fh%2Fi");
    meta_list_of("operators", R"({"sid":"LY1","friendly_name":"Sentiment","operator_type":"conversation-classify","config":{"x":1},"version":3})");
    OperatorFilter filter;
    filter.language_code = "en-US";
    const auto operators = ASK(std::vector<Operator>, Operators, prebuilt(filter));
    ASSERT_TRUE(operators);
    EXPECT_EQ(operators->front().config, R"({"x":1})");
    EXPECT_EQ(last(), "GET /v2/Operators/PreBuilt?LanguageCode=en-US&PageSize=200");
    always(R"({"sid":"LY9"})", 202);
    EXPECT_TRUE(ASK(Operator, Operators, create("n", "Extract", R"({"a":1})")));
    EXPECT_EQ(last(), "POST /v2/Operators/Custom FriendlyName=n&OperatorType=Extract&Config=%7B%22a%22%3A1%7D");
}

TEST_F(RestResources, pages_of_the_newer_products_are_followed) {
    answer = [&](const Asked& asked) {
        if (asked.target.find("PageToken") == std::string::npos)
            return reply(
                200,
                R"({"services":[{"sid":"GA1"}],"meta":{"key":"services","next_page_url":"https://intelligence.twilio.com/v2/Services?PageSize=1&PageToken=x"}})");
        return reply(200, R"({"services":[{"sid":"GA2"}],"meta":{"key":"services","next_page_url":null}})");
    };
    const auto services = ASK(std::vector<IntelligenceService>, IntelligenceServices, list());
    ASSERT_TRUE(services);
    EXPECT_THAT(*services, SizeIs(2));
    EXPECT_EQ(last(), "GET /v2/Services?PageSize=1&PageToken=x");
}

TEST_F(RestResources, hostile_lists_do_no_harm) {
    for (const char* body : {"{}", "{\"calls\":{}}", "{\"recordings\":null}", "{\"recordings\":\"x\"}", "{\"recordings\":7}"}) {
        always(body);
        EXPECT_FALSE(ASK(std::vector<Recording>, Recordings, list({}))) << body;
    }
    always(R"({"recordings":[null,1,"x",[],{},{"sid":{},"channels":"two","duration":1e400}],"next_page_uri":5,"meta":[]})");
    const auto odd = ASK(std::vector<Recording>, Recordings, list({}));
    (void)odd;  // 1e400 is no JSON number for the parser: an error; without it a list
    always(R"({"recordings":[null,1,"x",[],{},{"sid":{},"channels":"two","duration":[]}],"next_page_uri":[],"meta":[]})");
    const auto fine = ASK(std::vector<Recording>, Recordings, list({}));
    ASSERT_TRUE(fine);
    EXPECT_THAT(*fine, SizeIs(2));
}

TEST(RestErrors, the_table_is_sorted_and_every_row_is_a_sentence) {
    int before = 0;
    for (const auto& row : all_advice()) {
        EXPECT_GT(row.code, before);
        before = row.code;
        EXPECT_TRUE(row.sentence.ends_with('.')) << row.code;
        EXPECT_TRUE(row.remedy.ends_with('.')) << row.code;
        EXPECT_GE(row.sentence.front(), 'A') << row.code;
    }
    EXPECT_GT(all_advice().size(), 250U);
    ASSERT_NE(advice_for(21210), nullptr);
    EXPECT_EQ(advice_for(1), nullptr);
    EXPECT_EQ(advice_for(99999), nullptr);
    Error error;
    error.code = 21210;
    error.status = 400;
    error.sentence = advice_for(21210)->sentence;
    error.remedy = advice_for(21210)->remedy;
    EXPECT_EQ(error.text(), "21210: From is neither a number of the account nor verified. Buy or verify the number. (HTTP 400)");
}

}  // namespace
}  // namespace parley::rest::test
