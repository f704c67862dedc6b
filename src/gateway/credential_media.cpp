// Sound uploaded for an agent's hold.

#include <boost/asio/co_spawn.hpp>

#include "credential_api.hpp"
#include "parley/audio/g711.hpp"
#include "parley/hold/media_decode.hpp"

namespace parley::gateway {

using admin::api_answer;
using admin::api_error;
using nlohmann::json;
using store::Session;

namespace {

constexpr auto kStoreWithin = std::chrono::seconds(10);  // megabytes are written

json shown(const std::string& slot, const store::MediaInfo& info) {
    return {{"slot", slot}, {"id", info.id}, {"type", info.type}, {"bytes", info.bytes}, {"durationMs", info.duration_ms}, {"createdAt", info.created_ms}};
}

bool known_type(std::string_view given) {
    const auto type = given.substr(0, given.find(';'));
    for (const std::string_view known : {"audio/wav", "audio/x-wav", "audio/mpeg"})
        if (net::equal_no_case(type, known)) return true;
    return false;
}

struct Sound {
    hold::MediaOutcome outcome;
    store::Media media;
};
net::Task<Sound> decoded(std::shared_ptr<const std::string> bytes) {
    Sound sound;
    sound.outcome = hold::decode_media({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
    if (sound.outcome) {
        auto& media = *sound.outcome.media;
        sound.media.info.type = media.type;
        sound.media.info.bytes = bytes->size();
        sound.media.info.duration_ms = media.duration.count();
        sound.media.mulaw.resize(media.pcm8k.size());
        audio::mulaw_encode(media.pcm8k, sound.media.mulaw);
        media.pcm8k = {};
    }
    co_return sound;
}

net::HttpResponse store_error(const error_code& why) {
    return api_error(503, "store_unavailable", "The store did not take it: " + why.message() + ".");
}
net::HttpResponse nothing_there(const std::string& slot) {
    return api_error(404, "no_such_media", "Nothing is uploaded as " + slot + ".");
}

// Whether the agent's credential says that this is played.
bool wanted(const store::Credential& credential, std::string_view slot) {
    const auto& strategy = credential.holdstrategy;
    if (slot == "holdaudio") return strategy == "audio" || strategy == "audio_then_music";
    return strategy == "music" || strategy == "audio_then_music" || strategy == "text_then_music" || strategy == "text_over_music";
}

}  // namespace

net::HttpResponse CredentialApi::rejected(const std::string& agent, const std::string& slot, int status, std::string_view reason,
                                          std::string_view sentence) const {
    t_.log.warn("upload.rejected", "Sound that was uploaded is not taken.", {{"agent", agent}, {"slot", slot}, {"reason", reason}});
    return api_error(status, reason, sentence, slot);
}

net::Task<net::HttpResponse> CredentialApi::get_media(std::string agent, std::string slot) {
    if (auto no = unknown(agent, slot)) co_return std::move(*no);
    std::function<std::optional<store::MediaInfo>(Session&)> read = [agent, slot](Session& session) -> std::optional<store::MediaInfo> {
        const auto slots = store::agent_media(session, agent);
        const auto found = slots.find(slot);
        if (found == slots.end()) return std::nullopt;
        return store::media_info(session, found->second);
    };
    auto found = co_await t_.database.ask<std::optional<store::MediaInfo>>(std::move(read), kStoreWithin);
    if (!found) co_return store_error(found.error());
    if (!*found) co_return nothing_there(slot);
    co_return api_answer(200, shown(slot, **found));
}

net::Task<net::HttpResponse> CredentialApi::put_media(std::string agent, std::string slot, std::string type, std::string body) {
    if (auto no = unknown(agent, slot)) co_return std::move(*no);
    if (!known_type(type)) co_return rejected(agent, slot, 415, "content_type", "Send the file as audio/wav or audio/mpeg.");
    if (body.size() > hold::MediaLimits{}.most_bytes) co_return rejected(agent, slot, 413, "too_large", "The file is larger than 10 MB.");
    const auto bytes = std::make_shared<const std::string>(std::move(body));
    auto work = decoded(bytes);
    auto sound = co_await boost::asio::co_spawn(decoding_, std::move(work), boost::asio::use_awaitable);
    if (!sound.outcome) co_return rejected(agent, slot, 422, hold::name(sound.outcome.reason), sound.outcome.sentence);
    const auto media = std::make_shared<const store::Media>(std::move(sound.media));
    std::function<store::MediaInfo(Session&)> write = [agent, slot, media](Session& session) {
        auto info = store::put_media(session, *media);
        store::set_agent_media(session, agent, slot, info.id);
        return info;
    };
    auto kept = co_await t_.database.ask<store::MediaInfo>(std::move(write), kStoreWithin);
    if (!kept) co_return store_error(kept.error());
    (void)co_await renew();
    t_.log.info("upload.taken", "Sound was uploaded for an agent's hold.", {{"agent", agent}, {"slot", slot}, {"duration_ms", kept->duration_ms}});
    co_return api_answer(200, shown(slot, *kept));
}

net::Task<net::HttpResponse> CredentialApi::remove_media(std::string agent, std::string slot) {
    if (auto no = unknown(agent, slot)) co_return std::move(*no);
    enum class Done : std::uint8_t { gone, none, wanted };
    std::function<Done(Session&)> erase = [agent, slot, sealer = t_.sealing.opener()](Session& session) {
        const auto credential = store::load_credential(session, *sealer, agent);
        if (credential && wanted(*credential, slot)) return Done::wanted;
        return store::erase_agent_media(session, agent, slot) ? Done::gone : Done::none;
    };
    const auto done = co_await t_.database.ask<Done>(std::move(erase), kStoreWithin);
    if (!done) co_return store_error(done.error());
    if (*done == Done::none) co_return nothing_there(slot);
    if (*done == Done::wanted) co_return api_error(409, "in_use", "The credential's holdstrategy plays it: change that first.", slot);
    (void)co_await renew();
    co_return net::HttpResponse(204);
}

}  // namespace parley::gateway
