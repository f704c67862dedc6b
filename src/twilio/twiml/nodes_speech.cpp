#include <array>

#include "node.hpp"

namespace parley::twilio::twiml {
namespace ssml {

Ssml text(std::string value) {
    return {.tag = Ssml::Tag::text, .text = std::move(value)};
}
Ssml break_(Text strength, Text time) {
    return {.tag = Ssml::Tag::break_, .strength = std::move(strength), .time = std::move(time)};
}
Ssml emphasis(Text level, Children children) {
    return {.tag = Ssml::Tag::emphasis, .level = std::move(level), .children = std::move(children)};
}
Ssml lang(std::string language, Children children) {
    return {.tag = Ssml::Tag::lang, .language = std::move(language), .children = std::move(children)};
}
Ssml p(Children children) {
    return {.tag = Ssml::Tag::p, .children = std::move(children)};
}
Ssml s(Children children) {
    return {.tag = Ssml::Tag::s, .children = std::move(children)};
}
Ssml phoneme(std::string alphabet, std::string ph, std::string value) {
    return {.tag = Ssml::Tag::phoneme, .text = std::move(value), .alphabet = std::move(alphabet), .ph = std::move(ph)};
}
Ssml prosody(Text volume, Text rate, Text pitch, Children children) {
    return {.tag = Ssml::Tag::prosody, .volume = std::move(volume), .rate = std::move(rate), .pitch = std::move(pitch), .children = std::move(children)};
}
Ssml say_as(std::string interpret_as, std::string value, Text format) {
    return {.tag = Ssml::Tag::say_as, .text = std::move(value), .interpret_as = std::move(interpret_as), .format = std::move(format)};
}
Ssml sub(std::string alias, std::string value) {
    return {.tag = Ssml::Tag::sub, .text = std::move(value), .alias = std::move(alias)};
}
Ssml w(Text role, Children children) {
    return {.tag = Ssml::Tag::w, .role = std::move(role), .children = std::move(children)};
}

}  // namespace ssml

namespace {

El element_of(Ssml::Tag tag) {
    constexpr std::array kElements{El::text, El::break_, El::emphasis, El::lang, El::p, El::s, El::phoneme, El::prosody, El::say_as, El::sub, El::w};
    return kElements[static_cast<std::size_t>(tag)];
}

Node node_of(const Ssml& piece) {
    Node node(element_of(piece.tag), piece.text);
    node.attr("strength", piece.strength).attr("time", piece.time).attr("level", piece.level).attr("xml:lang", piece.language);
    node.attr("alphabet", piece.alphabet).attr("ph", piece.ph).attr("volume", piece.volume).attr("rate", piece.rate);
    node.attr("pitch", piece.pitch).attr("interpret-as", piece.interpret_as).attr("format", piece.format);
    node.attr("alias", piece.alias).attr("role", piece.role);
    for (const Ssml& child : piece.children) node.child(node_of(child));
    return node;
}

}  // namespace

Node node_of(const Say& verb) {
    Node node(El::say);
    node.attr("voice", verb.voice).attr("language", verb.language).attr("loop", verb.loop);
    if (!verb.text.empty()) node.child(Node(El::text, verb.text));
    for (const Ssml& piece : verb.ssml) node.child(node_of(piece));
    return node;
}

Node node_of(const Play& verb) {
    return Node(El::play, verb.url).attr("loop", verb.loop).attr("digits", verb.digits);
}

Node node_of(const Pause& verb) {
    return Node(El::pause).attr("length", verb.length);
}

Node node_of(const Prompting& prompt) {
    return std::visit([](const auto& verb) { return node_of(verb); }, prompt);
}

Node node_of(const Gather& verb) {
    Node node(El::gather);
    node.attr("action", verb.action).attr("method", verb.method).attr("input", verb.input).attr("timeout", verb.timeout);
    node.attr("finishOnKey", verb.finish_on_key).attr("numDigits", verb.num_digits).attr("speechTimeout", verb.speech_timeout);
    node.attr("maxSpeechTime", verb.max_speech_time).attr("language", verb.language).attr("hints", verb.hints);
    node.attr("speechModel", verb.speech_model).attr("enhanced", verb.enhanced).attr("profanityFilter", verb.profanity_filter);
    node.attr("actionOnEmptyResult", verb.action_on_empty_result).attr("partialResultCallback", verb.partial_result_callback);
    node.attr("partialResultCallbackMethod", verb.partial_result_callback_method).attr("bargeIn", verb.barge_in).attr("debug", verb.debug);
    add_children(node, verb.prompts);
    return node;
}

Node node_of(const Record& verb) {
    Node node(El::record);
    node.attr("action", verb.action).attr("method", verb.method).attr("timeout", verb.timeout).attr("finishOnKey", verb.finish_on_key);
    node.attr("maxLength", verb.max_length).attr("playBeep", verb.play_beep).attr("trim", verb.trim);
    node.recording_callback(verb.recording_status_callback).attr("transcribe", verb.transcribe);
    return node.attr("transcribeCallback", verb.transcribe_callback).attr("recordingConfigurationId", verb.recording_configuration_id);
}

}  // namespace parley::twilio::twiml
