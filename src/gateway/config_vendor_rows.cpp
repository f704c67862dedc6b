// The rows of `vendors`, and those of agents that answer with them.

#include "config_vendor_rows.hpp"

namespace parley::gateway {
namespace {

using namespace std::chrono_literals;

std::string check_base_url(std::string_view text) {
    constexpr std::array<std::string_view, 4> kSchemes{"https", "http", "wss", "ws"};
    if (text.empty()) return "";
    const auto url = text::parse_url(text, kSchemes);
    if (!url) return url.error;
    if (url.value.path.find('?') != std::string::npos) return "the URL must not have a query";
    if ((url.value.scheme == "http" || url.value.scheme == "ws") && !text::is_loopback(url.value.host))
        return "must be https or wss: keys and speech do not travel in the clear, except to this machine";
    return "";
}

std::string check_short(std::string_view text) {
    return text.size() <= 200 ? "" : "is longer than 200 characters";
}
std::string check_instructions(std::string_view text) {
    return text.size() <= 32'000 ? "" : "is longer than 32,000 characters";
}
text::Parsed<std::string> any_name(std::string_view text) {
    if (text.empty() || text.size() > 64) return {{}, "expected the name of an entry in `vendors`"};
    return {std::string(text), {}};
}

void vendor_names(Table<AgentConfig>& t, const char* key, std::vector<std::string>& (*access)(AgentConfig&), const char* help) {
    t.list<std::vector<std::string>& (*)(AgentConfig&), std::string>(
        key, access, "names in `vendors`", any_name, [](const std::string& item) { return quote_yaml(item); }, help);
}

}  // namespace

const std::vector<Row<vendors::Endpoint>>& vendor_rows() {
    using E = vendors::Endpoint;
    static const auto rows = [] {
        Table<E> t;
        t.text("vendor", [](E& e) -> auto& { return e.vendor; }, "name", "Whose it is: see `parley check --vendors`.", Effect::live, check_short);
        t.text(
            "base_url", [](E& e) -> auto& { return e.base_url; }, "URL", "Where it is reached; default the vendor's own address.", Effect::live,
            check_base_url);
        t.secret("key", [](E& e) -> auto& { return e.key; }, "Its credential; default the environment variable people already use for it.");
        t.text("model", [](E& e) -> auto& { return e.model; }, "name", "Default the vendor's.", Effect::live, check_short);
        t.text("voice", [](E& e) -> auto& { return e.voice; }, "name or id", "For what speaks.", Effect::live, check_short);
        t.text("language", [](E& e) -> auto& { return e.language; }, "BCP 47", "Default the vendor's.", Effect::live, check_short);
        t.text_map("options", [](E& e) -> auto& { return e.options; }, "The vendor's own settings; unknown ones are refused.");
        t.duration("connect_within", [](E& e) -> auto& { return e.connect_within; }, 100ms, 30s, "Resolving, connecting, TLS and its first word together.");
        return std::move(t.rows);
    }();
    return rows;
}

void upstream_rows(Table<AgentConfig>& t) {
    using A = AgentConfig;
    vendor_names(t, "stt", [](A& a) -> std::vector<std::string>& { return a.stt; }, "Who recognises, in the order they are asked.");
    vendor_names(t, "lm", [](A& a) -> std::vector<std::string>& { return a.lm; }, "Who thinks, in the order they are asked.");
    vendor_names(
        t, "tts", [](A& a) -> std::vector<std::string>& { return a.tts; },
        "Who speaks, in the order they are asked; `embedded` is the built-in voice, and the last backup if it is not named.");
    vendor_names(t, "s2s", [](A& a) -> std::vector<std::string>& { return a.s2s; }, "Speech-to-speech instead of stt and lm, in the order they are asked.");
    t.text(
        "instructions", [](A& a) -> auto& { return a.upstream.instructions; }, "text", "The agent's persona and task, for the model.", Effect::live,
        check_instructions);
    t.flag("end_call", [](A& a) -> auto& { return a.upstream.end_call; }, "Whether the model may hang up.");
    t.text(
        "transfer_to", [](A& a) -> auto& { return a.upstream.transfer_target; }, "E.164 number", "Where the model may transfer to; empty is nowhere.",
        Effect::live, [](std::string_view number) -> std::string { return number.empty() ? "" : check_number(number); });
    t.number("temperature", [](A& a) -> auto& { return a.upstream.temperature; }, -1, 2, "Of the model; negative is the vendor's default.");
    t.integer("max_tokens", [](A& a) -> auto& { return a.upstream.max_tokens; }, 16, 4096, "Of one answer.");
    t.text("locale", [](A& a) -> auto& { return a.upstream.locale; }, "BCP 47", "How numbers, dates and symbols are read aloud.", Effect::live, check_short);
    t.flag("latency.warm", [](A& a) -> auto& { return a.upstream.warm; }, "Open vendors' sockets, backups' too, before they are needed.");
    t.duration(
        "latency.clause_wait", [](A& a) -> auto& { return a.upstream.clause_wait; }, 0s, 2s,
        "How long an answer's first clause waits for the rest of its sentence, which sounds better in one piece; then it is spoken alone.");
    t.flag(
        "latency.speculate", [](A& a) -> auto& { return a.upstream.speculate; },
        "Start answering when the recogniser thinks the turn may be over; taken back if the caller goes on.");
    t.flag("latency.hedge", [](A& a) -> auto& { return a.upstream.hedge; }, "Ask the second model when the first is slower than its 95th percentile.");
    t.duration("latency.hedge_after", [](A& a) -> auto& { return a.upstream.hedge_after; }, 100ms, 10s, "The same until twenty answers were seen.");
    t.duration(
        "failover.stt_final", [](A& a) -> auto& { return a.upstream.budgets.stt_final; }, 100ms, 10s,
        "How long after the turn its words may take; then what was understood so far counts.");
    t.duration(
        "failover.stt_silent", [](A& a) -> auto& { return a.upstream.budgets.stt_silent; }, 500ms, 30s,
        "The caller speaks and nothing is recognised for so long: the backup.");
    t.duration("failover.lm_first", [](A& a) -> auto& { return a.upstream.budgets.lm_first; }, 100ms, 30s, "First token, else the backup.");
    t.duration("failover.lm_stall", [](A& a) -> auto& { return a.upstream.budgets.lm_stall; }, 100ms, 30s, "Between tokens, else the backup goes on.");
    t.duration("failover.tts_first", [](A& a) -> auto& { return a.upstream.budgets.tts_first; }, 100ms, 30s, "First audio, else the backup.");
    t.duration("failover.tts_stall", [](A& a) -> auto& { return a.upstream.budgets.tts_stall; }, 100ms, 30s, "Between audio, else the backup goes on.");
    t.duration(
        "failover.s2s_first", [](A& a) -> auto& { return a.upstream.budgets.s2s_first; }, 100ms, 30s,
        "First audio of a speech-to-speech answer, else the backup.");
    t.duration("failover.s2s_stall", [](A& a) -> auto& { return a.upstream.budgets.s2s_stall; }, 100ms, 30s, "Between its audio, else the backup goes on.");
    t.duration(
        "failover.session_limit", [](A& a) -> auto& { return a.upstream.session_limit; }, 0s, 24h,
        "A vendor's socket is replaced at 80 % of this age, between turns; 0 is only when the vendor announces its end.");
}

}  // namespace parley::gateway
