#include "parley/base/json_schema.hpp"

#include <array>
#include <regex>
#include <vector>

#include <nlohmann/json.hpp>

#define VALIJSON_USE_EXCEPTIONS 1  // without it a mistake in a schema ends the process
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

namespace parley {

using nlohmann::json;

namespace {

struct Refused {
    std::string why;
};

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    for (const auto one : words)
        if (one == word) return true;
    return false;
}

// What a format means as a pattern; the usual meanings, none that a caller's words could fail by accident.
std::string_view pattern_of(std::string_view format) {
    if (format == "date") return "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";
    if (format == "time") return "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$";
    if (format == "date-time")
        return "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$";
    if (format == "email") return "^[^@ ]+@[^@ ]+$";
    if (format == "uuid") return "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
    return {};
}

// A schema as valijson knows it: references followed, later drafts' words in draft 7's, nothing it would choke on.
class Plain {
public:
    Plain(const json& root, JsonSchema::From from) : root_(root), from_(from) {}

    json of(const json& schema, std::size_t depth) {
        if (++nodes_ > JsonSchema::kMostNodes) throw Refused{"it has too many parts"};
        if (depth > JsonSchema::kMostDepth) throw Refused{"it is nested too deeply"};
        if (schema.is_boolean()) return schema.get<bool>() ? json::object() : json{{"not", json::object()}};
        if (!schema.is_object()) throw Refused{"a schema is an object"};
        if (const auto ref = schema.find("$ref"); ref != schema.end()) {
            auto target = referred(*ref, depth);
            if (early()) return target;
            auto beside = own(schema, depth);
            return beside.empty() ? target : json{{"allOf", json::array({std::move(target), std::move(beside)})}};
        }
        return own(schema, depth);
    }

    bool patterned = false, unique = false;

private:
    // Up to draft 7 what stands beside a reference says nothing.
    [[nodiscard]] bool early() const {
        const auto draft = root_.find("$schema");
        return draft != root_.end() && draft->is_string() && draft->get_ref<const std::string&>().find("/draft-0") != std::string::npos;
    }

    // All of a schema but its reference.
    json own(const json& schema, std::size_t depth) {
        auto plain = json::object();
        for (const auto& [key, value] : schema.items()) member(plain, key, value, depth);
        // Members that only a stranger's pattern allows are allowed.
        if (from_ != JsonSchema::From::us && schema.contains("patternProperties")) plain.erase("additionalProperties");
        arrays(plain, schema, depth);
        if (const auto format = schema.find("format"); format != schema.end() && format->is_string() && !plain.contains("pattern"))
            if (const auto pattern = pattern_of(format->get_ref<const std::string&>()); !pattern.empty()) set_pattern(plain, pattern);
        return plain;
    }

    json referred(const json& ref, std::size_t depth) {
        if (!ref.is_string()) throw Refused{"a $ref is a string"};
        const auto& text = ref.get_ref<const std::string&>();
        if (text.empty() || text.front() != '#') throw Refused{"references to other documents are not followed"};
        for (const auto& open : open_)
            if (open == text) throw Refused{"it refers to itself"};
        const json* target = nullptr;
        try {
            target = &root_.at(json::json_pointer(text.substr(1)));
        } catch (const json::exception&) {
            throw Refused{"a $ref leads nowhere"};
        }
        open_.push_back(text);
        auto plain = of(*target, depth + 1);
        open_.pop_back();
        return plain;
    }

