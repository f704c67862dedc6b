#include "parley/brain/dialogue.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "parley/brain/filled.hpp"
#include "parley/speech/words.hpp"
#include "phrase_match.hpp"
#include "sentences.hpp"

namespace parley::brain {
namespace {

constexpr const char* kYesOrNo = "yes_or_no";
constexpr int kMaxHops = 16;  // states that fill themselves from what is known, one after another

void append(std::string& text, std::string_view more) {
    if (more.empty()) return;
    if (!text.empty()) text += ' ';
    text += more;
}

}  // namespace

Dialogue::Dialogue(std::shared_ptr<const Script> script, std::uint64_t seed) : script_(std::move(script)), random_(seed), state_(script_->start) {}

void Dialogue::know(const std::map<std::string, std::string>& variables) {
    for (const auto& [name, value] : variables) variables_.insert_or_assign(name, value);
}

DialogueReply Dialogue::greet() {
    std::string text = fill_in(filled(pick(script_->greeting), variables_));
    state_ = script_->start;
    ++visits_[state_];
    return finish(std::move(text));
}

DialogueReply Dialogue::returned(std::string_view note) {
    std::string text;
    if (!script_->returned.empty()) {
        text = fill_in(pick(script_->returned));
        if (const auto at = text.find("{note}"); at != std::string::npos) text.replace(at, 6, note);
    } else {
        text = note.empty() ? std::string("I am back with you.") : "I am sorry, " + std::string(note) + ".";
    }
    pending_.clear();
    misses_ = 0;
    append(text, question(script_->state(state_)));
    return finish(std::move(text));
}

std::string Dialogue::saved() const {
    nlohmann::json kept{{"script", script_->name}, {"state", state_}, {"slots", nlohmann::json::object()}};
    for (const auto& [name, value] : slots_) kept["slots"][name] = value;
    return kept.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void Dialogue::restore(std::string_view saved) {
    const auto kept = nlohmann::json::parse(saved, nullptr, false);
    if (!kept.is_object() || kept.value("script", nlohmann::json()) != script_->name) return;
    const auto state = kept.find("state");
    if (state != kept.end() && state->is_string() && script_->states.contains(state->get_ref<const std::string&>())) state_ = state->get<std::string>();
    const auto slots = kept.find("slots");
    if (slots == kept.end() || !slots->is_object()) return;
    for (const auto& [name, value] : slots->items())
        if (script_->slots.contains(name) && value.is_string()) slots_.insert_or_assign(name, value.get<std::string>());
}

DialogueReply Dialogue::heard(std::string_view text, double confidence) {
    const auto words = speech::words_of(text);
    if (!pending_.empty()) {
        bool answered = false;
        auto reply = answer_to_ask_back(words, answered);
        if (answered) return reply;
    }
    Understood understood;
    if (understand(script_->state(state_), words, understood)) return act_on(script_->state(state_), understood, confidence);
    if (std::exchange(was_interrupted_, false) && !before_.empty() && before_ != state_ && understand(script_->state(before_), words, understood)) {
        state_ = before_;
        return act_on(script_->state(state_), understood, confidence);
    }
    return nothing_understood();
}

bool Dialogue::understand(const State& state, const std::vector<std::string>& words, Understood& out) const {
    Meaning meaning;
    if (!find_meaning(*script_, state.order, state.fill, words, meaning)) return false;
    out.intent = std::move(meaning.intent);
    out.slots = std::move(meaning.slots);
    return true;
}

DialogueReply Dialogue::act_on(const State& state, const Understood& understood, double confidence) {
    was_interrupted_ = false;
    if (!understood.intent.empty()) {
        const auto& label = script_->intents.find(understood.intent)->second.label;
        if (confidence < script_->confirm_below && !label.empty()) return ask_back(understood.intent, understood.slots);
        misses_ = 0;
        return perform(state.hear.find(understood.intent)->second, understood.slots);
    }
    misses_ = 0;
    std::string text;
    store(understood.slots, text);
    enter(state_, text);
    return finish(std::move(text));
}

DialogueReply Dialogue::ask_back(const std::string& intent, const SlotValues& heard_slots) {
    pending_ = intent;
    pending_slots_ = heard_slots;
    return finish(fill_in(pick(script_->confirm_ask), script_->intents.find(intent)->second.label));
}

DialogueReply Dialogue::answer_to_ask_back(const std::vector<std::string>& words, bool& answered) {
    const auto intent = std::exchange(pending_, {});
    const auto values = std::exchange(pending_slots_, {});
    Meaning meaning;
    answered = find_meaning(*script_, {"yes", "no"}, {}, words, meaning);
    if (!answered) return {};
    if (meaning.intent != "yes") return nothing_understood();
    misses_ = 0;
    const auto& hear = script_->state(state_).hear;
    const auto act = hear.find(intent);
    if (act == hear.end()) return nothing_understood();
    return perform(act->second, values);
}

DialogueReply Dialogue::keyed(std::string_view digits) {
    const auto& state = script_->state(state_);
    if (!pending_.empty() && (digits == "1" || digits == "2")) {
        bool answered = false;
        return answer_to_ask_back({digits == "1" ? "yes" : "no"}, answered);
    }
    pending_.clear();
    std::string keys(digits.substr(0, 64));
    if (const auto known = state.keys.find(keys); known != state.keys.end()) {
        misses_ = 0;
        return perform(state.hear.find(known->second)->second, {});
    }
    if (keys.size() > 1 && keys.back() == '#') keys.pop_back();
    for (const auto& name : state.fill) {
        if (slots_.contains(name)) continue;
        const auto value = keyed_slot(script_->slots.find(name)->second, keys);
        if (value.empty()) break;
        misses_ = 0;
        std::string text;
        store({{name, value}}, text);
        enter(state_, text);
        return finish(std::move(text));
    }
    return nothing_understood();
}

DialogueReply Dialogue::nothing_understood() {
    pending_.clear();
    const auto& rule = script_->state(state_).not_understood;
    if (++misses_ >= rule.limit) {
        misses_ = 0;
        return perform(rule.then, {});
    }
    return finish(fill_in(rule.say[std::min(misses_, rule.say.size()) - 1]));
}

void Dialogue::interrupted() {
    was_interrupted_ = true;
    if (!decided_in_.empty()) state_ = std::exchange(decided_in_, {});
}

DialogueReply Dialogue::perform(const Act& act, const SlotValues& heard_slots) {
    if (act.repeat) {
        DialogueReply again = finish(last_text_);
        return again;
    }
    std::string text;
    store(heard_slots, text);
    if (!act.say.empty()) append(text, fill_in(pick(act.say)));  // may still speak of what is cleared
    for (const auto& slot : act.clear) {
        if (!heard_slots.contains(slot)) slots_.erase(slot);
    }
    before_ = state_;
    std::vector<ActionRequest> wanted;
    std::string ok, failed;
    for (const auto& action : act.actions) {
        auto arguments = nlohmann::json::object();
        for (const auto& [name, value] : action.arguments) arguments[name] = written(value);
        wanted.push_back({action.name, arguments.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
    }
    if (!wanted.empty()) {
        if (!act.ok.empty()) ok = fill_in(pick(act.ok));
        if (!act.failed.empty()) failed = fill_in(pick(act.failed));
    }
    const auto do_them = [&](DialogueReply reply, std::string_view behind) {
        if (wanted.empty()) return reply;
        reply.actions = std::move(wanted);
        reply.ok = ok.empty() ? std::vector<std::string>{} : sentences_of(ok);
        reply.failed = failed.empty() ? std::vector<std::string>{} : sentences_of(failed);
        reply.after = behind.empty() ? std::vector<std::string>{} : sentences_of(std::string(behind));
        // Asked to repeat, the caller hears what matters: how it went and what is asked.
        if (!behind.empty())
            last_text_ = behind;
        else if (!ok.empty())
            last_text_ = ok;
        return reply;
    };
    if (act.end || !act.transfer.empty()) {
        auto reply = do_them(finish(std::move(text)), {});
        decided_in_ = state_;
        reply.then = act.end ? conversation::ReplyThen::end_call : conversation::ReplyThen::transfer;
        reply.target = act.transfer;
        return reply;
    }
    if (!act.actions.empty()) {
        std::string question_text;
        if (!act.go.empty()) enter(act.go, question_text);
        return do_them(finish(std::move(text)), question_text);
    }
    if (!act.go.empty()) enter(act.go, text);
    return finish(std::move(text));
}

std::string Dialogue::written(const std::string& text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto close = text[at] == '{' ? text.find('}', at) : std::string::npos;
        if (close == std::string::npos) {
            out += text[at++];
            continue;
        }
        const auto value = slots_.find(text.substr(at + 1, close - at - 1));
        out += value == slots_.end() ? std::string("-") : value->second;
        at = close + 1;
    }
    return out;
}

void Dialogue::store(const SlotValues& heard_slots, std::string& text) {
    for (const auto& [name, value] : heard_slots) {
        const auto& spec = script_->slots.find(name)->second;
        const auto before = slots_;
        slots_.insert_or_assign(name, value);  // so that the refusal can speak of it
        if (spec.accepts(value)) continue;
        append(text, fill_in(pick(spec.refuse)));
        slots_.erase(name);
    }
}

void Dialogue::enter(const std::string& name, std::string& text) {
    state_ = name;
    for (int hop = 0; hop < kMaxHops; ++hop) {
        const auto& state = script_->state(state_);
        const bool complete = !state.fill.empty() && std::ranges::all_of(state.fill, [&](const auto& slot) { return slots_.contains(slot); });
        if (!complete) break;
        state_ = state.filled;
    }
    append(text, question(script_->state(state_)));
}

std::string Dialogue::question(const State& state) {
    const auto visit = visits_[state.name]++;
    const bool some = std::ranges::any_of(state.fill, [&](const auto& slot) { return slots_.contains(slot); });
    if (some) {
        for (const auto& slot : state.fill) {
            if (slots_.contains(slot)) continue;
            const auto prompt = state.missing.find(slot);
            if (prompt != state.missing.end()) return fill_in(pick(prompt->second));
        }
    }
    return fill_in(pick(visit > 0 && !state.ask_again.empty() ? state.ask_again : state.ask));
}

const std::string& Dialogue::pick(const Prompts& prompts) {
    random_ += 0x9E3779B97F4A7C15ULL;  // SplitMix64
    std::uint64_t z = random_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    z ^= z >> 31U;
    auto index = static_cast<std::size_t>(z % prompts.size());
    const auto last = last_pick_.find(&prompts);
    if (last != last_pick_.end() && last->second == index) index = (index + 1) % prompts.size();
    last_pick_[&prompts] = index;
    return prompts[index];
}

std::string Dialogue::fill_in(const std::string& prompt, std::string_view label) const {
    std::string out;
    for (std::size_t at = 0; at < prompt.size();) {
        const auto close = prompt[at] == '{' ? prompt.find('}', at) : std::string::npos;
        if (close == std::string::npos) {
            out += prompt[at++];
            continue;
        }
        const auto name = prompt.substr(at + 1, close - at - 1);
        const auto value = slots_.find(name);
        if (name == "label")
            out += label;
        else if (value != slots_.end())
            out += spoken_slot(script_->slots.find(name)->second, value->second);
        else if (name == "note")
            out += "{note}";  // put in by who knows it
        else
            out += value_of(name, variables_).value_or("that");
        at = close + 1;
    }
    return out;
}

DialogueReply Dialogue::finish(std::string text) {
    DialogueReply reply;
    decided_in_.clear();
    last_text_ = text;
    reply.sentences = sentences_of(text);
    reply.expect = pending_.empty() ? state_ : kYesOrNo;
    reply.patience = script_->state(state_).patience;
    return reply;
}

}  // namespace parley::brain
