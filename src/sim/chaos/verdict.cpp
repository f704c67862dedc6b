#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "parley/sim/chaos.hpp"
#include "spoken_words.hpp"

namespace parley::sim {
namespace {

using Json = nlohmann::json;

struct Stretch {
    double from = 0, to = 0;
};

std::string text_of(const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

bool flag_of(const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_boolean() && at->get<bool>();
}

// All text below a message's content, whatever a vendor wraps it into.
void gather(const Json& content, std::string& out) {
    if (content.is_string()) {
        if (!out.empty()) out += ' ';
        out += content.get<std::string>();
    } else if (content.is_array()) {
        for (const auto& part : content) gather(part, out);
    } else if (content.is_object()) {
        for (const char* key : {"text", "content", "parts"}) {
            if (const auto at = content.find(key); at != content.end()) gather(*at, out);
        }
    }
}

std::string seconds(double ms) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2f s", ms / 1000);
    return text;
}

std::string joined(const std::vector<std::string>& texts, std::size_t most) {
    std::string out;
    for (std::size_t i = 0; i < std::min(most, texts.size()); ++i) out += (i > 0 ? " " : "") + texts[i];
    if (texts.size() > most) out += " …";
    return out;
}

// Columns count characters, not bytes.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::vector<std::string> cells(const ChaosRow& row) {
    const std::string dash = "-";
    std::vector<std::string> out{row.fault, row.what, row.role.empty() ? dash : row.role, row.vendor.empty() ? dash : row.vendor};
    out.push_back(row.silence_ms ? seconds(*row.silence_ms) : dash);
    out.push_back(row.completed_by.empty() ? dash : row.completed_by);
    out.push_back(row.filler ? (*row.filler ? "yes" : "no") : dash);
    out.push_back(!row.run ? dash : (row.wrong_words.empty() ? "none" : joined(row.wrong_words, 3)));
    out.push_back(row.neighbours == 0 ? dash : std::to_string(row.neighbours_touched) + " of " + std::to_string(row.neighbours));
    out.push_back(!row.run ? "not run: " + row.why : (row.passed ? "good" : "BAD: " + row.why));
    return out;
}

}  // namespace