    void member(json& plain, const std::string& key, const json& value, std::size_t depth) {
        if (is_one_of(key, {"enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "maxItems",
                            "minItems", "maxProperties", "minProperties"})) {
            if (key == "enum" && (!value.is_array() || value.empty())) throw Refused{"an enum is a list"};
            if (key == "multipleOf" && (!value.is_number() || value.get<double>() <= 0)) throw Refused{"multipleOf is a number above 0"};
            plain[key] = value;
        } else if (key == "type") {
            for (const auto& type : value.is_array() ? value : json::array({value}))
                if (!type.is_string() || !is_one_of(type.get_ref<const std::string&>(), {"object", "array", "string", "number", "integer", "boolean", "null"}))
                    throw Refused{"it names a type there is not"};
            plain[key] = value;
        } else if (key == "required") {
            for (const auto& name : value.is_array() ? value : json::array({0}))
                if (!name.is_string()) throw Refused{"required is a list of names"};
            if (!value.empty()) plain[key] = value;
        } else if (key == "uniqueItems") {
            if (!value.is_boolean()) throw Refused{"uniqueItems is true or false"};
            if (value.get<bool>()) unique = plain[key] = true;
        } else if (key == "pattern") {
            if (!value.is_string()) throw Refused{"a pattern is a string"};
            if (from_ == JsonSchema::From::us) set_pattern(plain, value.get_ref<const std::string&>());
        } else if (is_one_of(key, {"not", "if", "then", "else", "contains", "propertyNames"})) {
            plain[key] = of(value, depth + 1);
        } else if (is_one_of(key, {"allOf", "anyOf", "oneOf"})) {
            if (!value.is_array() || value.empty()) throw Refused{key + " is a list of schemas"};
            for (const auto& one : value) plain[key].push_back(of(one, depth + 1));
        } else if (key == "properties" || key == "dependentSchemas") {
            if (!value.is_object()) throw Refused{key + " is an object of schemas"};
            auto& into = plain[key == "properties" ? "properties" : "dependencies"];
            if (into.is_null()) into = json::object();
            for (const auto& [name, one] : value.items()) into[name] = of(one, depth + 1);
        } else if (key == "patternProperties") {
            if (!value.is_object()) throw Refused{"patternProperties is an object of schemas"};
            if (from_ != JsonSchema::From::us) return;
            for (const auto& [pattern, one] : value.items()) {
                check(pattern);
                plain[key][pattern] = of(one, depth + 1);
            }
        } else if (key == "additionalProperties") {
            plain[key] = value.is_boolean() ? value : of(value, depth + 1);
        } else if (key == "dependencies" || key == "dependentRequired") {
            if (!value.is_object()) throw Refused{key + " is an object"};
            for (const auto& [name, one] : value.items()) {
                if (one.is_array()) {
                    for (const auto& other : one)
                        if (!other.is_string()) throw Refused{key + " lists names"};
                    plain["dependencies"][name] = one;
                } else {
                    plain["dependencies"][name] = of(one, depth + 1);
                }
            }
        }
        // Everything else says something about the value without forbidding any.
    }

    // items, additionalItems (draft 7) or prefixItems, items (2020-12).
    void arrays(json& plain, const json& schema, std::size_t depth) {
        const auto prefix = schema.find("prefixItems"), items = schema.find("items"), additional = schema.find("additionalItems");
        const bool later = prefix != schema.end();
        const auto& first = later ? prefix : items;
        const auto& rest = later ? items : additional;
        if (first == schema.end()) return;
        if (!first->is_array()) {
            if (later) throw Refused{"prefixItems is a list of schemas"};
            plain["items"] = of(*first, depth + 1);
            return;
        }
        plain["items"] = json::array();
        for (const auto& one : *first) plain["items"].push_back(of(one, depth + 1));
        if (rest != schema.end()) plain["additionalItems"] = rest->is_boolean() ? *rest : of(*rest, depth + 1);
    }

    void set_pattern(json& plain, std::string_view pattern) {
        check(std::string(pattern));
        plain["pattern"] = pattern;
    }
    void check(const std::string& pattern) {
        if (pattern.size() > 500) throw Refused{"a pattern is longer than 500 bytes"};
        try {
            const std::regex tried(pattern);
        } catch (const std::regex_error&) {
            throw Refused{"'" + pattern + "' is no regular expression"};
        }
        patterned = true;
    }

    const json& root_;
    JsonSchema::From from_;
    std::size_t nodes_ = 0;
    std::vector<std::string> open_;  // references being followed
};

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// "<root>", "[a]", "[3]" → "a[3]"; and the schema of that place, as far as it is simple to find.
std::string place_of(const std::vector<std::string>& context, const json*& schema) {
    std::string place;
    for (const auto& step : context) {
        if (step.size() < 2 || step.front() != '[') continue;
        const auto name = step.substr(1, step.size() - 2);
        const bool index = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
        if (index && schema != nullptr && !schema->contains("properties")) {
            place += "[" + name + "]";
        } else {
            if (!place.empty()) place += '.';
            place += name.substr(0, 60);
        }
        if (schema == nullptr) continue;
        const auto properties = schema->find("properties"), items = schema->find("items");
        if (properties != schema->end() && properties->contains(name))
            schema = &properties->at(name);
        else if (index && items != schema->end() && items->is_object())
            schema = &*items;
        else
            schema = nullptr;
        // Of a reference with something beside it, what it refers to.
        while (schema != nullptr && schema->size() == 1 && schema->contains("allOf")) schema = &schema->at("allOf").front();
    }
    return place;
}

std::string sentence_of(const valijson::ValidationResults::Error& error, const json& plain) {
    const json* schema = &plain;
    const auto place = place_of(error.context, schema);
    auto why = error.description;
    while (!why.empty() && why.back() == '.') why.pop_back();
    const auto starts = [&](std::string_view with) { return why.compare(0, with.size(), with) == 0; };
    if (starts("Value type not permitted")) {
        why = "has the wrong type";
        if (schema != nullptr && schema->contains("type")) {
            const auto& type = schema->at("type");
            if (type.is_string())
                why = "has to be of type " + type.get<std::string>();
            else
                why = "has to be of one of the types " + dumped(type);
        }
    } else if (starts("Failed to match against any enum")) {
        why = "is not one of the values allowed";
        if (schema != nullptr && schema->contains("enum"))
            if (const auto values = dumped(schema->at("enum")); values.size() <= 300) why = "has to be one of " + values;
    } else if (starts("Failed to match regex")) {
        why = "is not written as it has to be";
        if (schema != nullptr && schema->contains("pattern")) why += " (pattern " + schema->at("pattern").get<std::string>() + ")";
    } else if (starts("Missing required property")) {
        why = "is missing the member " + why.substr(sizeof("Missing required property"));
    } else if (starts("Object contains a property")) {
        const auto colon = why.rfind(": ");
        why = "has a member there is not";
        if (colon != std::string::npos) why += ": " + error.description.substr(colon + 2, 80);
        while (!why.empty() && why.back() == '.') why.pop_back();
    } else if (!why.empty()) {
        why.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(why.front())));
        why = "is wrong: " + why;
    } else {
        why = "is wrong";
    }
    return (place.empty() ? "the value" : place) + " " + why;
}

}  // namespace

