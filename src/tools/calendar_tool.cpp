#include "calendar_tool.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <mutex>
#include <stdexcept>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "answer.hpp"
#include "caldav_codec.hpp"
#include "parley/tools/call_tools.hpp"

namespace parley::tools {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr auto kTimeout = 10s;
constexpr std::size_t kMostZones = 16;
constexpr auto kFarthest = std::chrono::days(366);
constexpr std::string_view kDate = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", kTime = "^([01][0-9]|2[0-3]):[0-5][0-9]$";

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}
Second now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string basic(const CalendarSettings& settings) {
    const auto text = settings.username + ":" + std::string(settings.password.reveal());
    std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
    const auto size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    out.resize(static_cast<std::size_t>(size));
    return "Basic " + out;
}

std::optional<int> digits(std::string_view text) {
    int value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}
std::optional<std::chrono::sys_days> day_of(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)), day = digits(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const auto date = std::chrono::year(*year) / *month / *day;
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}
std::optional<std::chrono::minutes> clock_of(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto hour = digits(text.substr(0, 2)), minute = digits(text.substr(3, 2));
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    return std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

// One calendar, whichever of the tools asks.
class Calendar {
public:
    Calendar(const CalendarSettings& settings, const std::optional<flows::Hours>& hours, std::shared_ptr<const net::EgressGuard> guard)
        : settings_(settings), hours_(hours), guard_(std::move(guard)) {
        if (const auto reason = net::egress_url(settings.url); reason != net::EgressReason::none)
            throw std::invalid_argument("url: cannot be used (" + std::string(net::name(reason)) + ")");
        if (!settings.time_zone.empty()) {
            std::string why;
            zone_ = flows::TimeZone::load(settings.time_zone, &why);
            if (!zone_) throw std::invalid_argument("time_zone: '" + settings.time_zone + "' " + why);
        } else {
            zone_ = hours ? hours->zone : flows::TimeZone::utc();
        }
        if (settings.username.find(':') != std::string::npos) throw std::invalid_argument("username: must not have a colon in it");
        if (!settings.username.empty()) authorization_ = Secret(basic(settings));
    }

    struct Read {
        std::vector<TimeSpan> busy;
        std::optional<ToolOutcome> failed;
    };
    net::Task<Read> read(const TimeSpan& window, std::string except_uid, TimePoint deadline, net::HttpClient& http) const {
        CalendarReading reading;
        reading.window = window;
        reading.zone = zone_;
        reading.zone_of = [this](std::string_view tzid) { return zone_of(tzid); };
        reading.except_uid = std::move(except_uid);
        Read read;
        net::HttpCall ask;
        prepare(ask, "REPORT", settings_.url, deadline);
        ask.headers.add("Depth", "1");
        ask.headers.add("Content-Type", "application/xml; charset=utf-8");
        ask.body = calendar_query(window);
        auto reply = co_await guard_->request(http, std::move(ask));
        if (reply && reply->status == 207) {
            const auto texts = read_multistatus(reply->body);
            if (!texts) {
                read.failed = unusable("multistatus");
                co_return read;
            }
            std::size_t size = 0;
            for (const auto& text : *texts) size += text.size();
            for (const auto& text : *texts) {
                auto more = size > kMostCalendar ? std::nullopt : read_busy(text, reading);
                if (!more || read.busy.size() + more->size() > 10 * kMostEvents) {
                    read.failed = unusable("calendar");
                    co_return read;
                }
                read.busy.insert(read.busy.end(), more->begin(), more->end());
            }
            co_return read;
        }
        // A server that is no CalDAV one: the whole calendar.
        const bool plain = reply && (reply->status == 400 || reply->status == 405 || reply->status == 501);
        if (plain) {
            net::HttpCall get;
            prepare(get, "GET", settings_.url, deadline);
            get.headers.add("Accept", "text/calendar");
            auto whole = co_await guard_->request(http, std::move(get));
            reply = std::move(whole);
        }
        if (!reply) {
            read.failed = unreachable(reply.error());
        } else if (reply->status != 200 || !plain) {
            read.failed = failed("error", "the calendar cannot be read now", "status " + std::to_string(reply->status));
        } else if (auto busy = read_busy(reply->body, reading)) {
            read.busy = std::move(*busy);
        } else {
            read.failed = unusable("calendar");
        }
        co_return read;
    }

    // Nothing: it stands there now.
    net::Task<std::optional<ToolOutcome>> put(const CalendarEvent& event, TimePoint deadline, net::HttpClient& http) const {
        net::HttpCall call;
        prepare(call, "PUT", settings_.url + (settings_.url.ends_with('/') ? "" : "/") + event.uid + ".ics", deadline);
        call.headers.add("Content-Type", "text/calendar; charset=utf-8");
        call.headers.add("If-None-Match", "*");
        call.body = write_event(event);
        std::optional<ToolOutcome> outcome;
        const auto reply = co_await guard_->request(http, std::move(call));
        if (!reply)
            outcome = reply.error() == net::Errc::timed_out ? failed("timeout", "timeout: nobody knows whether it was booked", "deadline")
                                                            : unreachable(reply.error());
        // 412: the event of this very wish stands there already, its name says so.
        else if (reply->status != 200 && reply->status != 201 && reply->status != 204 && reply->status != 412)
            outcome = failed("error", "the calendar did not take the appointment", "status " + std::to_string(reply->status));
        co_return outcome;
    }

    [[nodiscard]] std::string date_text(Second at) const {
        const auto local = at + zone_->offset_at(at);
        const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(local)};
        std::array<char, 16> out{};
        std::snprintf(out.data(), out.size(), "%04d-%02u-%02u", static_cast<int>(date.year()) % 10000, static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()));
        return out.data();
    }
    [[nodiscard]] std::string clock_text(Second at) const {
        const auto local = at + zone_->offset_at(at);
        const auto minutes = std::chrono::floor<std::chrono::minutes>(local - std::chrono::floor<std::chrono::days>(local)).count();
        std::array<char, 16> out{};
        std::snprintf(out.data(), out.size(), "%02u:%02u", static_cast<unsigned>(minutes / 60) % 24, static_cast<unsigned>(minutes % 60));
        return out.data();
    }
    [[nodiscard]] const CalendarSettings& settings() const { return settings_; }
    [[nodiscard]] const flows::TimeZone& zone() const { return *zone_; }
    [[nodiscard]] const flows::Hours* hours() const { return hours_ ? &*hours_ : nullptr; }

