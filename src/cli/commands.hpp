#pragma once
// The subcommands. Each adds itself to the command line; the chosen one leaves what to do in `run`, which answers the exit status.

#include <CLI/App.hpp>
#include <functional>
#include <string>

namespace parley::cli {

// Exit statuses every subcommand shares.
inline constexpr int kUsage = 2, kConfiguration = 3, kBind = 4, kStore = 5;

struct Chosen {
    std::string binary;  // this program's path, for those that start it again
    std::function<int()> run;
};

void add_serve(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_seal(CLI::App& app, Chosen& chosen);
void add_health(CLI::App& app, Chosen& chosen);
void add_replay(CLI::App& app, Chosen& chosen);
void add_call(CLI::App& app, Chosen& chosen);
void add_dial(CLI::App& app, Chosen& chosen);
void add_sim(CLI::App& app, Chosen& chosen);
void add_demo(CLI::App& app, Chosen& chosen);
void add_bench(CLI::App& app, Chosen& chosen);
void add_turn_bench(CLI::App& app, Chosen& chosen);
void add_chaos(CLI::App& app, Chosen& chosen);
void add_numbers(CLI::App& app, Chosen& chosen);
void add_doctor(CLI::App& app, Chosen& chosen);
void add_person(CLI::App& app, Chosen& chosen);  // erase, export
void add_agents(CLI::App& app, Chosen& chosen);
void add_token(CLI::App& app, Chosen& chosen);
void add_calls(CLI::App& app, Chosen& chosen);
void add_store(CLI::App& app, Chosen& chosen);

}  // namespace parley::cli
