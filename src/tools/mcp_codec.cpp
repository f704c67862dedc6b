#include "mcp_codec.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <openssl/evp.h>

#include "answer.hpp"

namespace parley::tools {

using nlohmann::json;

namespace {

constexpr std::array<std::string_view, 4> kVersions{"2025-03-26", "2025-06-18", "2025-11-25", kMcpModern};
constexpr std::size_t kMostTools = 256;
constexpr std::size_t kMostDescription = 2000;
constexpr std::size_t kMostDepth = 64;

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}
std::string text_at(const json& object, const char* key) {
    if (!object.is_object()) return {};
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}
bool true_at(const json& object, const char* key) {
    if (!object.is_object()) return false;
    const auto found = object.find(key);
    return found != object.end() && found->is_boolean() && found->get<bool>();
}
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 60 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

// The properties that go out as headers too. False: an annotation is wrong, and the tool is not to be offered.
bool read_headers(const json& schema, McpTool& tool) {
    const auto properties = schema.find("properties");
    if (properties == schema.end() || !properties->is_object()) return true;
    std::set<std::string> seen;
    for (const auto& [name, property] : properties->items()) {
        if (!property.is_object() || !property.contains("x-mcp-header")) continue;
        const auto header = text_at(property, "x-mcp-header"), type = text_at(property, "type");
        std::string lower;
        for (const char c : header) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        if (!is_token(header) || (type != "string" && type != "integer" && type != "boolean") || !seen.insert(lower).second) return false;
        tool.headers.emplace_back(name, "Mcp-Param-" + header);
    }
    return true;
}

json meta() {
    return {{"io.modelcontextprotocol/protocolVersion", kMcpModern},
            {"io.modelcontextprotocol/clientCapabilities", json::object()},
            {"io.modelcontextprotocol/clientInfo", {{"name", "parley"}, {"version", "1.0"}}}};
}

}  // namespace

bool is_mcp_version(std::string_view version) {
    return std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end();
}

bool SseReader::feed(std::string_view bytes, std::vector<std::string>& events) {
    for (const char c : bytes) {
        if (c == '\n' && std::exchange(after_return_, false)) continue;
        after_return_ = c == '\r';
        if (c != '\n' && c != '\r') {
            if (line_.size() + data_.size() >= kMostMcpMessage) return false;
            line_ += c;
            continue;
        }
        const auto line = std::exchange(line_, {});
        if (line.empty()) {
            if (std::exchange(has_data_, false) && !data_.empty()) events.push_back(data_);
            data_.clear();
        } else if (line.starts_with("data:") || line == "data") {
            if (std::exchange(has_data_, true)) data_ += '\n';
            if (line.size() > 5) data_.append(line, line[5] == ' ' ? 6 : 5);
        }
    }
    return true;
}

McpMessage read_mcp(std::string_view text) {
    McpMessage message;
    const auto document = parse_bounded(text, kMostMcpMessage, kMostDepth);
    if (!document || !document->is_object() || text_at(*document, "jsonrpc") != "2.0") return message;
    const auto id = document->find("id");
    if (id != document->end() && (id->is_string() || id->is_number_integer())) message.id = *id;
    message.method = text_at(*document, "method").substr(0, 200);
    if (!message.method.empty()) {
        message.kind = message.id.is_null() ? McpMessage::Kind::notification : McpMessage::Kind::request;
        if (const auto params = document->find("params"); params != document->end()) message.body = *params;
    } else if (const auto result = document->find("result"); result != document->end() && result->is_object()) {
        message.kind = McpMessage::Kind::result;
        message.body = *result;
    } else if (const auto error = document->find("error"); error != document->end() && error->is_object()) {
        message.kind = McpMessage::Kind::error;
        if (const auto code = error->find("code"); code != error->end() && code->is_number_integer()) {
            const auto value = code->get<std::int64_t>();
            message.code = value >= -1000000 && value <= 1000000 ? static_cast<int>(value) : 0;
        }
        message.text = shortened(text_at(*error, "message"), 300);
        if (const auto data = error->find("data"); data != error->end()) message.body = *data;
    }
    return message;
}

