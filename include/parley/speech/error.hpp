#pragma once
// What embedded engines can answer instead of a result.

#include "parley/base/result.hpp"

namespace parley::speech {

enum class errc {
    cancelled = 1,  // the caller's token was set; nothing more comes of this job
    busy,           // the queue is full: refused at once, nothing was started
    deadline,       // the job did not end in its time; a late result is dropped
    engine_failed,  // the engine (or its thread) broke while it worked on this job
    model_missing,  // model or dictionary cannot be read
    bad_grammar,    // not JSGF, or a word is not in the dictionary
    unknown_voice,
    bad_text,  // nothing speakable in it, or longer than the limit
    audio_too_long,
    stopped  // the pool is going down
};

const boost::system::error_category& speech_category() noexcept;
error_code make_error_code(errc e) noexcept;

}  // namespace parley::speech

template <>
struct boost::system::is_error_code_enum<parley::speech::errc> : std::true_type {};
