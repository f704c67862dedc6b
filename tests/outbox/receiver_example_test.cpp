// The receivers of docs/events.md take what is genuine and nothing else.

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "parley/outbox/signature.hpp"

namespace parley::outbox {
namespace {

std::string block(const std::string& language) {
    std::ifstream in(std::string(PARLEY_SOURCE_DIR) + "/docs/events.md");
    std::string all;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line == "```") inside = false;
        if (inside) all += line + "\n";
        if (line == "```" + language) inside = true;
    }
    return all;
}

// What the program says; nothing when there is no such interpreter here.
std::string said(const std::string& interpreter, const std::string& program, const std::string& name) {
    if (std::system(("command -v " + interpreter + " >/dev/null 2>&1").c_str()) != 0) return {};
    const auto file = std::filesystem::temp_directory_path() / (name + std::to_string(::getpid()));
    std::ofstream(file) << program;
    FILE* pipe = ::popen((interpreter + " " + file.string() + " 2>&1").c_str(), "r");
    std::string out;
    char buffer[256];
    while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr) out += buffer;
    if (pipe != nullptr) ::pclose(pipe);
    std::filesystem::remove(file);
    return out;
}

class Examples : public testing::Test {
protected:
    const std::int64_t now = 1'795'277'523;
    const std::string header = sign(Secret("whsec_test"), now, R"({"a":"ä"})");
};

TEST_F(Examples, node) {
    const auto program = block("js");
    ASSERT_NE(program.find("function genuine"), std::string::npos);
    std::ostringstream ask;
    ask << "\nconst at = " << now << ", header = '" << header << "', body = Buffer.from('{\"a\":\"ä\"}');\n"
        << "console.log([genuine('whsec_test', header, body, at), genuine('other', header, body, at), genuine('whsec_test', header, Buffer.from('{}'), at), "
           "genuine('whsec_test', header, body, at + 301), genuine('whsec_test', 'v1=,t=', body, at)].join(' '));\n";
    const auto out = said("node", program + ask.str(), "receiver.js");
    if (out.empty()) GTEST_SKIP() << "node is not installed";
    EXPECT_EQ(out, "true false false false false\n");
}

TEST_F(Examples, python) {
    const auto program = block("python");
    ASSERT_NE(program.find("def genuine"), std::string::npos);
    std::ostringstream ask;
    ask << "\nat, header, body = " << now << ", '" << header << "', '{\"a\":\"ä\"}'.encode()\n"
        << "print(genuine('whsec_test', header, body, at), genuine('other', header, body, at), genuine('whsec_test', header, b'{}', at), genuine('whsec_test', "
           "header, body, at + 301))\n";
    const auto out = said("python3", program + ask.str(), "receiver.py");
    if (out.empty()) GTEST_SKIP() << "python is not installed";
    EXPECT_EQ(out, "True False False False\n");
}

}  // namespace
}  // namespace parley::outbox
