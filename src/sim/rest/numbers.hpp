#pragma once
// AvailablePhoneNumbers, IncomingPhoneNumbers, OutgoingCallerIds and Applications: what can be bought, what is owned and what an incoming call or
// message to it does.

#include <set>

#include "number_stock.hpp"
#include "world.hpp"

namespace parley::sim {

class Numbers final : public Family {
public:
    explicit Numbers(RestWorld& world);
    [[nodiscard]] ApiAnswer handle(const ApiCall& call) override;

    // Adds an owned number, or rewires it.
    void set(const std::string& number, const NumberEntry& entry);
    [[nodiscard]] Record* owned(const std::string& number);
    [[nodiscard]] bool owns_any() { return !owned_.all().empty(); }
    // Owned, or a verified caller id.
    [[nodiscard]] bool usable_sender(const std::string& number);
    [[nodiscard]] bool verified(const std::string& number);
    [[nodiscard]] Record* application(const std::string& sid) { return applications_.find(sid); }
    [[nodiscard]] std::list<Record>& all() { return owned_.all(); }

    // What happens to a call that comes in for an owned number.
    struct Voice {
        enum class Mode : std::uint8_t { webhook, application, trunk, unset } mode = Mode::unset;
        std::string url, method, fallback_url, fallback_method, status_callback, status_callback_method;
    };
    [[nodiscard]] Voice voice(const Record& number);
    struct Sms {
        std::string url, method, fallback_url, fallback_method;
    };
    [[nodiscard]] Sms sms(const Record& number);

private:
    [[nodiscard]] ApiAnswer available(const ApiCall& call);
    [[nodiscard]] ApiAnswer search(const ApiCall& call, const std::string& country, const std::string& type);
    [[nodiscard]] ApiAnswer incoming(const ApiCall& call);
    [[nodiscard]] ApiAnswer buy(const ApiCall& call, const std::string& type);
    [[nodiscard]] ApiAnswer caller_ids(const ApiCall& call);
    [[nodiscard]] ApiAnswer applications(const ApiCall& call);
    [[nodiscard]] Record& own(const StockNumber& number);
    [[nodiscard]] std::optional<ApiAnswer> write(const ApiCall& call, Json& record);
    // Who dials an owned number reaches what it is wired to, unless the simulation has somebody else answer there.
    void connect(const Record& record, bool released = false);

    RestWorld& world_;
    Records owned_, caller_ids_, applications_;
};

}  // namespace parley::sim
