#include "twiml_rows.hpp"

namespace parley::twilio::twiml {

// clang-format off: one row a line
const std::vector<AttributeRow>& rows_ssml() {
    static const std::vector<AttributeRow> rows{
        {El::break_, "strength", Say{.ssml = {ssml::text("x"), ssml::break_("x-strong")}}, "x-strong", Say{.ssml = {ssml::text("x"), ssml::break_("loud")}}},
        {El::break_, "time", Say{.ssml = {ssml::text("x"), ssml::break_({}, "10s")}}, "10s", Say{.ssml = {ssml::text("x"), ssml::break_({}, "10001ms")}}},
        {El::emphasis, "level", Say{.ssml = {ssml::emphasis("strong", {ssml::text("x")})}}, "strong", Say{.ssml = {ssml::emphasis("huge", {ssml::text("x")})}}},
        {El::lang, "xml:lang", Say{.ssml = {ssml::lang("fr-FR", {ssml::text("x")})}}, "fr-FR", Say{.ssml = {ssml::lang("", {ssml::text("x")})}}},
        {El::phoneme, "alphabet", Say{.ssml = {ssml::phoneme("ipa", "x", "y")}}, "ipa", Say{.ssml = {ssml::phoneme("latin", "x", "y")}}},
        {El::phoneme, "ph", Say{.ssml = {ssml::phoneme("ipa", "t\u0259", "y")}}, "t\u0259", Say{.ssml = {ssml::phoneme("ipa", std::string(257, 'x'), "y")}}},
        {El::prosody, "volume", Say{.ssml = {ssml::prosody("+6dB", {}, {}, {ssml::text("x")})}}, "+6dB", Say{.ssml = {ssml::prosody("", {}, {}, {ssml::text("x")})}}},
        {El::prosody, "rate", Say{.ssml = {ssml::prosody({}, "90%", {}, {ssml::text("x")})}}, "90%", Say{.ssml = {ssml::prosody({}, "a b", {}, {ssml::text("x")})}}},
        {El::prosody, "pitch", Say{.ssml = {ssml::prosody({}, {}, "x-low", {ssml::text("x")})}}, "x-low", Say{.ssml = {ssml::prosody({}, {}, std::string(33, 'x'), {ssml::text("x")})}}},
        {El::say_as, "interpret-as", Say{.ssml = {ssml::say_as("telephone", "123")}}, "telephone", Say{.ssml = {ssml::say_as("shout", "123")}}},
        {El::say_as, "format", Say{.ssml = {ssml::say_as("date", "1/2/2026", "dmy")}}, "dmy", Say{.ssml = {ssml::say_as("date", "1/2/2026", "ydm")}}},
        {El::sub, "alias", Say{.ssml = {ssml::sub("World Wide Web", "WWW")}}, "World Wide Web", Say{.ssml = {ssml::sub(std::string(257, 'x'), "WWW")}}},
        {El::w, "role", Say{.ssml = {ssml::w("amazon:VB", {ssml::text("x")})}}, "amazon:VB", Say{.ssml = {ssml::w("", {ssml::text("x")})}}},
    };
    return rows;
}
// clang-format on

}  // namespace parley::twilio::twiml
