// Sealed strings inside JSON documents.

#include <nlohmann/json.hpp>

#include "parley/store/seal.hpp"

namespace parley::store {

namespace {

using Json = nlohmann::ordered_json;
constexpr int kDeepest = 64;

// A step of a JSON pointer (RFC 6901).
std::string step(std::string_view name) {
    std::string out("/");
    for (const char c : name) {
        if (c == '~')
            out += "~0";
        else if (c == '/')
            out += "~1";
        else
            out.push_back(c);
    }
    return out;
}

template <class Visit>
void each_string(Json& at, const std::string& pointer, int depth, const Visit& visit) {
    if (depth > kDeepest) throw SealError(SealErrc::malformed, "a document is nested too deeply");
    if (at.is_string()) {
        visit(at.get_ref<std::string&>(), pointer);
    } else if (at.is_object()) {
        for (auto& [name, value] : at.items()) each_string(value, pointer + step(name), depth + 1, visit);
    } else if (at.is_array()) {
        for (std::size_t i = 0; i < at.size(); ++i) each_string(at[i], pointer + "/" + std::to_string(i), depth + 1, visit);
    }
}

std::string context(std::string_view row, const std::string& pointer) {
    return std::string(row) + "#" + pointer;
}

std::string text_of(const Json& document) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string Sealer::seal_document(std::string_view json, std::string_view row, const std::function<bool(std::string_view pointer)>& secret) const {
    auto document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) throw SealError(SealErrc::malformed, "a document is not JSON");
    each_string(document, "", 0, [&](std::string& text, const std::string& pointer) {
        if (is_sealed(text)) throw SealError(SealErrc::malformed, pointer + " begins like a sealed value");
        if (!text.empty() && secret(pointer)) text = seal(text, context(row, pointer));
    });
    return text_of(document);
}

Result<Secret> Sealer::open_document(std::string_view json, std::string_view row) const {
    auto document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) return make_error_code(SealErrc::malformed);
    error_code wrong;
    try {
        each_string(document, "", 0, [&](std::string& text, const std::string& pointer) {
            if (!is_sealed(text)) return;
            const auto plain = open(text, context(row, pointer));
            if (plain)
                text = std::string(plain->reveal());
            else if (!wrong)
                wrong = plain.error();
        });
    } catch (const SealError& e) {
        return make_error_code(e.code());
    }
    if (wrong) return wrong;
    return Secret(text_of(document));
}

Result<std::string> Sealer::reseal_document(std::string_view json, std::string_view row) const {
    auto document = Json::parse(json, nullptr, false);
    if (document.is_discarded()) return make_error_code(SealErrc::malformed);
    error_code wrong;
    bool changed = false;
    try {
        each_string(document, "", 0, [&](std::string& text, const std::string& pointer) {
            if (!is_sealed(text) || current(text)) return;
            auto fresh = reseal(text, context(row, pointer));
            if (!fresh) {
                if (!wrong) wrong = fresh.error();
                return;
            }
            text = std::move(*fresh);
            changed = true;
        });
    } catch (const SealError& e) {
        return make_error_code(e.code());
    }
    if (wrong) return wrong;
    return changed ? text_of(document) : std::string(json);
}

}  // namespace parley::store
