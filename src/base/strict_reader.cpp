#include <algorithm>
#include <sstream>

#include "parley/base/strict_yaml.hpp"

namespace parley::yaml {
namespace {

std::string in_quotes(std::string_view key) {
    return "'" + std::string(key) + "'";
}

std::string number_text(double value) {
    std::ostringstream out;
    out << value;
    return out.str();
}

}  // namespace

Reader::Reader(const Node& node, Problems& problems) : node_(&node), problems_(&problems), place_(node.place) {
    if (node.kind == Kind::map) return;
    node_ = nullptr;
    if (node.kind != Kind::null) problems.add(node.place, "expected a section, found " + std::string(name_of(node.kind)));
}

Place Reader::place(std::string_view key) const {
    const Node* value = node_ ? node_->find(key) : nullptr;
    return value ? value->place : place_;
}

void Reader::problem(std::string_view key, std::string message) {
    problems_->add(place(key), in_quotes(key) + ": " + std::move(message));
}

const Node* Reader::take(std::string_view key) {
    asked_.emplace(key);
    return node_ ? node_->find(key) : nullptr;
}

const Node* Reader::node(std::string_view key) {
    return take(key);
}

template <class T>
T Reader::parsed(std::string_view key, T fallback, text::Parsed<T> (*parse)(std::string_view)) {
    const Node* value = take(key);
    if (!value) return fallback;
    if (value->kind != Kind::scalar) {
        problem(key, "expected a single value, found " + std::string(name_of(value->kind)));
        return fallback;
    }
    auto result = parse(value->text);
    if (result) return result.value;
    problem(key, result.error + ", found '" + value->text + "'");
    return fallback;
}

template <class T>
T Reader::in_range(std::string_view key, T fallback, T value, T least, T most, const std::function<std::string(T)>& show) {
    if (value >= least && value <= most) return value;
    problem(key, show(value) + " is out of range, allowed is " + show(least) + " to " + show(most));
    return fallback;
}

std::string Reader::text(std::string_view key, std::string fallback) {
    const Node* value = take(key);
    if (!value) return fallback;
    auto result = as_text(*value);
    if (result) return result.value;
    problem(key, result.error);
    return fallback;
}

std::string Reader::required_text(std::string_view key) {
    if (!take(key)) {
        problems_->add(place_, in_quotes(key) + " is missing");
        return {};
    }
    return text(key);
}

bool Reader::flag(std::string_view key, bool fallback) {
    return parsed(key, fallback, &text::parse_bool);
}

std::int64_t Reader::integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    if (!take(key)) return fallback;
    return in_range<std::int64_t>(key, fallback, parsed(key, least, &text::parse_integer), least, most, [](std::int64_t v) { return std::to_string(v); });
}

double Reader::number(std::string_view key, double fallback, double least, double most) {
    if (!take(key)) return fallback;
    return in_range<double>(key, fallback, parsed(key, least, &text::parse_number), least, most, number_text);
}

Reader::us Reader::duration(std::string_view key, us fallback, us least, us most) {
    if (!take(key)) return fallback;
    return in_range<us>(key, fallback, parsed(key, least, &text::parse_duration), least, most, [](us v) { return text::to_text(v); });
}

std::uint64_t Reader::size(std::string_view key, std::uint64_t fallback, std::uint64_t least, std::uint64_t most) {
    if (!take(key)) return fallback;
    return in_range<std::uint64_t>(key, fallback, parsed(key, least, &text::parse_size), least, most, text::size_to_text);
}

text::Address Reader::address(std::string_view key, text::Address fallback) {
    return parsed(key, std::move(fallback), &text::parse_address);
}

std::string Reader::url(std::string_view key, std::span<const std::string_view> schemes) {
    std::string value = text(key);
    if (value.empty()) return value;
    const auto result = text::parse_url(value, schemes);
    if (result) return value;
    problem(key, result.error);
    return {};
}

std::size_t Reader::choice(std::string_view key, std::size_t fallback, std::span<const std::string_view> choices) {
    const Node* value = take(key);
    if (!value) return fallback;
    const auto found = std::find(choices.begin(), choices.end(), value->text);
    if (value->kind == Kind::scalar && found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
    std::string message = "expected one of";
    for (std::size_t i = 0; i < choices.size(); ++i) message += (i ? ", " : " ") + std::string(choices[i]);
    message += value->kind == Kind::scalar ? "; found '" + value->text + "'" : "; found " + std::string(name_of(value->kind));
    const std::vector<std::string> names(choices.begin(), choices.end());
    problem(key, message + text::suggestion(value->text, names));
    return fallback;
}

std::vector<std::string> Reader::texts(std::string_view key, std::vector<std::string> fallback) {
    const Node* value = take(key);
    if (!value) return fallback;
    if (value->kind == Kind::scalar) return {text(key)};
    if (value->kind != Kind::list) {
        problem(key, "expected a list, found " + std::string(name_of(value->kind)));
        return fallback;
    }
    std::vector<std::string> result;
    for (const Node& item : value->children) {
        auto one = as_text(item);
        if (one) {
            result.push_back(std::move(one.value));
        } else {
            problems_->add(item.place, in_quotes(key) + ": " + one.error);
        }
    }
    return result;
}

std::map<std::string, std::string> Reader::text_map(std::string_view key) {
    const Node* value = take(key);
    std::map<std::string, std::string> result;
    if (!value || value->kind == Kind::null) return result;
    if (value->kind != Kind::map) {
        problem(key, "expected a section, found " + std::string(name_of(value->kind)));
        return result;
    }
    for (std::size_t i = 0; i < value->keys.size(); ++i) {
        auto one = as_text(value->children[i]);
        if (one) {
            result.emplace(value->keys[i], std::move(one.value));
        } else {
            problems_->add(value->children[i].place, in_quotes(value->keys[i]) + ": " + one.error);
        }
    }
    return result;
}

Reader Reader::map(std::string_view key) {
    const Node* value = take(key);
    return value ? Reader(*value, *problems_) : Reader(*problems_, place_);
}

std::vector<Reader> Reader::maps(std::string_view key) {
    const Node* value = take(key);
    std::vector<Reader> result;
    if (!value || value->kind == Kind::null) return result;
    if (value->kind != Kind::list) {
        problem(key, "expected a list, found " + std::string(name_of(value->kind)));
        return result;
    }
    for (const Node& item : value->children) result.emplace_back(item, *problems_);
    return result;
}

std::vector<std::pair<std::string, Reader>> Reader::named_maps(std::string_view key) {
    const Node* value = take(key);
    std::vector<std::pair<std::string, Reader>> result;
    if (!value || value->kind == Kind::null) return result;
    if (value->kind != Kind::map) {
        problem(key, "expected a section, found " + std::string(name_of(value->kind)));
        return result;
    }
    for (std::size_t i = 0; i < value->keys.size(); ++i) result.emplace_back(value->keys[i], Reader(value->children[i], *problems_));
    return result;
}

void Reader::finish() {
    if (!node_) return;
    const std::vector<std::string> known(asked_.begin(), asked_.end());
    for (std::size_t i = 0; i < node_->keys.size(); ++i) {
        const std::string& key = node_->keys[i];
        if (asked_.contains(key)) continue;
        problems_->add(node_->key_places[i], "unknown key " + in_quotes(key) + text::suggestion(key, known));
    }
}

}  // namespace parley::yaml
