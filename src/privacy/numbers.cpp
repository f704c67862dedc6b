#include <algorithm>
#include <unordered_set>

#include "finders.hpp"

namespace parley::privacy {

namespace {

constexpr std::size_t kShortestCard = 13, kLongestCard = 19;
constexpr std::size_t kMostGap = 6;                            // words of noise within a number
constexpr std::size_t kShownOfCard = 8;                        // the bank's digits, which name nobody
constexpr std::size_t kShortestCode = 3, kLongestCode = 8;     // a card's has three or four digits, one that was sent some more
constexpr std::size_t kShapeGoverned = 2, kBareGoverned = 10;  // words: how near "order" has to stand to a number with a telephone's shape, and to digits alone
constexpr std::size_t kCarried = static_cast<std::size_t>(-1);  // an item of the turn before

struct Run {
    std::vector<Item> items;
    std::vector<bool> parted;  // before the item: a mark or a pause stood there
    std::vector<bool> glued;   // … without spaces
    std::size_t first = 0, last = 0;
    bool at_start = false, at_end = false;
    [[nodiscard]] std::string digits(std::size_t from, std::size_t to) const {
        std::string all;
        for (auto i = from; i < to; ++i) all += items[i].digits;
        return all;
    }
};

bool fills(const Word& word) {
    return is_noise(word) || is_soft(word) || is_separator(word);
}

std::vector<Run> runs_of(const std::vector<Word>& words, const Taken& taken) {
    std::vector<Run> runs;
    Run run;
    std::size_t gap = 0;
    bool soft = false, parted = false, glued = true;
    const auto close = [&] {
        if (!run.items.empty()) runs.push_back(std::move(run));
        run = Run{};
        gap = 0;
        soft = parted = false;
        glued = true;
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (taken.at(i)) {
            close();
            continue;
        }
        // "then" and "and" are both noise and softer than that; a digit's word is never noise.
        auto item = item_at(words, i);
        if (item) {
            for (auto w = item->first; w <= item->last; ++w)
                if (taken.at(w)) item.reset();
        }
        if (item) {
            if (soft && !run.items.empty() && !(run.items.back().spoken && item->spoken)) close();
            if (run.items.empty()) run.first = i;
            glued = glued && words[i].glued;
            run.parted.push_back(parted);
            run.glued.push_back(glued && parted);
            run.last = item->last;
            i = item->last;
            run.items.push_back(std::move(*item));
            gap = 0;
            soft = parted = false;
            glued = true;
        } else if (!run.items.empty() && fills(words[i]) && ++gap <= kMostGap) {
            soft = soft || is_soft(words[i]);
            parted = parted || words[i].mark || is_separator(words[i]);
            glued = glued && words[i].glued;
        } else {
            close();
        }
    }
    close();
    return runs;
}

// "21.11.2026", "11/21/26", "2026-11-21": days, not numbers.
bool date_at(const Run& run, std::size_t at) {
    if (at + 3 > run.items.size()) return false;
    const auto& a = run.items[at];
    const auto& b = run.items[at + 1];
    const auto& c = run.items[at + 2];
    if (a.spoken || b.spoken || c.spoken || !run.glued[at + 1] || !run.glued[at + 2]) return false;
    const auto value = [](const Item& item) { return item.digits.size() > 4 ? 9999 : std::stoi(item.digits); };
    const auto day = [&](const Item& item) { return item.digits.size() <= 2 && value(item) >= 1 && value(item) <= 31; };
    const auto year = [&](const Item& item) { return item.digits.size() == 4 && value(item) >= 1900 && value(item) <= 2099; };
    return (day(a) && day(b) && (year(c) || c.digits.size() == 2)) || (year(a) && day(b) && day(c));
}

Run part_of(const Run& run, std::size_t from, std::size_t to) {
    Run part;
    part.items.assign(run.items.begin() + static_cast<std::ptrdiff_t>(from), run.items.begin() + static_cast<std::ptrdiff_t>(to));
    part.parted.assign(run.parted.begin() + static_cast<std::ptrdiff_t>(from), run.parted.begin() + static_cast<std::ptrdiff_t>(to));
    part.glued.assign(run.glued.begin() + static_cast<std::ptrdiff_t>(from), run.glued.begin() + static_cast<std::ptrdiff_t>(to));
    part.first = part.items.front().first == kCarried ? run.first : part.items.front().first;
    part.last = part.items.back().last == kCarried ? run.first : part.items.back().last;
    part.at_start = run.at_start && from == 0;
    part.at_end = run.at_end && to == run.items.size();
    return part;
}

bool social(std::string_view d) {
    return d.size() == 9 && d.substr(0, 3) != "000" && d.substr(0, 3) != "666" && d[0] != '9' && d.substr(3, 2) != "00" && d.substr(5) != "0000";
}
bool american(std::string_view d) {
    return d.size() == 10 && d[0] >= '2' && d[3] >= '2';
}

class Search {
public:
    Search(const std::vector<Word>& words, Kinds kinds, const Before& before, Taken& taken, std::vector<Hit>& hits, After& after)
        : words_(words), kinds_(kinds), before_(before), taken_(taken), hits_(hits), after_(after) {}