struct JsonSchema::Impl {
    json plain;
    valijson::Schema schema;
    bool patterned = false, unique = false;

    // Nothing, or which bound is broken.
    std::optional<std::string> bounds(const json& value, std::size_t depth, std::size_t& count) const {
        if (depth > kMostDepth) return "the value is nested too deeply";
        if (++count > kMostValues) return "the value has too many members";
        if (value.is_string() && patterned && value.get_ref<const std::string&>().size() > kMostPatterned)
            return "a text in it is longer than " + std::to_string(kMostPatterned) + " bytes";
        if (value.is_array() && unique && value.size() > kMostUnique) return "a list in it has more than " + std::to_string(kMostUnique) + " elements";
        if (value.is_object())
            for (const auto& [key, one] : value.items()) {
                if (patterned && key.size() > kMostPatterned) return "the name of a member is too long";
                if (auto why = bounds(one, depth + 1, count)) return why;
            }
        else if (value.is_array())
            for (const auto& one : value)
                if (auto why = bounds(one, depth + 1, count)) return why;
        return std::nullopt;
    }
};

JsonSchema::Compiled JsonSchema::compile(std::string_view json_text, From from) {
    Compiled compiled;
    const auto document = parse_bounded(json_text, kMostText, kMostDepth * 2);
    if (!document) {
        compiled.error = json_text.size() > kMostText ? "the schema is larger than 64 KiB" : "the schema is no JSON";
        return compiled;
    }
    try {
        auto impl = std::make_shared<Impl>();
        Plain plain(*document, from);
        impl->plain = plain.of(*document, 0);
        impl->patterned = plain.patterned;
        impl->unique = plain.unique;
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        const valijson::adapters::NlohmannJsonAdapter adapter(impl->plain);
        parser.populateSchema(adapter, impl->schema);
        compiled.schema.emplace(JsonSchema(std::shared_ptr<const Impl>(std::move(impl))));
    } catch (const Refused& refused) {
        compiled.error = "the schema cannot be used: " + refused.why;
    } catch (const std::exception& e) {
        compiled.error = std::string("the schema cannot be used: ") + e.what();
    }
    return compiled;
}

std::optional<std::string> JsonSchema::wrong(const json& value) const {
    std::size_t count = 0;
    if (auto why = impl_->bounds(value, 0, count)) return why;
    try {
        valijson::Validator validator;
        valijson::ValidationResults results;
        const valijson::adapters::NlohmannJsonAdapter adapter(value);
        if (validator.validate(impl_->schema, adapter, &results)) return std::nullopt;
        // What is innermost comes first; that a member is wrong because of what is in it says nothing new.
        valijson::ValidationResults::Error error;
        if (!results.popError(error)) return "the value does not hold to its schema";
        return sentence_of(error, impl_->plain);
    } catch (const std::exception&) {
        return "the value cannot be checked against its schema";
    }
}

std::optional<std::string> JsonSchema::wrong_text(std::string_view json_text) const {
    if (json_text.find_first_not_of(" \t\r\n") == std::string_view::npos) return wrong(json::object());
    const auto value = parse_bounded(json_text, kMostText);
    if (!value) return "the value is no JSON, or too large or nested too deeply";
    return wrong(*value);
}

std::optional<json> parse_bounded(std::string_view text, std::size_t most_bytes, std::size_t most_depth) {
    if (text.size() > most_bytes) return std::nullopt;
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > most_depth) return std::nullopt;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    auto value = json::parse(text, nullptr, false);
    if (value.is_discarded()) return std::nullopt;
    return value;
}

}  // namespace parley
