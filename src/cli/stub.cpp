#include "commands.hpp"
namespace parley::cli { void add_call(CLI::App&, Chosen&) {} void add_sim(CLI::App&, Chosen&) {} void add_demo(CLI::App&, Chosen&) {} }