    void all() {
        for (auto& run : runs_of(words_, taken_)) {
            run.at_start = std::all_of(words_.begin(), words_.begin() + static_cast<std::ptrdiff_t>(run.first), fills);
            run.at_end = std::all_of(words_.begin() + static_cast<std::ptrdiff_t>(run.last) + 1, words_.end(), fills);
            if (run.at_start && !before_.digits.empty()) carry_in(run);
            std::size_t from = 0;
            for (std::size_t i = 0; i < run.items.size();) {
                if (!date_at(run, i)) {
                    ++i;
                    continue;
                }
                if (i > from) look(part_of(run, from, i));
                i += 3;
                from = i;
            }
            if (from < run.items.size()) look(part_of(run, from, run.items.size()));
        }
    }

private:
    void carry_in(Run& run) {
        std::vector<Item> front;
        for (const char c : before_.digits) front.push_back({.first = kCarried, .last = kCarried, .digits = std::string(1, c), .spoken = true});
        run.items.insert(run.items.begin(), front.begin(), front.end());
        run.parted.insert(run.parted.begin(), front.size(), false);
        run.glued.insert(run.glued.begin(), front.size(), false);
        run.parted[front.size()] = true;
    }

    // Items [from, to) are this. False: they are all of the turn before, or that kind stays.
    bool keep(Kind kind, const Run& run, std::size_t from, std::size_t to) {
        const auto whole = from;
        while (from < to && run.items[from].first == kCarried) ++from;
        if (from == to) return true;
        Hit hit{.kind = kind, .first = run.items[from].first, .last = run.items[to - 1].last, .values = {run.digits(whole, to)}};
        if (from != whole) hit.values.push_back(run.digits(from, to));
        if (hit.first > 0 && words_[hit.first - 1].text == "(" && words_[hit.first].glued) --hit.first;
        if (hit.first > 0 && (words_[hit.first - 1].text == "+" || words_[hit.first - 1].text == "plus")) --hit.first;
        if (!kinds_.has(kind)) return true;
        taken_.take(hit);
        hits_.push_back(hit);
        return true;
    }

    void leave(const Run& run, std::optional<Kind> kind) {
        if (!run.at_end) return;
        after_.digits = run.digits(0, run.items.size());
        if (after_.digits.size() > kLongestCard) after_.digits.clear();
        after_.went_on = after_.digits.empty() ? std::nullopt : kind;
    }

    [[nodiscard]] bool money(const Run& run) const {
        static const std::unordered_set<std::string_view> behind{"dollars", "dollar",  "bucks",     "euro",    "euros",  "pounds",  "percent",    "prozent",
                                                                 "cents",   "million", "millionen", "billion", "people", "miles",   "kilometers", "kilometer",
                                                                 "usd",     "eur",     "%",         "kg",      "hours",  "minutes", "points",     "$"};
        static const std::unordered_set<std::string_view> front{"$", "\xE2\x82\xAC", "\xC2\xA3", "#", "usd", "eur"};
        return (run.first > 0 && front.contains(words_[run.first - 1].text)) || (run.last + 1 < words_.size() && behind.contains(words_[run.last + 1].text));
    }

    void look(const Run& run) {
        const auto total = run.digits(0, run.items.size());
        if (total.size() < 3 || money(run)) return;
        Cue cue = cue_before(words_, run.first, 10);
        if ((cue == Cue::none || cue == Cue::weak) && before_.asked != Cue::none) cue = before_.asked;
        const bool carried = run.items.front().first == kCarried;
        std::size_t from = 0;
        for (std::size_t i = 0; i < run.items.size();) {
            const auto end = card_at(run, i, cue);
            if (end == 0) {
                ++i;
                continue;
            }
            if (i > from) rest(part_of(run, from, i), cue, false);
            keep(Kind::card, run, i, end);
            from = i = end;
        }
        if (from == run.items.size()) return;
        if (from > 0)
            rest(part_of(run, from, run.items.size()), cue, false);
        else
            rest(run, cue, carried);
    }

