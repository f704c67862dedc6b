#include "parley/brain/pattern.hpp"

#include <algorithm>
#include <cctype>

namespace parley::brain {
namespace {

using Node = Pattern::Node;
using Kind = Node::Kind;

bool word_character(char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x80 && (std::isalnum(u) != 0 || c == '\'' || c == '-' || c == '.' || c == '_');
}

class Parser {
public:
    Parser(std::string_view text, Pattern::Error& error) : text_(text), error_(error) {}

    bool run(Node& root) {
        if (!choice(root, 0)) return false;
        skip();
        if (at_ < text_.size()) return fail(std::string("unexpected '") + text_[at_] + "'");
        return true;
    }

private:
    bool fail(std::string what) {
        error_ = {at_, std::move(what)};
        return false;
    }
    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
    }

    bool choice(Node& out, int depth) {
        if (depth > Pattern::kMaxDepth) return fail("nested too deeply");
        out.kind = Kind::choice;
        do {
            Node sequence_node;
            if (!sequence(sequence_node, depth)) return false;
            out.children.push_back(std::move(sequence_node));
            skip();
        } while (at_ < text_.size() && text_[at_] == '|' && ++at_ > 0);
        if (out.children.size() == 1) {
            Node only = std::move(out.children.front());
            out = std::move(only);
        }
        return true;
    }

    bool sequence(Node& out, int depth) {
        out.kind = Kind::sequence;
        for (;;) {
            skip();
            if (at_ >= text_.size() || text_[at_] == '|' || text_[at_] == ')' || text_[at_] == ']') break;
            if (++nodes_ > Pattern::kMaxNodes) return fail("too long");
            Node item;
            if (!element(item, depth)) return false;
            out.children.push_back(std::move(item));
        }
        return out.children.empty() ? fail("a word is missing here") : true;
    }

    bool element(Node& out, int depth) {
        const char c = text_[at_];
        if (c == '(' || c == '[') {
            const char closing = c == '(' ? ')' : ']';
            ++at_;
            Node inner;
            if (!choice(inner, depth + 1)) return false;
            skip();
            if (at_ >= text_.size() || text_[at_] != closing) return fail(std::string("'") + closing + "' is missing");
            ++at_;
            if (c == '(') {
                out = std::move(inner);
            } else {
                out.kind = Kind::optional;
                out.children.push_back(std::move(inner));
            }
            return true;
        }
        if (c == '{') {
            const auto close = text_.find('}', at_);
            if (close == std::string_view::npos || close == at_ + 1) return fail("'}' or the slot's name is missing");
            out.kind = Kind::slot;
            out.text = text_.substr(at_ + 1, close - at_ - 1);
            if (!std::ranges::all_of(out.text, word_character)) return fail("not a slot's name");
            at_ = close + 1;
            return true;
        }
        if (!word_character(c)) return fail(std::string("'") + c + "' is no part of a phrase");
        out.kind = Kind::word;
        while (at_ < text_.size() && word_character(text_[at_])) {
            out.text += static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_++])));
        }
        return true;
    }

    std::string_view text_;
    Pattern::Error& error_;
    std::size_t at_ = 0, nodes_ = 0;
};

void write(const Node& node, std::string& out) {
    switch (node.kind) {
        case Kind::word:
            out += node.text;
            break;
        case Kind::slot:
            out += "<slot_" + node.text + ">";
            break;
        case Kind::sequence:
            for (std::size_t i = 0; i < node.children.size(); ++i) {
                if (i > 0) out += ' ';
                write(node.children[i], out);
            }
            break;
        case Kind::choice:
            out += '(';
            for (std::size_t i = 0; i < node.children.size(); ++i) {
                if (i > 0) out += " | ";
                write(node.children[i], out);
            }
            out += ')';
            break;
        case Kind::optional:
            out += '[';
            write(node.children.front(), out);
            out += ']';
            break;
    }
}

void gather(const Node& node, std::set<std::string>& words, std::set<std::string>& slots) {
    if (node.kind == Kind::word) words.insert(node.text);
    if (node.kind == Kind::slot) slots.insert(node.text);
    for (const auto& child : node.children) gather(child, words, slots);
}

using Matches = std::vector<Pattern::Match>;

void add(Matches& all, Pattern::Match match) {
    if (all.size() >= Pattern::kMaxMatches) return;
    const auto same = [&](const Pattern::Match& m) { return m.end == match.end && m.slots == match.slots; };
    if (std::ranges::none_of(all, same)) all.push_back(std::move(match));
}

Matches walk(const Node& node, std::span<const std::string> words, Matches starts, const Pattern::SlotReader& reader) {
    Matches out;
    switch (node.kind) {
        case Kind::word:
            for (auto& start : starts) {
                if (start.end >= words.size() || words[start.end] != node.text) continue;
                ++start.end;
                add(out, std::move(start));
            }
            return out;
        case Kind::slot:
            for (const auto& start : starts) {
                for (auto& reading : reader.read(node.text, words, start.end)) {
                    Pattern::Match next{reading.end, start.slots};
                    next.slots.insert_or_assign(node.text, std::move(reading.value));
                    add(out, std::move(next));
                }
            }
            return out;
        case Kind::sequence:
            for (const auto& child : node.children) {
                if (starts.empty()) break;
                starts = walk(child, words, std::move(starts), reader);
            }
            return starts;
        case Kind::choice:
            for (const auto& child : node.children) {
                for (auto& match : walk(child, words, starts, reader)) add(out, std::move(match));
            }
            return out;
        case Kind::optional:
            out = starts;
            for (auto& match : walk(node.children.front(), words, std::move(starts), reader)) add(out, std::move(match));
            return out;
    }
    return out;
}

}  // namespace

std::shared_ptr<const Pattern> Pattern::parse(std::string_view text, Error& error) {
    auto pattern = std::make_shared<Pattern>();
    if (!Parser(text, error).run(pattern->root_)) return nullptr;
    return pattern;
}

std::string Pattern::jsgf() const {
    std::string out;
    write(root_, out);
    return out;
}

void Pattern::collect(std::set<std::string>& words, std::set<std::string>& slots) const {
    gather(root_, words, slots);
}

std::vector<Pattern::Match> Pattern::match(std::span<const std::string> words, std::size_t from, const SlotReader& slots) const {
    return walk(root_, words, {Match{from, {}}}, slots);
}

}  // namespace parley::brain
