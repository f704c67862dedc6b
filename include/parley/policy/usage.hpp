#pragma once
// What calls use of vendors and the carrier, what that costs by the price table, and how it adds up by day. Money is counted in millionths of the table's
// currency, so that sums are exact.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/ports.hpp"
#include "parley/policy/policy_settings.hpp"
#include "parley/store/database.hpp"

namespace parley::policy {

inline constexpr std::string_view kCarrier = "carrier", kCallRole = "call";  // the call itself, among vendors

struct Used {
    std::int64_t calls = 0, milliseconds = 0, input_tokens = 0, output_tokens = 0, characters = 0, micros = 0;
    Used& operator+=(const Used& more);
    friend bool operator==(const Used&, const Used&) = default;
};

struct UsageKey {
    std::string day, agent, vendor, role;  // day: UTC, "2026-11-21"
    friend auto operator<=>(const UsageKey&, const UsageKey&) = default;
};
using UsageTable = std::map<UsageKey, Used>;

[[nodiscard]] std::string day_of(std::chrono::sys_seconds instant);
[[nodiscard]] bool is_day(std::string_view text);

// Which of a budget's limits is reached: "money", "tokens", "time"; empty: none.
[[nodiscard]] std::string_view reached(const Budget& budget, const Used& used);

// The vendors configured, by the names records carry.
struct VendorName {
    std::string name, vendor, model;
};
class PriceList {
public:
    PriceList() = default;
    PriceList(Prices prices, std::vector<VendorName> vendors) : prices_(std::move(prices)), vendors_(std::move(vendors)) {}
    // The row that fits best: its model before any model, the entry's name before the vendor's. Null: it costs nothing.
    [[nodiscard]] const Price* find(std::string_view name) const;
    // `used` without money. Time is paid for where it is listened to (stt, realtime); what is spoken goes by its characters.
    [[nodiscard]] std::int64_t micros(std::string_view name, std::string_view role, const Used& used) const;
    [[nodiscard]] double exact_micros(std::string_view name, std::string_view role, const Used& used) const;  // with what is less than one
    [[nodiscard]] std::int64_t carrier_micros(std::chrono::milliseconds connected) const;
    [[nodiscard]] const std::string& currency() const { return prices_.currency; }

private:
    Prices prices_;
    std::vector<VendorName> vendors_;
};
[[nodiscard]] Used used_by(const brain::VendorRecord& record);  // money apart; what was told already is not used again

// Inside a transaction: adds to what is there, and reads it. `agent` empty: all of the day.
void add_usage(store::Session& session, const UsageTable& more);
// Once for each batch: one whose answer was lost may be sent again within a day. False: it is there already.
bool add_usage(store::Session& session, const UsageTable& more, std::string_view batch);
[[nodiscard]] UsageTable read_usage(store::Session& session, std::string_view day, std::string_view agent);

}  // namespace parley::policy
