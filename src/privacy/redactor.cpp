#include "parley/privacy/redactor.hpp"

#include <algorithm>
#include <array>

#include "finders.hpp"

namespace parley::privacy {

namespace {

constexpr std::array<std::string_view, kKindCount> kNames{"card", "ssn", "iban", "email", "phone"};
constexpr std::array<std::string_view, kKindCount> kPlaceholders{"[card]", "[ssn]", "[iban]", "[email]", "[phone]"};
constexpr std::size_t kShortestValue = 3, kLongestValue = 128, kMostValues = 64;  // of what is remembered as masked
constexpr std::size_t kShortTurn = 4;                                             // words: "uh-huh, go on" asks for nothing new

Redacted search(std::string_view text, const std::vector<Word>& words, Kinds kinds, const Before& before, After& after, std::vector<Hit>& hits) {
    Taken taken(words.size());
    if (kinds.has(Kind::email)) find_emails(words, before, taken, hits);
    if (kinds.has(Kind::iban)) find_ibans(text, words, before, taken, hits, after);
    find_numbers(words, kinds, before, taken, hits, after);
    std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) { return a.first < b.first; });
    Redacted out;
    std::size_t at = 0;
    for (const auto& hit : hits) {
        const Found found{.kind = hit.kind, .begin = words[hit.first].begin, .end = words[hit.last].end};
        if (found.begin < at) continue;
        out.text += text.substr(at, found.begin - at);
        out.text += placeholder(hit.kind);
        at = found.end;
        out.found.push_back(found);
    }
    out.text += text.substr(at);
    return out;
}

// A number that is known to be something else is not asked for here.
Cue asked_for(const std::vector<Word>& words) {
    const auto cue = cue_of_text(words);
    return cue == Cue::weak || cue == Cue::other ? Cue::none : cue;
}

}  // namespace

std::string_view name(Kind kind) {
    return kNames[static_cast<std::size_t>(kind)];
}
std::string_view placeholder(Kind kind) {
    return kPlaceholders[static_cast<std::size_t>(kind)];
}
std::optional<Kind> kind_named(std::string_view name) {
    const auto found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Kind>(found - kNames.begin());
}

Kinds Kinds::of(const std::vector<std::string>& names) {
    if (names.empty()) return all();
    Kinds kinds;
    for (const auto& each : names)
        if (const auto kind = kind_named(each)) kinds.add(*kind);
    return kinds;
}

Redacted redact(std::string_view text, Kinds kinds, Cue asked) {
    Before before;
    before.asked = asked;
    After after;
    std::vector<Hit> hits;
    return search(text, words_of(text), kinds, before, after, hits);
}

Redacted Listener::turn(bool caller, std::string_view text) {
    auto& own = caller ? caller_ : agent_;
    const auto& other = caller ? agent_ : caller_;
    const auto words = words_of(text);
    const Before before{
        .digits = own.digits, .letters_digits = own.letters_digits, .asked = other.asked != Cue::none ? other.asked : own.asked, .went_on = own.went_on};
    After after;
    std::vector<Hit> hits;
    auto out = search(text, words, kinds_, before, after, hits);
    own.digits = std::move(after.digits);
    own.letters_digits = std::move(after.letters_digits);
    own.went_on = after.went_on;
    const auto asked = asked_for(words);
    if (asked != Cue::none || words.size() > kShortTurn) own.asked = asked;
    for (auto& hit : hits)
        for (auto& value : hit.values) remember(hit.kind, std::move(value));
    return out;
}

void Listener::remember(Kind kind, std::string value) {
    if (value.size() < kShortestValue || masked(value)) return;
    if (masked_.size() >= kMostValues) masked_.pop_front();
    masked_.emplace_back(std::move(value), kind);
}

std::optional<Kind> Listener::masked(std::string_view value) const {
    if (masked_.empty() || value.size() > kLongestValue) return std::nullopt;
    std::string written, spoken;
    const auto words = words_of(value);
    for (const auto& word : words)
        if (!word.mark) written += word.text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (const auto item = item_at(words, i)) {
            spoken += item->digits;
            i = item->last;
        } else if (!words[i].mark) {
            spoken += words[i].text;
        }
    }
    const auto found = std::find_if(masked_.begin(), masked_.end(), [&](const auto& one) { return one.first == written || one.first == spoken; });
    return found == masked_.end() ? std::nullopt : std::optional<Kind>(found->second);
}

}  // namespace parley::privacy