OwedSilence longest_owed_silence(const CallReport& report, const std::vector<double>& idle_prompts) {
    OwedSilence worst;
    if (!report.answered_ms) return worst;
    std::vector<Stretch> agent, caller;
    for (const auto& one : report.agent_speech) {
        const double per_ms = 8 * report.clock;
        agent.push_back({*report.answered_ms + static_cast<double>(one.from) / per_ms, *report.answered_ms + static_cast<double>(one.to) / per_ms});
    }
    for (const auto& line : report.transcript) {
        if (line.who == TranscriptLine::Who::caller) caller.push_back({line.from_ms, line.to_ms});
    }
    std::sort(caller.begin(), caller.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    const auto owe = [&](double from, double to) {
        if (to - from > worst.ms) worst = {to - from, from};
    };
    // Turn by turn: from the end of the caller's words (at first: from the answer) to his next ones (at last: to the
    // end).
    for (std::size_t turn = 0; turn <= caller.size(); ++turn) {
        const double from = turn == 0 ? *report.answered_ms : caller[turn - 1].to;
        const double to = turn == caller.size() ? report.ended_ms : caller[turn].from;
        if (to <= from) continue;
        double quiet_since = from;
        bool spoke = false;
        for (const auto& stretch : agent) {
            if (stretch.to <= from || stretch.from >= to) continue;
            // The prompt is heard within two seconds of being begun.
            const bool idle = spoke && std::any_of(idle_prompts.begin(), idle_prompts.end(), [&](double at) {
                                  const double since = stretch.from - *report.answered_ms - at;
                                  return since > -500 && since < 2000;
                              });
            if (!idle) owe(quiet_since, std::max(quiet_since, stretch.from));
            quiet_since = std::max(quiet_since, stretch.to);
            spoke = true;
        }
        // Nothing at all was owed to the very end. What the caller does not wait for (he hangs up, he speaks) is
        // counted as long as he waited.
        if (!spoke) owe(quiet_since, to);
    }
    return worst;
}

double longest_hole(const Mulaw& heard) {
    const auto pcm = from_mulaw(heard);
    double longest = 0, running = 0;
    bool begun = false;
    for (std::size_t at = 0; at + kFrameSamples <= pcm.size(); at += kFrameSamples) {
        const bool voice = level_dbfs(std::span(pcm).subspan(at, kFrameSamples)) > -45;
        if (voice) {
            if (begun) longest = std::max(longest, running);
            running = 0;
            begun = true;
        } else {
            running += 20;
        }
    }
    return longest;
}

CallFileTruth read_call_truth(std::string_view jsonl) {
    CallFileTruth truth;
    for (std::size_t at = 0; at < jsonl.size();) {
        const auto end = std::min(jsonl.find('\n', at), jsonl.size());
        const auto line = Json::parse(jsonl.substr(at, end - at), nullptr, false);
        at = end + 1;
        if (!line.is_object()) continue;
        if (const auto out = line.find("out"); out != line.end() && out->is_object()) {
            const auto type = text_of(*out, "type");
            if (type == "agent_said") {
                CallFileTruth::Said said{text_of(*out, "kind"), text_of(*out, "heard"), flag_of(*out, "interrupted")};
                const bool any = !words_of(said.heard).empty();
                truth.filler = truth.filler || (any && said.kind == "filler");
                truth.apology = truth.apology || (any && said.kind == "apology");
                if (any) truth.agent.push_back(std::move(said));
            } else if (type == "caller_said") {
                truth.caller.push_back(text_of(*out, "text"));
            } else if (type == "speak") {
                const auto t = line.find("t");
                if (text_of(*out, "kind") == "idle_prompt" && t != line.end() && t->is_number()) truth.idle_prompts.push_back(t->get<double>() / 1000);
            } else if (type == "end_call") {
                truth.end_reason = text_of(*out, "reason");
            }
        } else if (const auto remark = text_of(line, "x"); remark.starts_with("{")) {
            const auto vendor = Json::parse(remark, nullptr, false);
            if (vendor.is_object() && vendor.contains("vendor"))
                truth.vendors.push_back({text_of(vendor, "role"), text_of(vendor, "vendor"), text_of(vendor, "outcome"), flag_of(vendor, "backup")});
        } else if (remark.starts_with("failover ")) {
            truth.failovers.push_back(remark.substr(9));
        }
    }
    return truth;
}

std::vector<std::string> assistant_texts(std::string_view request_body) {
    std::vector<std::string> out;
    const auto body = Json::parse(request_body, nullptr, false);
    if (!body.is_object()) return out;
    for (const char* list : {"messages", "input", "contents"}) {
        const auto at = body.find(list);
        if (at == body.end() || !at->is_array()) continue;
        for (const auto& message : *at) {
            if (!message.is_object()) continue;
            const auto role = text_of(message, "role");
            if (role != "assistant" && role != "model") continue;
            std::string text;
            for (const char* key : {"content", "parts"}) {
                if (const auto content = message.find(key); content != message.end()) gather(*content, text);
            }
            // Remarks to the model, such as that it was interrupted, stand in brackets.
            for (auto open = text.find('['); open != std::string::npos; open = text.find('['))
                text.erase(open, std::min(text.find(']', open), text.size() - 1) - open + 1);
            if (!words_of(text).empty()) out.push_back(std::move(text));
        }
    }
    return out;
}

std::vector<std::string> unheard_words(const std::vector<std::string>& texts, const std::vector<std::string>& heard) {
    std::vector<std::string> known, out;
    for (const auto& text : heard) {
        for (auto& word : words_of(text)) known.push_back(std::move(word));
    }
    std::size_t at = 0;
    for (const auto& text : texts) {
        for (auto& word : words_of(text)) {
            const auto found = std::find(known.begin() + static_cast<std::ptrdiff_t>(at), known.end(), word);
            if (found == known.end()) {
                out.push_back(std::move(word));
            } else {
                at = static_cast<std::size_t>(found - known.begin()) + 1;
            }
        }
    }
    return out;
}

std::string chaos_table(const std::vector<ChaosRow>& rows) {
    std::vector<std::vector<std::string>> lines{
        {"fault", "what", "role", "vendor", "silence", "completed by", "filler", "wrong in context", "neighbours touched", "verdict"}};
    for (const auto& row : rows) lines.push_back(cells(row));
    std::vector<std::size_t> widths(lines.front().size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width(line[i]));
    }
    std::string out;
    for (std::size_t n = 0; n < lines.size(); ++n) {
        for (std::size_t i = 0; i < lines[n].size(); ++i) {
            out += (i > 0 ? " | " : "") + lines[n][i];
            if (i + 1 < lines[n].size()) out.append(widths[i] - width(lines[n][i]), ' ');
        }
        out += '\n';
        if (n > 0) continue;
        for (std::size_t i = 0; i < widths.size(); ++i) out += (i > 0 ? "-|-" : "") + std::string(widths[i], '-');
        out += '\n';
    }
    return out;
}

std::string chaos_json(const std::vector<ChaosRow>& rows) {
    auto out = nlohmann::ordered_json::array();
    for (const auto& row : rows) {
        nlohmann::ordered_json one{{"fault", row.fault}, {"what", row.what}, {"role", row.role}, {"vendor", row.vendor}, {"run", row.run}};
        if (row.silence_ms) one["silence_ms"] = *row.silence_ms;
        one["completed_by"] = row.completed_by;
        if (row.filler) one["filler"] = *row.filler;
        one["wrong_words"] = row.wrong_words;
        one["neighbours"] = row.neighbours;
        one["neighbours_touched"] = row.neighbours_touched;
        one["passed"] = row.passed;
        one["why"] = row.why;
        out.push_back(std::move(one));
    }
    return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace parley::sim
