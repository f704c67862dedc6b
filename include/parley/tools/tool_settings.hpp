#pragma once
// Tools an agent's model may call, besides the built-in ones (AgentMessaging::tools), as they are declared.

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "parley/base/secret.hpp"

namespace parley::tools {

struct HttpTool {
    std::string name, description;
    std::string parameters;            // JSON Schema of an object, as JSON text
    std::string method = "POST", url;  // {argument} and {call.from} … in url, headers' values and body; escaped for where they stand
    std::map<std::string, Secret> headers;
    std::string body;    // JSON template; empty: the neutral tool_call object
    Secret signing_key;  // non-empty: X-Signature
    std::chrono::milliseconds timeout{8000};
    bool idempotent = false;                       // may be sent again; GET is
    bool consequential = false;                    // needs the caller's yes first
    bool cancel_on_interruption = false;           // read-only: given up when the caller interrupts or hangs up
    std::string result;                            // JSON pointer into the answer; empty: all of it
    std::string response_schema;                   // the answer has to hold to it; empty: any
    std::map<std::string, std::string> variables;  // name -> JSON pointer into the answer, kept for the call
    std::string filler;                            // said when it takes long; empty: the agent's usual ones
    std::uint32_t concurrency = 16;                // at once, all calls together; further ones wait, 4 times as many at most
};

struct McpServer {
    std::string name, url;
    std::map<std::string, Secret> headers;
    std::vector<std::string> allow;  // tools by their name there; empty: all
    std::vector<std::string> consequential;
    std::chrono::milliseconds timeout{10000};
    std::string version;  // empty: found out
};

struct CalendarSettings {
    std::string url;  // CalDAV-shaped collection: events are PUT as <uid>.ics, busy times read by REPORT or free/busy
    std::string username;
    Secret password;
    std::chrono::minutes length{30};
    std::string time_zone;  // empty: the agent's
};

struct ToolSettings {
    std::vector<HttpTool> http;
    std::vector<McpServer> mcp;
    CalendarSettings calendar;               // for book_appointment; empty url: none
    std::vector<std::string> consequential;  // built-in ones that need the caller's yes
    std::uint32_t per_turn = 6, per_call = 30;
    std::map<std::string, std::string> transfers{};  // by name: where a tool's answer may send the caller; the agent's own
    std::vector<std::string> private_networks;       // addresses or networks tools may reach although they are not public
};

}  // namespace parley::tools