std::string mcp_request(std::uint64_t id, std::string_view method, json params, bool modern) {
    if (!params.is_object()) params = json::object();
    const auto own = modern ? meta() : json::object();  // kept for as long as the loop goes over it
    for (const auto& [key, value] : own.items()) params["_meta"][key] = value;
    return dumped({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
}
std::string mcp_notification(std::string_view method, json params) {
    json message{{"jsonrpc", "2.0"}, {"method", method}};
    if (!params.is_null()) message["params"] = std::move(params);
    return dumped(message);
}
std::string mcp_initialize(std::uint64_t id, std::string_view version) {
    return mcp_request(id, "initialize",
                       {{"protocolVersion", version}, {"capabilities", json::object()}, {"clientInfo", {{"name", "parley"}, {"version", "1.0"}}}}, false);
}
std::string mcp_empty_result(const json& id) {
    return dumped({{"jsonrpc", "2.0"}, {"id", id}, {"result", json::object()}});
}
std::string mcp_not_offered(const json& id) {
    return dumped({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", -32601}, {"message", "Method not found"}}}});
}

std::string mcp_header_value(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }) && !text.empty() && text.front() != ' ' &&
                       text.back() != ' ' && !text.starts_with("=?base64?");
    if (plain) return std::string(text);
    std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    encoded.resize(static_cast<std::size_t>(length));
    return "=?base64?" + encoded + "?=";
}

McpListing read_tools(const json& result, bool modern) {
    McpListing listing;
    const auto tools = result.find("tools");
    if (tools == result.end() || !tools->is_array()) {
        listing.error = "the answer lists no tools";
        return listing;
    }
    listing.next = text_at(result, "nextCursor");
    if (const auto ttl = result.find("ttlMs"); ttl != result.end() && ttl->is_number_integer())
        listing.fresh = std::chrono::milliseconds(std::clamp<std::int64_t>(ttl->get<std::int64_t>(), 10000, 3600000));
    for (const auto& one : *tools) {
        if (listing.tools.size() >= kMostTools) {
            ++listing.dropped;
            continue;
        }
        McpTool tool;
        tool.name = text_at(one, "name");
        const auto schema = one.is_object() ? one.find("inputSchema") : one.end();
        const bool right = !tool.name.empty() && tool.name.size() <= 128 && one.is_object() && schema != one.end() && schema->is_object() &&
                           text_at(*schema, "type") == "object";
        if (!right || (modern && !read_headers(*schema, tool))) {
            ++listing.dropped;
            continue;
        }
        auto plain = *schema;
        if (!plain.contains("properties")) plain["properties"] = json::object();  // vendors of models want it
        tool.parameters = dumped(plain);
        if (!JsonSchema::compile(tool.parameters, JsonSchema::From::stranger)) {
            ++listing.dropped;
            continue;
        }
        tool.description = shortened(text_at(one, "description"), kMostDescription);
        if (tool.description.empty()) tool.description = shortened(text_at(one, "title"), kMostDescription);
        if (tool.description.empty()) tool.description = tool.name;
        if (const auto output = one.find("outputSchema"); output != one.end() && output->is_object())
            if (auto compiled = JsonSchema::compile(dumped(*output), JsonSchema::From::stranger)) tool.output = std::move(compiled.schema);
        if (const auto hints = one.find("annotations"); hints != one.end()) {
            tool.read_only = true_at(*hints, "readOnlyHint");
            tool.idempotent = tool.read_only || true_at(*hints, "idempotentHint");
        }
        listing.tools.push_back(std::move(tool));
    }
    return listing;
}

void name_tools(std::vector<McpTool>& tools) {
    std::set<std::string> taken;
    for (auto& tool : tools) {
        std::string name;
        for (const char c : tool.name) {
            if (name.size() == 64) break;
            const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
            name += plain ? c : '_';
        }
        auto free = name;
        for (int i = 2; !taken.insert(free).second; ++i) {
            const auto suffix = "_" + std::to_string(i);
            free = name.substr(0, 64 - suffix.size()) + suffix;
        }
        tool.our_name = std::move(free);
    }
}

ToolOutcome read_tool_result(const json& result, const McpTool& tool) {
    const auto type = text_at(result, "resultType");
    if (type == "input_required") return failed("error", "the tool needs more input than it was given", "input_required");
    if (!type.empty() && type != "complete") return failed("bad_response", "the tool's answer could not be used", "result_type");
    std::string text;
    std::set<std::string> others;
    const auto content = result.find("content");
    if (content != result.end() && content->is_array())
        for (const auto& item : *content) {
            const auto kind = text_at(item, "type");
            if (kind == "text") {
                if (!text.empty()) text += '\n';
                text += text_at(item, "text");
            } else if (!kind.empty()) {
                others.insert(kind.substr(0, 30));
            }
            if (text.size() > kMostAnswer) break;
        }
    const auto structured = result.find("structuredContent");
    const bool has_structure = structured != result.end() && !structured->is_null();
    if (content == result.end() && !has_structure) return failed("bad_response", "the tool's answer could not be used", "content");
    if (true_at(result, "isError")) return failed("error", shortened(text.empty() ? "the tool failed" : text, 1000), "told");
    // It says what its answers are like; the text beside the structure nobody checked.
    if (tool.output && (!has_structure || tool.output->wrong(*structured))) return failed("bad_response", "the tool's answer could not be used", "schema");
    ToolOutcome outcome;
    outcome.kind = "ok";
    if (has_structure && (tool.output || text.empty())) {
        outcome.json = result_for_model(*structured);
    } else if (!text.empty()) {
        outcome.json = result_for_model(text);
    } else {
        std::string named;
        for (const auto& kind : others) named += (named.empty() ? "" : ", ") + kind;
        outcome.json = named.empty() ? R"({"ok":true})" : dumped({{"ok", true}, {"note", "the tool answered with " + named + ", which cannot be said"}});
    }
    return outcome;
}

}  // namespace parley::tools
