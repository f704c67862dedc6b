#include "parley/policy/usage.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace parley::policy {

namespace {

constexpr double kMicros = 1e6;
constexpr std::int64_t kBatchKeptMs = std::int64_t{24} * 3600 * 1000;

std::int64_t whole(double micros) {
    return static_cast<std::int64_t>(std::llround(std::clamp(micros, 0.0, 9e15)));
}

}  // namespace

Used& Used::operator+=(const Used& more) {
    calls += more.calls;
    milliseconds += more.milliseconds;
    input_tokens += more.input_tokens;
    output_tokens += more.output_tokens;
    characters += more.characters;
    micros += more.micros;
    return *this;
}

std::string day_of(std::chrono::sys_seconds instant) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(instant));
    std::array<char, 32> text{};
    (void)std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()));
    return text.data();
}

bool is_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
    int parts[3] = {0, 0, 0};
    std::size_t part = 0;
    for (const char c : text) {
        if (c == '-') {
            if (++part > 2) return false;
            continue;
        }
        if (c < '0' || c > '9') return false;
        parts[part] = parts[part] * 10 + (c - '0');
    }
    return std::chrono::year_month_day(std::chrono::year(parts[0]), std::chrono::month(static_cast<unsigned>(parts[1])),
                                       std::chrono::day(static_cast<unsigned>(parts[2])))
        .ok();
}

std::string_view reached(const Budget& budget, const Used& used) {
    if (budget.money && static_cast<double>(used.micros) >= *budget.money * kMicros) return "money";
    if (budget.tokens && static_cast<std::uint64_t>(used.input_tokens + used.output_tokens) >= *budget.tokens) return "tokens";
    if (budget.time && used.milliseconds >= std::chrono::milliseconds(*budget.time).count()) return "time";
    return {};
}

const Price* PriceList::find(std::string_view name) const {
    const auto entry = std::ranges::find(vendors_, name, &VendorName::name);
    const Price* best = nullptr;
    int best_rank = 0;
    for (const auto& row : prices_.rows) {
        const bool by_name = row.vendor == name, by_vendor = entry != vendors_.end() && row.vendor == entry->vendor;
        if (!by_name && !by_vendor) continue;
        const bool any = row.model.empty() || row.model == "*";
        if (!any && (entry == vendors_.end() || row.model != entry->model)) continue;
        const int rank = (any ? 0 : 2) + (by_name ? 2 : 1);
        if (rank > best_rank) {
            best = &row;
            best_rank = rank;
        }
    }
    return best;
}

std::int64_t PriceList::micros(std::string_view name, std::string_view role, const Used& used) const {
    return whole(exact_micros(name, role, used));
}

double PriceList::exact_micros(std::string_view name, std::string_view role, const Used& used) const {
    const auto* price = find(name);
    if (price == nullptr) return 0;
    double money = static_cast<double>(used.input_tokens) * price->input_per_million / 1e6 +
                   static_cast<double>(used.output_tokens) * price->output_per_million / 1e6 +
                   static_cast<double>(used.characters) * price->per_thousand_characters / 1e3;
    if (role == "stt" || role == "realtime") money += static_cast<double>(used.milliseconds) / 60'000.0 * price->per_minute;
    return std::clamp(money * kMicros, 0.0, 9e15);
}

std::int64_t PriceList::carrier_micros(std::chrono::milliseconds connected) const {
    return whole(static_cast<double>(connected.count()) / 60'000.0 * prices_.call_per_minute * kMicros);
}

Used used_by(const brain::VendorRecord& record) {
    Used used;
    used.calls = record.under_way ? 0 : 1;
    const auto rest = [](std::int64_t all, std::int64_t told) { return std::max<std::int64_t>(0, all - told); };
    used.milliseconds = rest(record.lasted.count(), record.told.count());
    used.input_tokens = rest(record.input_tokens, record.told_input_tokens);
    used.output_tokens = rest(record.output_tokens, record.told_output_tokens);
    used.characters = record.characters;
    return used;
}

void add_usage(store::Session& session, const UsageTable& more) {
    for (const auto& [key, used] : more)
        session.run(
            "INSERT INTO policy_usage(day, agent, vendor, role, calls, milliseconds, input_tokens, output_tokens, characters, micros) VALUES($1, $2, $3, $4, "
            "$5, $6, $7, $8, $9, $10) "
            "ON CONFLICT(day, agent, vendor, role) DO UPDATE SET calls = policy_usage.calls + excluded.calls, milliseconds = policy_usage.milliseconds + "
            "excluded.milliseconds, "
            "input_tokens = policy_usage.input_tokens + excluded.input_tokens, output_tokens = policy_usage.output_tokens + excluded.output_tokens, "
            "characters = policy_usage.characters + excluded.characters, micros = policy_usage.micros + excluded.micros",
            {key.day, key.agent, key.vendor, key.role, used.calls, used.milliseconds, used.input_tokens, used.output_tokens, used.characters, used.micros});
}

bool add_usage(store::Session& session, const UsageTable& more, std::string_view batch) {
    const auto now = store::now_ms();
    session.run("INSERT INTO policy_batches(id, at_ms) VALUES($1, $2) ON CONFLICT(id) DO NOTHING", {std::string(batch), now});
    if (session.changed() == 0) return false;
    add_usage(session, more);
    session.run("DELETE FROM policy_batches WHERE at_ms < $1", {now - kBatchKeptMs});
    return true;
}

UsageTable read_usage(store::Session& session, std::string_view day, std::string_view agent) {
    UsageTable table;
    const auto rows =
        agent.empty()
            ? session.run("SELECT agent, vendor, role, calls, milliseconds, input_tokens, output_tokens, characters, micros FROM policy_usage WHERE day = $1",
                          {std::string(day)})
            : session.run(
                  "SELECT agent, vendor, role, calls, milliseconds, input_tokens, output_tokens, characters, micros FROM policy_usage WHERE day = $1 AND agent "
                  "= $2",
                  {std::string(day), std::string(agent)});
    for (const auto& row : rows)
        table[{std::string(day), row.text(0), row.text(1), row.text(2)}] = Used{.calls = row.integer(3),
                                                                                .milliseconds = row.integer(4),
                                                                                .input_tokens = row.integer(5),
                                                                                .output_tokens = row.integer(6),
                                                                                .characters = row.integer(7),
                                                                                .micros = row.integer(8)};
    return table;
}

}  // namespace parley::policy
