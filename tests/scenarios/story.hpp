#pragma once
// A story: several people, one gateway, one simulated carrier, told in a YAML file and judged by what the people heard.
//
//   name, speed (of the line; default 1), gateway: {agents: …, menus: …, …}   sections of the gateway's configuration
//   people: {"+1555…": {rings, answers: busy|no_answer|failed, machine: text, voice, steps: […]}}   who answers when dialled; steps as in scenario files
//   calls: {ann: {from, to, voice, starts: false, steps: […]}}   who calls in; all start at once unless `starts: false`
//   acts: […]   done one after another while the calls run
//   after: […]  the same, when every call is over
// Acts: pause: 2s · call: ann · wait: {call: ann | number: "+1…", status: in-progress, within: 20s} · said: {who: ann | "+1…", text: …, within} ·
//   admin: {method, path, body: {…}, status: 200, keep: {name: /json/pointer}, is: {/json/pointer: value}, within} ·
//   text: {from, to, body} · inbox: {number, contains, within} · record: {call: ann | sid, is: {/pointer: value | "~part"}, within} ·
//   heard_by: {number, all: [phrases], none: [phrases]} (after only) · ended: {number, count, status} · metric: {name, least} ·
//   parley: {args: "numbers list", exit: 0, contains: [texts], keep: {name: /json/pointer}}
// "{ann}" in a path or value is that call's SID; "{scripts}" the directory of scripts, "{data}" that of the tests' files, "{admin}" the gateway's admin
// listener; kept values go by their names in the same way.

#include <filesystem>
#include <string>
#include <vector>

namespace parley::scenarios {

struct Told {
    std::vector<std::string> failures;  // empty: it went as written
    std::string protocol;               // what everybody said and heard, and what Twilio was asked, for whoever reads a failure
};

// `store`: the section of the configuration (StoreUnderTest::section); empty: the default.
[[nodiscard]] Told tell(const std::filesystem::path& story, const std::string& store = {});

}  // namespace parley::scenarios