private:
    void prepare(net::HttpCall& call, std::string method, std::string url, TimePoint deadline) const {
        call.method = std::move(method);
        call.url = std::move(url);
        call.deadline = deadline;
        call.body_limit = kMostMultistatus;
        call.headers.add("User-Agent", "parley");
        if (!authorization_.empty()) call.headers.add("Authorization", std::string(authorization_.reveal()));
    }
    static ToolOutcome unusable(std::string reason) { return failed("bad_response", "the calendar could not be read", std::move(reason)); }
    static ToolOutcome unreachable(const error_code& ec) {
        if (ec == net::Errc::timed_out) return failed("timeout", "timeout: the calendar did not answer in time", "deadline");
        if (ec == net::Errc::blocked) return failed("error", "the calendar's address is not allowed", "egress");
        if (ec == net::Errc::too_large || ec == net::Errc::malformed) return unusable(ec == net::Errc::too_large ? "size" : "http");
        return failed("error", "the calendar cannot be reached", ec.message());
    }
    // Small local files, each read once.
    [[nodiscard]] std::shared_ptr<const flows::TimeZone> zone_of(std::string_view tzid) const {
        const std::lock_guard lock(mutex_);
        if (const auto found = zones_.find(tzid); found != zones_.end()) return found->second;
        if (zones_.size() >= kMostZones) return nullptr;
        return zones_.emplace(std::string(tzid), flows::TimeZone::load(tzid)).first->second;
    }

    CalendarSettings settings_;
    std::optional<flows::Hours> hours_;
    std::shared_ptr<const net::EgressGuard> guard_;
    std::shared_ptr<const flows::TimeZone> zone_;
    Secret authorization_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::shared_ptr<const flows::TimeZone>, std::less<>> zones_;
};

class CalendarTool final : public Tool {
public:
    CalendarTool(std::shared_ptr<const Calendar> calendar, bool books) : calendar_(std::move(calendar)), books_(books) {
        traits_.name = traits_.label = books ? "book_appointment" : "free_times";
        traits_.timeout = kTimeout;
        const json date{{"type", "string"}, {"pattern", kDate}, {"description", "YYYY-MM-DD."}};
        const json time{{"type", "string"}, {"pattern", kTime}, {"description", "HH:MM, 24 hours."}};
        json properties{{"date", date}, {"time", time}};
        auto required = json::array({"date"});
        if (books) {
            traits_.description = "Book an appointment of " + std::to_string(calendar_->settings().length.count()) +
                                  " minutes. Look with free_times before you offer one. If the time is taken, the answer names others that are free.";
            properties["service"] = {{"type", "string"}, {"minLength", 1}, {"maxLength", 200}, {"description", "What it is for."}};
            properties["name"] = {{"type", "string"}, {"maxLength", 200}, {"description", "Whom it is for."}};
            properties["notes"] = {{"type", "string"}, {"maxLength", 1000}};
            required = {"date", "time", "service"};
            traits_.consequential = true;
            // One after the other: two callers do not get the same time because both looked before either wrote.
            traits_.concurrency = 1;
        } else {
            traits_.description = "Free times for an appointment on one day, those nearest to `time` if it is given. Use it before you offer a time.";
            traits_.idempotent = traits_.cancel_on_interruption = true;
        }
        traits_.parameters =
            dumped({{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}});
        traits_.schema = std::move(JsonSchema::compile(traits_.parameters).schema);
    }

