#include <cstdio>
#include <fstream>
#include <memory>

#include "commands.hpp"
#include "parley/call/call_file.hpp"

namespace parley::cli {

void add_replay(CLI::App& app, Chosen& chosen) {
    auto files = std::make_shared<std::vector<std::string>>();
    auto* command = app.add_subcommand("replay", "Run call files through this build's conversation core and show the first difference.");
    command->add_option("file", *files, "call files")->required();
    command->callback([&chosen, files] {
        chosen.run = [files] {
            int status = 0;
            for (const auto& path : *files) {
                std::ifstream in(path);
                if (!in) {
                    std::fprintf(stderr, "%s: cannot be opened\n", path.c_str());
                    status = 1;
                    continue;
                }
                const auto result = call::replay_call_file(in);
                if (!result.error.empty()) {
                    std::fprintf(stderr, "%s: %s\n", path.c_str(), result.error.c_str());
                    status = 1;
                } else if (result.identical) {
                    std::printf("%s: identical (%llu inputs, %llu commands, %llu frames%s)\n", path.c_str(), static_cast<unsigned long long>(result.inputs),
                                static_cast<unsigned long long>(result.outputs), static_cast<unsigned long long>(result.frames),
                                result.complete ? "" : "; the file was cut short");
                } else {
                    std::printf("%s: differs at line %llu\n", path.c_str(), static_cast<unsigned long long>(result.line));
                    for (const auto& line : result.context) std::printf("    %s\n", line.c_str());
                    std::printf("  recorded: %s\n  now:      %s\n", result.recorded.c_str(), result.replayed.c_str());
                    status = 1;
                }
            }
            return status;
        };
    });
}

}  // namespace parley::cli