    [[nodiscard]] std::size_t card_at(const Run& run, std::size_t at, Cue cue) const {
        std::string digits;
        std::size_t end = 0;
        for (auto i = at; i < run.items.size() && digits.size() < kLongestCard; ++i) {
            digits += run.items[i].digits;
            if (digits.size() >= kShortestCard && digits.size() <= kLongestCard && known_card(digits) && !(cue == Cue::other && digits.size() == kShortestCard))
                end = i + 1;
        }
        return end;
    }

    void rest(const Run& run, Cue cue, bool carried) {
        const auto total = run.digits(0, run.items.size());
        const bool whole_turn = run.at_start && run.at_end;
        const auto size = run.items.size();
        // A number that goes on from the turn before.
        if (carried && before_.went_on && total.size() <= (before_.went_on == Kind::ssn ? 9U : before_.went_on == Kind::phone ? 15U : kLongestCard)) {
            keep(*before_.went_on, run, 0, size);
            leave(run, before_.went_on);
            return;
        }
        if (carried && cue != Cue::other && total.size() > kShownOfCard && total.size() <= kLongestCard && card_beginning(total) && !american(total) &&
            run.at_end && total.size() != 9) {
            keep(Kind::card, run, 0, size);
            leave(run, Kind::card);
            return;
        }
        if (cue == Cue::code && total.size() >= kShortestCode && total.size() <= kLongestCode) {
            keep(Kind::card, run, 0, size);
            return;
        }
        if (cue == Cue::card && ((total.size() >= 12 && total.size() <= kLongestCard) || (whole_turn && total.size() >= 4 && total.size() <= kLongestCard) ||
                                 (run.at_end && total.size() >= 8 && total.size() <= kLongestCard))) {
            keep(Kind::card, run, 0, size);
            leave(run, Kind::card);
            return;
        }
        if (cue == Cue::ssn && (total.size() == 9 || total.size() == 4 || (whole_turn && total.size() <= 9))) {
            keep(Kind::ssn, run, 0, size);
            leave(run, Kind::ssn);
            return;
        }
        if (social_in(run, cue) || phones_in(run, cue, total)) return;
        if (cue == Cue::phone && whole_turn && total.size() <= 15) {
            keep(Kind::phone, run, 0, size);
            leave(run, Kind::phone);
            return;
        }
        leave(run, std::nullopt);
    }

    bool social_in(const Run& run, Cue cue) {
        if (cue == Cue::phone) return false;
        bool any = false;
        for (std::size_t i = 0; i + 3 <= run.items.size(); ++i) {
            const auto& it = run.items;
            if (it[i].spoken || it[i + 1].spoken || it[i + 2].spoken || it[i].digits.size() != 3 || it[i + 1].digits.size() != 2 ||
                it[i + 2].digits.size() != 4)
                continue;
            if (!social(it[i].digits + it[i + 1].digits + it[i + 2].digits) || other_at(run, i, kShapeGoverned)) continue;
            any = keep(Kind::ssn, run, i, i + 3);
            i += 2;
        }
        if (any) return true;
        // Said with pauses behind the third and the fifth digit.
        std::string all;
        std::vector<std::size_t> cuts;
        for (std::size_t i = 0; i < run.items.size(); ++i) {
            if (i > 0 && run.parted[i]) cuts.push_back(all.size());
            all += run.items[i].digits;
        }
        if (cuts == std::vector<std::size_t>{3, 5} && social(all) && !other_at(run, 0, kShapeGoverned)) return keep(Kind::ssn, run, 0, run.items.size());
        return false;
    }

    // The number that begins with this item is said to be something else.
    [[nodiscard]] bool other_at(const Run& run, std::size_t item, std::size_t most) const {
        return run.items[item].first != kCarried && governed(words_, run.items[item].first, most);
    }
    // Digits in the middle of letters ("RX2125550142") are a part of something, unless the letters say of what.
    [[nodiscard]] bool within_letters(const Run& run, std::size_t item) const {
        const auto first = run.items[item].first;
        return first != kCarried && words_[first].piece && cue_of(words_[first - 1]) != Cue::phone;
    }

    [[nodiscard]] bool plus_before(const Run& run, std::size_t item) const {
        const auto first = run.items[item].first;
        return first != kCarried && first > 0 && (words_[first - 1].text == "+" || words_[first - 1].text == "plus");
    }

