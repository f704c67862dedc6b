#include "twiml_rows.hpp"

namespace parley::twilio::twiml {

// clang-format off: one row a line
const std::vector<AttributeRow>& rows_speech() {
    static const std::vector<AttributeRow> rows{
        {El::say, "voice", Say{.text = "x", .voice = "Polly.Amy-Neural"}, "Polly.Amy-Neural", Say{.text = "x", .voice = "a b"}},
        {El::say, "language", Say{.text = "x", .language = "de-DE"}, "de-DE", Say{.text = "x", .language = "d"}},
        {El::say, "loop", Say{.text = "x", .loop = 0}, "0", Say{.text = "x", .loop = 1001}},
        {El::play, "digits", Play{.digits = "1w2W#*D"}, "1w2W#*D", Play{.digits = "12x"}},
        {El::play, "loop", Play{.url = "https://h/a.wav", .loop = 1000}, "1000", Play{.url = "https://h/a.wav", .loop = -1}},
        {El::pause, "length", Pause{.length = 5}, "5", Pause{.length = -1}},
        {El::gather, "action", Gather{.action = "https://h/x?a=1&b=2"}, "https://h/x?a=1&b=2", Gather{.action = "ht tp://x"}},
        {El::gather, "method", Gather{.method = "GET"}, "GET", Gather{.method = "PUT"}},
        {El::gather, "input", Gather{.input = "dtmf speech"}, "dtmf speech", Gather{.input = "voice"}},
        {El::gather, "timeout", Gather{.timeout = 0}, "0", Gather{.timeout = -1}},
        {El::gather, "finishOnKey", Gather{.finish_on_key = "*"}, "*", Gather{.finish_on_key = "12"}},
        {El::gather, "numDigits", Gather{.num_digits = 1}, "1", Gather{.num_digits = 0}},
        {El::gather, "speechTimeout", Gather{.speech_timeout = "auto"}, "auto", Gather{.speech_timeout = "0"}},
        {El::gather, "maxSpeechTime", Gather{.max_speech_time = 60}, "60", Gather{.max_speech_time = 61}},
        {El::gather, "language", Gather{.language = "en-US"}, "en-US", Gather{.language = "en_US"}},
        {El::gather, "hints", Gather{.hints = "one,two words,$OOV_CLASS_DIGIT_SEQUENCE"}, "one,two words,$OOV_CLASS_DIGIT_SEQUENCE", Gather{.hints = std::string(101, 'x')}},
        {El::gather, "speechModel", Gather{.speech_model = "deepgram_nova-3-general"}, "deepgram_nova-3-general", Gather{.speech_model = "nova-2"}},
        {El::gather, "profanityFilter", Gather{.profanity_filter = false}, "false", std::nullopt},
        {El::gather, "actionOnEmptyResult", Gather{.action_on_empty_result = true}, "true", std::nullopt},
        {El::gather, "partialResultCallback", Gather{.partial_result_callback = "https://h/x?a=1&b=2"}, "https://h/x?a=1&b=2", Gather{.partial_result_callback = "ht tp://x"}},
        {El::gather, "partialResultCallbackMethod", Gather{.partial_result_callback_method = "GET"}, "GET", Gather{.partial_result_callback_method = "PUT"}},
        {El::gather, "bargeIn", Gather{.barge_in = false}, "false", std::nullopt},
        {El::gather, "debug", Gather{.debug = true}, "true", std::nullopt},
        {El::gather, "enhanced", Gather{.speech_model = "phone_call", .enhanced = true}, "true", Gather{.enhanced = true}},
        {El::record, "action", Record{.action = "https://h/x?a=1&b=2"}, "https://h/x?a=1&b=2", Record{.action = "ht tp://x"}},
        {El::record, "method", Record{.method = "GET"}, "GET", Record{.method = "PUT"}},
        {El::record, "timeout", Record{.timeout = 0}, "0", Record{.timeout = -1}},
        {El::record, "finishOnKey", Record{.finish_on_key = "1234567890*#"}, "1234567890*#", Record{.finish_on_key = "x"}},
        {El::record, "maxLength", Record{.max_length = 14400}, "14400", Record{.max_length = 14401}},
        {El::record, "playBeep", Record{.play_beep = false}, "false", std::nullopt},
        {El::record, "trim", Record{.trim = "do-not-trim"}, "do-not-trim", Record{.trim = "trim"}},
        {El::record, "recordingStatusCallback", Record{.recording_status_callback = {.url = "https://h/x?a=1&b=2"}}, "https://h/x?a=1&b=2", Record{.recording_status_callback = {.url = "ht tp://x"}}},
        {El::record, "recordingStatusCallbackMethod", Record{.recording_status_callback = {.method = "GET"}}, "GET", Record{.recording_status_callback = {.method = "PUT"}}},
        {El::record, "recordingStatusCallbackEvent", Record{.recording_status_callback = {.event = "in-progress absent"}}, "in-progress absent", Record{.recording_status_callback = {.event = "completed completed"}}},
        {El::record, "transcribe", Record{.transcribe = true}, "true", std::nullopt},
        {El::record, "transcribeCallback", Record{.transcribe_callback = "https://h/x?a=1&b=2"}, "https://h/x?a=1&b=2", Record{.transcribe_callback = "ht tp://x"}},
        {El::record, "recordingConfigurationId", Record{.recording_configuration_id = "RC1"}, "RC1", Record{.recording_configuration_id = ""}},
    };
    return rows;
}
// clang-format on

}  // namespace parley::twilio::twiml
