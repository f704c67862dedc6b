#pragma once
// The language models' surfaces, one source file each; vendors with several surfaces route to them by path.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/sim/vendor_emulator.hpp"

namespace parley::sim {

// OpenAI POST /v1/chat/completions and /v1/responses.
Task<> openai_chat(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);
Task<> openai_responses(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);

// Gemini …/models/{model}:generateContent and :streamGenerateContent.
[[nodiscard]] bool gemini_generate_path(std::string_view path);
Task<> gemini_generate(EmulatorWorld& world, EmulatorRequest request, HttpAnswer& out, Fault fault);

[[nodiscard]] std::shared_ptr<VendorEmulator> make_anthropic_emulator(std::shared_ptr<EmulatorWorld> world);
[[nodiscard]] std::shared_ptr<VendorEmulator> make_langflow_emulator(std::shared_ptr<EmulatorWorld> world);

// ---- what they share

// What a model is asked, whatever the vendor's words for it: what the world's mind needs, and what is wrong with it.
struct ModelAsked {
    std::string said;         // by the user since the model last answered
    std::string tool_result;  // name of the tool whose result came last; empty: none
    std::vector<std::string> tools;
    std::string wrong;      // with the request, in the vendor's words; empty: nothing
    std::string parameter;  // which member is wrong
};

// What it answers: pieces of text, then perhaps a call; cut or empty or endless as the script says.
struct ModelAnswer {
    std::vector<std::string> deltas;
    std::string tool;                 // empty: none; never one that was not offered
    std::vector<std::string> pieces;  // of its arguments; together they are the JSON object
    std::string cut;                  // "length", "content", or empty
    bool endless = false;             // the deltas again and again

    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string arguments() const;
    [[nodiscard]] int tokens() const { return static_cast<int>(deltas.size() + pieces.size()); }
};
[[nodiscard]] ModelAnswer model_answer(const EmulatorWorld& world, const Fault& fault, const ModelAsked& asked);

// Sends each delta as an item, in the world's time. False: the client has gone.
Task<bool> send_deltas(EmulatorWorld& world, HttpAnswer& out, const ModelAnswer& answer, std::function<std::string(const std::string&)> event);

// Member of an object, or null; text of a member, or empty.
[[nodiscard]] const nlohmann::json& at(const nlohmann::json& object, const char* key);
[[nodiscard]] std::string text_at(const nlohmann::json& object, const char* key);
// A string, or the texts of its parts (any type that has "text").
[[nodiscard]] std::string content_text(const nlohmann::json& content);
// Is it a JSON Schema of an object, as function parameters must be?
[[nodiscard]] bool object_schema(const nlohmann::json& schema);
[[nodiscard]] bool tool_name(const std::string& name);  // [a-zA-Z0-9_-]{1,64}
[[nodiscard]] int rough_tokens(std::string_view text);

}  // namespace parley::sim
