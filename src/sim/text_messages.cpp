#include "text_messages.hpp"

#include <cstdint>
#include <pugixml.hpp>

#include "parley/sim/twiml_document.hpp"

namespace parley::sim {
namespace {

// Reads one code point; malformed bytes are U+FFFD each.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const auto lead = byte(at++);
    if (lead < 0x80) return lead;
    int more = 0;
    char32_t value = 0;
    if (lead >= 0xC2 && lead < 0xE0) {
        more = 1;
        value = lead & 0x1Fu;
    } else if (lead >= 0xE0 && lead < 0xF0) {
        more = 2;
        value = lead & 0x0Fu;
    } else if (lead >= 0xF0 && lead < 0xF5) {
        more = 3;
        value = lead & 0x07u;
    } else {
        return 0xFFFD;
    }
    if (at + static_cast<std::size_t>(more) > text.size()) return 0xFFFD;
    for (int i = 0; i < more; ++i) {
        if ((byte(at + static_cast<std::size_t>(i)) & 0xC0u) != 0x80u) return 0xFFFD;
        value = (value << 6u) | (byte(at + static_cast<std::size_t>(i)) & 0x3Fu);
    }
    at += static_cast<std::size_t>(more);
    return value;
}

// GSM 03.38: places taken in the basic table (1), in its extension (2), or nowhere (0).
int gsm_places(char32_t c) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\n' || c == '\r') return 1;
    if (c >= 0x20 && c < 0x7F) {
        static constexpr std::string_view kNotBasic = "[]{}^~\\|`";
        if (kNotBasic.find(static_cast<char>(c)) == std::string_view::npos) return 1;
        return c == '`' ? 0 : 2;
    }
    static constexpr char32_t kBasic[] = U"£¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
    for (const char32_t one : kBasic) {
        if (one == c && one != 0) return 1;
    }
    return c == U'€' || c == U'\f' ? 2 : 0;
}

// Fills parts of `whole` places (one part) or `part` places (several) with items that must not be torn apart.
std::size_t parts_of(const std::vector<int>& items, std::size_t whole, std::size_t part) {
    std::size_t total = 0;
    for (const int places : items) total += static_cast<std::size_t>(places);
    if (total == 0) return 0;
    if (total <= whole) return 1;
    std::size_t parts = 1, used = 0;
    for (const int places : items) {
        if (used + static_cast<std::size_t>(places) > part) {
            ++parts;
            used = 0;
        }
        used += static_cast<std::size_t>(places);
    }
    return parts;
}

std::string trimmed(std::string_view text) {
    static constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

std::string all_text(const pugi::xml_node& node) {
    std::string out;
    for (const auto& child : node.children()) {
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) out += child.value();
    }
    return trimmed(out);
}

TwimlReply read_message(const pugi::xml_node& node, MessagingDocument& out) {
    TwimlReply reply;
    for (const auto& attribute : node.attributes()) {
        const std::string_view name = attribute.name();
        auto* const into = name == "to"               ? &reply.to
                           : name == "from"           ? &reply.from
                           : name == "action"         ? &reply.action
                           : name == "method"         ? &reply.method
                           : name == "statusCallback" ? &reply.status_callback
                                                      : nullptr;
        if (into == nullptr) {
            out.warnings.emplace_back(12200, "Message: unknown attribute " + std::string(name));
        } else {
            *into = attribute.value();
        }
    }
    reply.body = all_text(node);
    for (const auto& child : node.children()) {
        if (child.type() != pugi::node_element) continue;
        const std::string_view name = child.name();
        if (name == "Body") {
            reply.body += all_text(child);
        } else if (name == "Media") {
            reply.media.push_back(all_text(child));
        } else {
            out.warnings.emplace_back(12200, "Message: unknown element " + std::string(name));
        }
    }
    return reply;
}

}  // namespace

Segments count_segments(std::string_view utf8) {
    Segments out;
    std::vector<int> gsm, ucs;
    for (std::size_t at = 0; at < utf8.size();) {
        const auto c = next_code_point(utf8, at);
        const int places = gsm_places(c);
        if (places == 0) out.ucs2 = true;
        gsm.push_back(places);
        ucs.push_back(c > 0xFFFF ? 2 : 1);
        ++out.characters;
    }
    out.count = out.ucs2 ? parts_of(ucs, 70, 67) : parts_of(gsm, 160, 153);
    return out;
}

Consent consent_of(std::string_view body) {
    auto word = trimmed(body);
    for (auto& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    for (const char* stop : {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}) {
        if (word == stop) return Consent::stop;
    }
    for (const char* start : {"START", "YES", "UNSTOP"}) {
        if (word == start) return Consent::start;
    }
    return word == "HELP" || word == "INFO" ? Consent::help : Consent::none;
}

std::string_view consent_reply(Consent consent) {
    switch (consent) {
        case Consent::stop:
            return "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe.";
        case Consent::start:
            return "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe. "
                   "Msg&Data Rates May Apply.";
        case Consent::help:
            return "Reply STOP to unsubscribe. Msg&Data Rates May Apply.";
        default:
            return {};
    }
}

MessagingDocument parse_messaging_twiml(std::string_view xml) {
    MessagingDocument out;
    const auto refuse = [&](int code, std::string text) {
        out.error = code;
        out.error_text = std::move(text);
        return out;
    };
    if (xml.size() > kMaxTwiml) return refuse(11750, "the document is larger than 64 kB");
    pugi::xml_document document;
    const auto parsed = document.load_buffer(xml.data(), xml.size());
    if (!parsed) return refuse(12100, parsed.description());
    const auto root = document.document_element();
    if (std::string_view(root.name()) != "Response") return refuse(12102, "the root element is not Response");
    for (const auto& verb : root.children()) {
        if (verb.type() != pugi::node_element) continue;
        const std::string_view name = verb.name();
        if (name == "Message" || name == "Sms") {
            out.replies.push_back(read_message(verb, out));
        } else if (name == "Redirect") {
            out.redirect = all_text(verb);
            out.redirect_method = std::string_view(verb.attribute("method").value()) == "GET" ? "GET" : "POST";
            break;
        } else {
            out.warnings.emplace_back(14110, "Invalid verb for a reply: " + std::string(name));
        }
    }
    return out;
}

}  // namespace parley::sim
