// This machine: descriptors, the data directory; and the vendors' keys.
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "doctor.hpp"
#include "online_check.hpp"

namespace parley::cli {
namespace {

constexpr std::uint64_t kLeast = 100ULL << 20U, kLittle = 1ULL << 30U;

void check_data(const gateway::Config& config, Findings& found) {
    const std::filesystem::path directory = config.server.data_dir;
    std::error_code ec;
    std::filesystem::path place = directory;
    // It is made at the first start: then its nearest ancestor counts.
    while (!std::filesystem::exists(place, ec) && place.has_parent_path() && place != place.parent_path()) place = place.parent_path();
    if (place.empty()) place = ".";
    const auto probe = place / (".parley-doctor-" + std::to_string(::getpid()));
    bool written = false;
    if (std::filesystem::is_directory(place, ec)) {
        std::ofstream out(probe);
        out << "probe" << std::flush;
        written = out.good();
    }
    std::filesystem::remove(probe, ec);
    if (!written) {
        found.push_back({"machine.data_dir", Verdict::fail, "server.data_dir " + directory.string() + " cannot be written by this user.",
                         "Create it and give it to the user the gateway runs as, or name another.", false});
        return;
    }
    struct statvfs space{};
    if (::statvfs(place.c_str(), &space) == 0) {
        const auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
        const std::string left = std::to_string(free >> 20U) + " MiB are free for server.data_dir " + directory.string();
        if (free < kLittle) {
            found.push_back({"machine.data_dir", free < kLeast ? Verdict::fail : Verdict::warn, "Only " + left + ".",
                             "Make room: recordings take about 1 MiB a minute.", false});
            return;
        }
    }
    found.push_back({"machine.data_dir", Verdict::ok, "server.data_dir " + directory.string() + " can be written.", {}, false});
}

}  // namespace

void check_machine(const gateway::Config& config, Findings& found) {
    if (const auto short_of = gateway::ensure_descriptors(config))
        found.push_back({"machine.descriptors", Verdict::fail, *short_of, "Raise the limit (LimitNOFILE, ulimit -n), or lower limits.max_calls.", false});
    else
        found.push_back({"machine.descriptors", Verdict::ok, "There are descriptors for all calls allowed.", {}, false});
    check_data(config, found);
}

void check_vendors(const gateway::Config& config, bool online, Findings& found) {
    std::set<std::string> used;
    for (const auto& agent : config.agents) {
        for (const auto* names : {&agent.stt, &agent.lm, &agent.tts, &agent.s2s}) used.insert(names->begin(), names->end());
    }
    std::size_t keys = 0;
    bool missing = false;
    for (const auto& name : used) {
        const auto* endpoint = config.vendor(name);
        if (endpoint == nullptr) continue;
        ++keys;
        if (!endpoint->key.empty() || !endpoint->base_url.empty()) continue;  // a server of one's own may want none
        missing = true;
        found.push_back({"vendor.key", Verdict::fail, "vendors." + name + " (" + endpoint->vendor + ") has no key.",
                         "Give vendors." + name + ".key, as env:NAME or file:/path.", false});
    }
    if (keys == 0) return;
    if (!online) {
        if (!missing)
            found.push_back({"vendor.key", Verdict::skipped, "Every vendor in use has a key; whether they are taken was not asked.", "Say --online.", false});
        return;
    }
    for (const auto& answer : ask_vendors(config)) {
        const std::string who = "vendors." + answer.name + " (" + answer.vendor + ", " + answer.role + ")";
        if (answer.failure.empty())
            found.push_back({"vendor.key", Verdict::ok, who + " answers: " + answer.stages + ".", {}, false});
        else
            found.push_back({"vendor.key", Verdict::fail, who + ": " + answer.failure + ".", "Check its key, model and address.", false});
    }
}

}  // namespace parley::cli
