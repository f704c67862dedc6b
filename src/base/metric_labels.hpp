#pragma once
// The closed sets of label values. A value that is not here is counted as "other".

#include <array>
#include <string_view>

namespace parley::metric_labels {

using S = std::string_view;

inline constexpr std::array<S, 2> kDir{"in", "out"};
inline constexpr std::array<S, 5> kResult{"success", "client_error", "server_error", "upstream_error", "indeterminate"};
inline constexpr std::array<S, 12> kEndReason{"caller_hung_up", "agent_completed", "transferred",     "max_duration", "silence",  "carrier_lost",
                                              "media_timeout",  "brain_failed",    "operator_hangup", "shutdown",     "protocol", "internal"};
inline constexpr std::array<S, 8> kCallReject{"capacity", "rate", "unknown_number", "draining", "warmup", "policy", "tenant_quota", "provider_quota"};
inline constexpr std::array<S, 4> kMethod{"GET", "POST", "HEAD", "PUT"};
inline constexpr std::array<S, 23> kCode{"101", "200", "204", "301", "302", "304", "307", "400", "401", "403", "404", "405",
                                         "408", "409", "411", "413", "414", "415", "426", "429", "431", "500", "503"};
inline constexpr std::array<S, 15> kHttpReject{"malformed",
                                               "timeout",
                                               "length_required",
                                               "body_too_large",
                                               "target_too_long",
                                               "head_too_large",
                                               "content_type",
                                               "upgrade",
                                               "handler",
                                               "tls",
                                               "fd",
                                               "connections",
                                               "preauth_total",
                                               "preauth_address",
                                               "rate"};
inline constexpr std::array<S, 17> kMessage{"received", "replied", "sent",      "invalid",     "opted_out", "velocity", "rejected", "unavailable", "unknown",
                                            "queued",   "sending", "delivered", "undelivered", "failed",    "read",     "canceled", "accepted"};
inline constexpr std::array<S, 5> kSignature{"missing", "mismatch", "url_mismatch", "old_token", "malformed"};
inline constexpr std::array<S, 34> kTwilioError{"11200", "11205", "11210", "11220", "11235", "11236", "11237", "11750", "12100", "12200", "12300", "31901",
                                                "31902", "31903", "31904", "31910", "31920", "31921", "31924", "31930", "31931", "31950", "31951", "31952",
                                                "64101", "64102", "64103", "64104", "64105", "64106", "64107", "64108", "64109", "64114"};
inline constexpr std::array<S, 18> kStreamReject{"signature",       "token",        "origin",           "upgrade", "no_start",   "media_before_start",
                                                 "duplicate_start", "media_format", "already_attached", "schema",  "stream_sid", "too_big",
                                                 "binary",          "rate",         "stopped",          "closed",  "capacity",   "draining"};
inline constexpr std::array<S, 19> kStreamError{"json",  "schema",        "base64",    "too_big",      "binary", "unknown_event", "stream_sid",
                                                "order", "sequence",      "timestamp", "rate",         "mark",   "dtmf",          "framing",
                                                "utf8",  "fragmentation", "flood",     "send_blocked", "idle"};
inline constexpr std::array<S, 2> kInitiator{"us", "peer"};
inline constexpr std::array<S, 2> kCloseClass{"normal", "abnormal"};
inline constexpr std::array<S, 5> kTurnOutcome{"completed", "interrupted", "empty", "failed", "truncated"};
inline constexpr std::array<S, 5> kTurnStage{"endpointing", "stt_final", "llm_first_token", "tts_first_byte", "playout_start"};
inline constexpr std::array<S, 4> kFiller{"filler", "apology", "idle_prompt", "tone"};
inline constexpr std::array<S, 5> kPreparation{"ok", "partial", "failed", "timeout", "refused"};
inline constexpr std::array<S, 7> kHoldStrategy{"none", "text", "audio", "music", "audio_then_music", "text_then_music", "text_over_music"};
inline constexpr std::array<S, 4> kInterruption{"speech", "dtmf", "operator", "hangup"};
inline constexpr std::array<S, 4> kStoreOp{"transaction", "connect", "backup", "check"};
inline constexpr std::array<S, 10> kStoreOutcome{"ok", "aborted", "unavailable", "busy", "full", "io_error", "corrupt", "constraint", "timeout", "statement"};
inline constexpr std::array<S, 3> kFactKind{"final", "turn", "event"};
inline constexpr std::array<S, 6> kRole{"stt", "llm", "tts", "realtime", "tool", "bot"};
inline constexpr std::array<S, 9> kOutcome{"ok", "timeout", "auth", "rate_limited", "server_error", "protocol", "cancelled", "quota", "overload"};
inline constexpr std::array<S, 5> kDns{"cached", "resolved", "last_good", "failed", "timed_out"};
inline constexpr std::array<S, 3> kBreaker{"closed", "open", "half_open"};
inline constexpr std::array<S, 2> kDirection{"input", "output"};
inline constexpr std::array<S, 3> kConnection{"idle", "active", "connecting"};
inline constexpr std::array<S, 5> kResource{"calls", "rate", "loop", "fd", "memory"};
inline constexpr std::array<S, 3> kStage{"normal", "soft", "hard"};
inline constexpr std::array<S, 2> kPool{"engine", "files"};
inline constexpr std::array<S, 4> kFile{"recording", "call_file", "transcript", "record"};
inline constexpr std::array<S, 2> kCertificate{"public", "admin"};
inline constexpr std::array<S, 7> kSecurity{"bad_signature", "replay", "stream_token", "origin", "ssrf", "policy", "admin_denied"};
inline constexpr std::array<S, 12> kToolOutcome{"ok",      "error",   "timeout", "bad_response", "cancelled", "saturated",
                                                "invalid", "unknown", "loop",    "unconfirmed",  "denied",    "duplicate"};
inline constexpr std::array<S, 8> kDialReason{"answered", "busy", "no_answer", "failed", "canceled", "machine", "fax", "unknown"};
inline constexpr std::array<S, 11> kDialRefusal{
    "disabled",    "address",  "prefix", "calls_per_second", "calls_per_minute", "calls_per_day", "per_destination_per_hour", "at_once",
    "quiet_hours", "capacity", "budget"};
inline constexpr std::array<S, 17> kControlAction{"transfer", "warm_transfer", "hold",   "resume", "mute",    "unmute",  "join",     "coach", "announce",
                                                  "say",      "keys",          "record", "park",   "pick_up", "hang_up", "redirect", "cancel"};
inline constexpr std::array<S, 8> kControlResult{"none", "no_such_call", "over", "state", "not_allowed", "invalid", "unavailable", "unknown"};
inline constexpr std::array<S, 4> kDelivery{"delivered", "retry", "deferred", "dead"};
inline constexpr std::array<S, 5> kPii{"card", "ssn", "iban", "email", "phone"};
inline constexpr std::array<S, 9> kKept{"calls", "transcripts", "events", "profiles", "audit", "recordings", "records", "call_files", "messages"};
inline constexpr std::array<S, 2> kWatcher{"slow", "too_many"};
inline constexpr std::array<S, 2> kDropReason{"queue_full", "write_failed"};

}  // namespace parley::metric_labels