    bool phones_in(const Run& run, Cue cue, const std::string& total) {
        const auto size = run.items.size();
        const bool spoken = std::any_of(run.items.begin(), run.items.end(), [](const Item& i) { return i.spoken; });
        if (plus_before(run, 0) && total.size() >= 8 && total.size() <= 15) return keep(Kind::phone, run, 0, size);
        if (cue == Cue::phone && total.size() >= 7 && total.size() <= 15) {
            leave(run, Kind::phone);
            return keep(Kind::phone, run, 0, size);
        }
        const bool abroad = total.size() >= 10 && total.size() <= 16 && total.starts_with("00") && total[2] != '0';
        const bool trunk = total.size() >= 9 && total.size() <= 12 && total[0] == '0' && total[1] != '0';
        const bool own = (total.size() == 10 && american(total)) || (total.size() == 11 && total[0] == '1' && american(total.substr(1)));
        if (spoken) {
            // Said digit by digit, such a number is one to be called.
            if (other_at(run, 0, kShapeGoverned)) return false;
            if (own || abroad || trunk || (total.size() == 10 && total[0] >= '2' && cue == Cue::weak)) return keep(Kind::phone, run, 0, size);
            return false;
        }
        bool any = false;
        for (std::size_t i = 0; i < size; ++i) {
            const auto sizes = [&](std::initializer_list<std::size_t> wanted) {
                if (i + wanted.size() > size) return false;
                auto at = i;
                for (const auto each : wanted)
                    if (run.items[at++].digits.size() != each) return false;
                return true;
            };
            const char area = run.items[i].digits[0];
            std::size_t to = 0, reach = kShapeGoverned;
            if (area >= '2' && sizes({3, 3, 4}))
                to = i + 3;
            else if (area == '1' && sizes({1, 3, 3, 4}))
                to = i + 4;
            else if (sizes({10}) && american(run.items[i].digits))
                to = i + 1;
            else if (sizes({11}) && area == '1' && american(run.items[i].digits.substr(1)))
                to = i + 1;
            else if ((sizes({3, 7}) || sizes({6, 4})) && american(run.digits(i, i + 2)))
                to = i + 2;
            if (to == i + 1) reach = kBareGoverned;
            if (to == 0 || other_at(run, i, reach) || (to == i + 1 && within_letters(run, i))) continue;
            any = keep(Kind::phone, run, i, to);
            i = to - 1;
        }
        if (any) return true;
        if ((abroad || trunk) && !other_at(run, 0, size == 1 ? kBareGoverned : kShapeGoverned) && !within_letters(run, 0))
            return keep(Kind::phone, run, 0, size);
        return false;
    }

    const std::vector<Word>& words_;
    Kinds kinds_;
    const Before& before_;
    Taken& taken_;
    std::vector<Hit>& hits_;
    After& after_;
};

}  // namespace

bool luhn(std::string_view digits) {
    unsigned sum = 0;
    bool twice = false;
    for (auto c = digits.rbegin(); c != digits.rend(); ++c, twice = !twice) {
        auto value = static_cast<unsigned>(*c - '0');
        if (twice) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
        sum += value;
    }
    return sum % 10 == 0;
}

bool card_beginning(std::string_view d) {
    if (d.empty()) return false;
    if (d[0] == '4' || d[0] == '5' || d[0] == '6') return true;
    if (d[0] == '3') return d.size() < 2 || d[1] == '0' || (d[1] >= '4' && d[1] != '2');
    return d.size() >= 4 && d.substr(0, 4) >= "2221" && d.substr(0, 4) <= "2720";
}

bool known_card(std::string_view d) {
    const auto n = d.size();
    if (n < kShortestCard || n > kLongestCard || !luhn(d)) return false;
    const auto two = d.substr(0, 2);
    if (d[0] == '4') return n == 13 || n == 16 || n == 19;
    if (two >= "51" && two <= "55") return n == 16;
    if (two == "34" || two == "37") return n == 15;
    if (two == "30" || two == "36" || two == "38" || two == "39") return n == 14 || n == 16;
    if (two == "35") return n >= 16;
    if (two == "50" || two == "56" || two == "57" || two == "58") return n >= 13;
    if (d[0] == '6') return n >= 16 || two == "63" || two == "67";
    if (two == "81" || two == "82") return n == 16;
    return n == 16 && ((d.substr(0, 4) >= "2221" && d.substr(0, 4) <= "2720") || d.substr(0, 4) == "9792");
}

void find_numbers(const std::vector<Word>& words, Kinds kinds, const Before& before, Taken& taken, std::vector<Hit>& hits, After& after) {
    if (kinds.has(Kind::card) || kinds.has(Kind::ssn) || kinds.has(Kind::phone)) Search(words, kinds, before, taken, hits, after).all();
}

}  // namespace parley::privacy
