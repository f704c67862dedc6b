#pragma once
// An agent as JSON: exactly what stands below `agents.<name>` in the configuration file, read by the same table and the same checks. Secrets are write-only:
// shown as "***", and "***" given back means the one that is there.

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "parley/base/secret.hpp"
#include "parley/gateway/config.hpp"

namespace parley::gateway {

struct DocumentProblem {
    std::string field;  // "policy.max_calls"; empty: of the whole
    std::string message;
};
// By the place they stand at: a JSON pointer, in which an item of a list that has a name is told by it ("/tools/=weather/headers/Authorization").
using DocumentSecrets = std::vector<std::pair<std::string, Secret>>;

struct AgentDocument {
    AgentConfig agent;
    std::map<std::string, Source> sources;
    nlohmann::json shown;  // as it is kept and given out: without secrets
    DocumentSecrets secrets;
    std::vector<DocumentProblem> problems;  // none: it may be made
    std::vector<DocumentProblem> warnings;
};

// `base`: everything it stands beside, an agent of its own name not included. `kept`: the secrets there are. `before`: the document they were given with, if
// this is another one: a secret does not stay where the address it goes to has become another (scheme, host or port); null: it is the same document.
[[nodiscard]] AgentDocument read_document(const Config& base, const std::string& name, nlohmann::json document, const DocumentSecrets& kept,
                                          bool check_files = true, const nlohmann::json& before = nullptr);

// What the file (or the environment) says of an agent, secrets hidden.
[[nodiscard]] nlohmann::json file_document(const Config& config, const AgentConfig& agent);

// JSON Schema (2020-12) of a document, made of the table's rows.
[[nodiscard]] nlohmann::json document_schema();

// Letters, digits, - and _, at most 64.
[[nodiscard]] bool good_agent_name(std::string_view name);

}  // namespace parley::gateway