    const ToolTraits& traits() const override { return traits_; }

    net::Task<ToolOutcome> run(ToolRun run, net::HttpClient& http) const override {
        const auto arguments = json::parse(run.arguments, nullptr, false);
        const auto text = [&](const char* key) {
            return arguments.is_object() && arguments.contains(key) && arguments[key].is_string() ? arguments[key].get<std::string>() : std::string();
        };
        const auto day = day_of(text("date"));
        const auto clock = clock_of(text("time"));
        if (!day || (!clock && (books_ || !text("time").empty()))) co_return failed("error", "there is no such date or time", "arguments");
        const auto& zone = calendar_->zone();
        const auto length = calendar_->settings().length;
        const auto today = now();
        const auto from = instant_of(*day + clock.value_or(0min), zone);
        const TimeSpan whole{instant_of(*day, zone), instant_of(*day + std::chrono::days(1), zone)};
        const TimeSpan wanted{from, from + length};
        if (books_ ? from <= today : whole.to <= today)
            co_return failed("error", "that time is past; it is " + calendar_->date_text(today) + " " + calendar_->clock_text(today) + " now", "arguments");
        if (whole.from > today + kFarthest) co_return failed("error", "that is too far ahead", "arguments");

        // The same time in the same call is the same appointment, whatever else is said of it and whenever.
        const auto uid = idempotency_key(run.call_sid, 0, "book_appointment", utc_text(from));
        const TimeSpan window{std::min(whole.from, wanted.from), whole.to + length};
        const auto own = books_ ? uid : std::string();
        const auto read = co_await calendar_->read(window, own, run.deadline, http);
        if (read.failed) co_return *read.failed;
        const auto free = [&](std::size_t most) {
            FreeWish wish;
            wish.near = clock ? from : whole.from;
            wish.day = whole;
            wish.length = length;
            wish.not_before = today + 1min;
            wish.hours = calendar_->hours();
            wish.most = most;
            auto times = json::array();
            for (const auto at : free_times(read.busy, wish)) times.push_back(calendar_->clock_text(at));
            return times;
        };
        ToolOutcome outcome;
        outcome.kind = "ok";
        if (!books_) {
            outcome.json = dumped({{"date", text("date")}, {"free", free(clock ? 3 : 8)}, {"minutes", length.count()}});
            co_return outcome;
        }
        const bool closed = !within_hours(calendar_->hours(), wanted);
        if (closed || std::any_of(read.busy.begin(), read.busy.end(), [&](const TimeSpan& one) { return one.meets(wanted); })) {
            outcome.json = dumped({{"booked", false}, {"why", closed ? "outside opening hours" : "taken"}, {"date", text("date")}, {"free", free(3)}});
            co_return outcome;
        }
        CalendarEvent event;
        event.uid = uid;
        event.when = wanted;
        event.stamp = today;
        event.summary = text("service") + (text("name").empty() ? "" : ", " + text("name"));
        event.description = (text("notes").empty() ? "" : text("notes") + "\n") + run.from + " - " + run.to + "\n" + run.call_sid;
        if (auto refused = co_await calendar_->put(event, run.deadline, http)) co_return *refused;
        outcome.variables["appointment"] = text("date") + " " + text("time");
        outcome.json = dumped({{"booked", true}, {"date", text("date")}, {"time", text("time")}, {"until", calendar_->clock_text(wanted.to)}});
        co_return outcome;
    }

private:
    std::shared_ptr<const Calendar> calendar_;
    bool books_;
    ToolTraits traits_;
};

}  // namespace

CalendarTools make_calendar_tools(const CalendarSettings& settings, const std::optional<flows::Hours>& hours, std::shared_ptr<const net::EgressGuard> guard) {
    auto calendar = std::make_shared<const Calendar>(settings, hours, std::move(guard));
    return {std::make_shared<CalendarTool>(calendar, false), std::make_shared<CalendarTool>(calendar, true)};
}

}  // namespace parley::tools
