#pragma once
// A running gateway's /v1, for commands: where it is, with which token, one question after the other.

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include <CLI/App.hpp>

#include "parley/base/secret.hpp"

namespace parley::cli {

// Where the options come from, first that is given: --url and --token-file; PARLEY_URL, PARLEY_TOKEN and PARLEY_TOKEN_FILE; the configuration.
struct AdminOptions {
    std::string config, url, token_file;
};
void add_admin_options(CLI::App& command, AdminOptions& options);

class AdminRun {
public:
    // Throws std::runtime_error with a sentence when it is not known whom to ask, or by which token; gateway::ConfigError.
    explicit AdminRun(const AdminOptions& options);

    struct Said {
        int status = 0;  // 0: no answer at all, and why
        nlohmann::json body;
        std::string why;
    };
    // `body` null: none. Blocks, 30 s at most.
    [[nodiscard]] Said ask(const std::string& method, const std::string& path, const nlohmann::json& body = nullptr) const;
    // What went wrong, on standard error; answers the exit status.
    int complain(const Said& said) const;
    [[nodiscard]] const std::string& url() const { return url_; }

private:
    std::string url_;
    Secret token_;
};

// A segment of a path.
[[nodiscard]] std::string escaped_segment(const std::string& text);
[[nodiscard]] std::string text_of(const nlohmann::json& json, const char* key);

}  // namespace parley::cli
