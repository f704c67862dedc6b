#include "parley/load/bench.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <optional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "floor_relay.hpp"
#include "generator.hpp"
#include "parley/load/process.hpp"

namespace parley::load {

namespace {

constexpr const char* kAccount = "AC00000000000000000000000000000001";
constexpr const char* kNumber = "+15005550001";

double quantile_us(std::vector<std::uint32_t>& values, double q) {
    if (values.empty()) return 0;
    const auto at = std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
    return values[at] / 1000.0;
}

struct Row {
    std::string name;
    std::uint32_t calls = 0;
    double cpu_percent = 0, us_per_pair = 0;
    std::array<double, 2> p50{}, p99{}, p999{};
    double pacing_p99 = 0, webhook_p99 = 0;
    std::uint64_t resident_kib = 0, lost = 0, altered = 0, crossed = 0, other = 0;
    std::uint32_t failed = 0, ended = 0;
    bool clean = false;
};

nlohmann::json to_json(const Row& row) {
    return {{"name", row.name},
            {"calls", row.calls},
            {"cpu_percent_per_call", row.cpu_percent},
            {"us_per_frame_pair", row.us_per_pair},
            {"delay_us",
             {{"to_bot", {{"p50", row.p50[0]}, {"p99", row.p99[0]}, {"p99.9", row.p999[0]}}},
              {"to_caller", {{"p50", row.p50[1]}, {"p99", row.p99[1]}, {"p99.9", row.p999[1]}}}}},
            {"interval_error_p99_us", row.pacing_p99},
            {"webhook_p99_us", row.webhook_p99},
            {"resident_kib", row.resident_kib},
            {"lost", row.lost},
            {"altered", row.altered},
            {"crossed", row.crossed},
            {"duplicated_or_reordered", row.other},
            {"failed_calls", row.failed},
            {"ended_calls", row.ended}};
}

void print_head(std::ostream& out) {
    out << "                    CPU/call   us per   added delay to bot, us     added delay to caller, us  interval   webhook    RSS\n"
           "             calls  % of core  pair     p50    p99    p99.9        p50    p99    p99.9        err p99us  p99 us     KiB     lost/alt/cross/dup\n";
}

void print(std::ostream& out, const Row& row) {
    out << std::left << std::setw(12) << row.name << std::right << std::setw(6) << row.calls << std::fixed << std::setprecision(4) << std::setw(10)
        << row.cpu_percent << std::setprecision(1) << std::setw(8) << row.us_per_pair;
    for (std::size_t d = 0; d < 2; ++d)
        out << std::setprecision(0) << std::setw(8) << row.p50[d] << std::setw(8) << row.p99[d] << std::setw(9) << row.p999[d] << "   ";
    out << std::setw(9) << row.pacing_p99 << std::setw(9) << row.webhook_p99 << std::setw(9) << row.resident_kib << "   " << row.lost << "/" << row.altered
        << "/" << row.crossed << "/" << row.other;
    if (row.failed + row.ended > 0) out << "  failed " << row.failed << " ended " << row.ended;
    out << "\n" << std::flush;
}

// Raises one subject (gateway or floor) through the levels.
std::vector<Row> measure_levels(const BenchOptions& options, const std::string& name, Generator& generator, pid_t subject, bool echo, std::ostream& out) {
    std::vector<Row> rows;
    for (const auto level : options.levels) {
        const auto within = std::chrono::milliseconds(static_cast<std::int64_t>(1000.0 * level / options.new_calls_per_second) + 15'000);
        if (!generator.raise_to(level, options.new_calls_per_second, within)) {
            out << name << ": only part of " << level << " calls stood; this level is the end\n";
            break;
        }
        generator.run(std::chrono::milliseconds(1500));
        const auto cpu_before = cpu_ns(subject);
        const auto began = now_ns();
        auto result = generator.measure(std::chrono::seconds(options.seconds));
        const auto wall = static_cast<double>(now_ns() - began);
        const auto cpu = static_cast<double>(cpu_ns(subject) - cpu_before);
        Row row;
        row.name = name;
        row.calls = result.calls;
        row.cpu_percent = 100.0 * cpu / wall / std::max(1U, level);
        row.us_per_pair = cpu / 1000.0 / (wall / 20e6 * std::max(1U, level));
        for (std::size_t d = 0; d < 2; ++d) {
            auto& direction = result.direction[d];
            row.p50[d] = quantile_us(direction.delay_ns, 0.5);
            row.p99[d] = quantile_us(direction.delay_ns, 0.99);
            row.p999[d] = quantile_us(direction.delay_ns, 0.999);
            row.lost += direction.lost;
            row.other += direction.duplicated + direction.reordered;
        }
        row.pacing_p99 = quantile_us(result.interval_error_ns, 0.99);
        row.webhook_p99 = quantile_us(result.webhook_ns, 0.99);
        row.resident_kib = resident_kib(subject);
        row.altered = result.altered;
        row.crossed = result.crossed;
        row.failed = result.failed_calls;
        row.ended = result.ended_calls;
        row.clean = result.clean();
        print(out, row);
        rows.push_back(row);
        const auto worst = echo ? row.p99[1] : std::max(row.p99[0], row.p99[1]);
        if (!row.clean || worst > options.p99_limit_ms * 1000) break;
    }
    return rows;
}

std::string gateway_config(const BenchOptions& options, std::uint16_t port, std::uint16_t admin, std::uint16_t bot_port) {
    std::string text = "version: 1\nserver:\n  listen: \"127.0.0.1:" + std::to_string(port) +
                       "\"\n  public_url: \"https://bench.invalid\"\n  admin_listen: \"127.0.0.1:" + std::to_string(admin) +
                       "\"\n  workers: 1\n  data_dir: \"" + options.work_dir + "/data\"\n  drain_accept_grace: 0s\n";
    if (!options.max_batch.empty()) text += "  max_batch: " + options.max_batch + "\n";
    text += "twilio:\n  account_sids: [\"" + std::string(kAccount) +
            "\"]\nlimits:\n  max_calls: 4000\n  new_calls_per_second: 5000\n  burst: 5000\n  preauth_connections: 4096\n  preauth_per_address: 4096\n";
    text += "agents:\n  bench:\n    default: true\n    max_call: 2h\n    brain: ";
    if (options.echo)
        text += "echo\n";
    else
        text += "bot\n    bot: \"ws://127.0.0.1:" + std::to_string(bot_port) + "/\"\n";
    return text;
}

}  // namespace

int run_bench(const BenchOptions& given, std::ostream& out) {
    BenchOptions options = given;
    std::filesystem::create_directories(options.work_dir);
    options.work_dir = std::filesystem::absolute(options.work_dir).string();
    bind_to_cpu(options.load_cpu);
    const auto max_calls = *std::ranges::max_element(options.levels);
    nlohmann::json results = nlohmann::json::array();
    bool clean = true;
    out << "Parley bench: " << (options.echo ? "echo brain" : "bot bridge") << ", " << options.seconds << " s a level, gateway on core " << options.gateway_cpu
        << ", load on core " << options.load_cpu << "\n";
    print_head(out);

    if (options.floor && !options.echo) {
        Target target;
        target.webhook = false;
        target.account_sid = kAccount;
        auto listener = Socket::listen_loopback(0, 4096);
        target.port = listener.local_port();
        Generator generator(target, max_calls);
        const pid_t pid = ::fork();
        if (pid == 0) {
            bind_to_cpu(options.gateway_cpu);
            run_floor_relay(listener.fd(), generator.bot_port());
        }
        Child floor(pid);
        listener.close();
        for (const auto& row : measure_levels(options, "floor relay", generator, pid, false, out)) results.push_back(to_json(row));
        generator.hang_up_all();
    }

    const std::string token = "0123456789abcdef0123456789abcdef";  // of the simulated account, made for this run's loopback gateway only
    Target target;
    target.port = free_loopback_port();
    const auto admin = free_loopback_port();
    target.public_base = "https://bench.invalid";  // the balancer in front is the load generator itself
    target.account_sid = kAccount;
    target.auth_token = token;
    target.to_number = kNumber;
    target.echo = options.echo;
    Generator generator(target, max_calls);
    const auto config = options.work_dir + "/parley.yaml";
    std::ofstream(config) << gateway_config(options, target.port, admin, generator.bot_port());
    auto gateway =
        Child::spawn({options.binary, "serve", "--config", config}, {"TWILIO_AUTH_TOKEN=" + token}, options.gateway_cpu, options.work_dir + "/gateway.log");
    if (!wait_ready(admin, gateway, std::chrono::seconds(10))) {
        out << "the gateway did not come up; its log: " << options.work_dir << "/gateway.log\n";
        return 1;
    }
    const auto base_kib = resident_kib(gateway.pid());
    auto rows = measure_levels(options, "parley", generator, gateway.pid(), options.echo, out);
    for (const auto& row : rows) {
        results.push_back(to_json(row));
        clean = clean && row.clean;
    }
    if (rows.size() >= 2) {
        const auto& first = rows.front();
        const auto& last = rows.back();
        const auto per_call = static_cast<double>(last.resident_kib - first.resident_kib) / std::max(1U, last.calls - first.calls);
        out << "memory: base " << base_kib << " KiB, slope over levels " << std::fixed << std::setprecision(1) << per_call << " KiB a call\n";
    }
    generator.hang_up_all();
    const int status = gateway.end();
    if (status != 0) out << "the gateway ended with status " << status << "; its log: " << options.work_dir << "/gateway.log\n";
    if (!options.json_path.empty()) std::ofstream(options.json_path) << results.dump(2) << "\n";
    return clean && status == 0 ? 0 : 1;
}

}  // namespace parley::load
